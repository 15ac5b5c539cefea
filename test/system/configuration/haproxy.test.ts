import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { freePort } from '../../support/free-port.ts';
import { answersTo, expectMoved, targetPort } from '../../support/moved-server.ts';
import { server, serverFolder, until, type Server } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving HAProxy');
const program = '/usr/sbin/haproxy';

/** HAProxy with a master process, and a folder of files. */
function start(port: number): Server {
  const folder = serverFolder();
  const file = join(folder, 'conf.d', '20-shop.cfg');
  mkdirSync(join(folder, 'conf.d'));
  writeFileSync(join(folder, 'haproxy.cfg'), 'global\n  maxconn 64\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n');
  writeFileSync(file, `# bind :1\nfrontend shop\n  bind ${folder}/x.sock,127.0.0.1:${port}   # here\n  http-request redirect location http://shop.example/\n`);
  const child = spawn(program, ['-W', '-f', join(folder, 'haproxy.cfg'), '-f', join(folder, 'conf.d')], { stdio: 'ignore' });
  const answers = (at: number): boolean => answersTo(at, 'GET / HTTP/1.0\r\n\r\n', 'shop.example');
  until(() => answers(port));
  return server({ pid: child.pid!, file, folder, answers });
}

test('a bind with several addresses is moved with a reload, and the move is undone', async (context) => {
  if (!existsSync(program)) return skip('HAProxy is not installed', context as TestContext);
  const [port, to] = [await freePort(), await targetPort()];
  const haproxy = start(port);
  try {
    await expectMoved(haproxy, [port, to], { application: 'HAProxy', setting: 'bind' });
  } finally {
    haproxy.stop();
  }
});

test.run();
