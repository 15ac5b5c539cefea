import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { freePort } from '../../support/free-port.ts';
import { answersTo, expectMoved, targetPort } from '../../support/moved-server.ts';
import { server, serverFolder, until, type Server } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving Caddy');
const program = '/usr/bin/caddy';

function start(port: number, admin: number): Server {
  const folder = serverFolder();
  const file = join(folder, 'sites', 'shop.caddy');
  mkdirSync(join(folder, 'sites'));
  writeFileSync(join(folder, 'Caddyfile'), `{\n  admin localhost:${admin}\n  auto_https off\n}\nimport sites/*\n`);
  writeFileSync(file, `# :1\nhttp://127.0.0.1:${port} { # here\n  bind 127.0.0.1\n  respond "shop"\n}\n`);
  const env = { HOME: folder };
  const child = spawn(program, ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], { stdio: 'ignore', env });
  const answers = (at: number): boolean => answersTo(at, `GET / HTTP/1.0\r\nHost: 127.0.0.1:${at}\r\n\r\n`, 'shop');
  until(() => answers(port));
  return server({ pid: child.pid!, file, folder, answers });
}

test('the address of a site in an imported file is moved with a reload, and the move is undone', async (context) => {
  if (!existsSync(program)) return skip('Caddy is not installed', context as TestContext);
  const [port, admin, to] = [await freePort(), await freePort(), await targetPort()];
  const caddy = start(port, admin);
  try {
    await expectMoved(caddy, [port, to], { application: 'Caddy', setting: 'site address' });
  } finally {
    caddy.stop();
  }
});

test.run();
