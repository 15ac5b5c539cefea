import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { freePort } from '../../support/free-port.ts';
import { answersTo, expectMoved, targetPort } from '../../support/moved-server.ts';
import { pidIn, server, serverFolder, until, type Server } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving Apache');
const program = '/usr/sbin/apache2';

/** Apache whose only page is in a VirtualHost, which has to follow. */
function start(port: number): Server {
  const folder = serverFolder();
  const file = join(folder, 'ports.conf');
  const modules = ['mpm_event', 'authz_core', 'alias'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`);
  writeFileSync(
    join(folder, 'apache2.conf'),
    `${modules.join('')}ServerRoot ${folder}\nServerName localhost\nPidFile \${RUN_FOLDER}/pid\nMutex file:${folder}\nErrorLog ${folder}/error.log\n<IfModule alias_module>\nInclude ports.conf\n</IfModule>\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 8\n`,
  );
  writeFileSync(file, `# Listen 1\r\nListen \\\r\n  127.0.0.1:${port}\r\n<VirtualHost 127.0.0.1:${port}>\r\n  Redirect 302 / http://shop.example/\r\n</VirtualHost>\r\n`);
  const answers = (at: number): boolean => answersTo(at, 'GET / HTTP/1.0\r\n\r\n', 'shop.example');
  spawnSync(program, ['-f', join(folder, 'apache2.conf')], { stdio: 'ignore', env: { RUN_FOLDER: folder } });
  until(() => answers(port));
  return server({ pid: pidIn(join(folder, 'pid')), file, folder, answers });
}

test('Listen and VirtualHost in an included file are moved with a reload, and the move is undone', async (context) => {
  if (!existsSync(program)) return skip('Apache is not installed', context as TestContext);
  const [port, to] = [await freePort(), await targetPort()];
  const apache = start(port);
  try {
    await expectMoved(apache, [port, to], { application: 'Apache', setting: 'Listen' });
  } finally {
    apache.stop();
  }
});

test.run();
