import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { freePort } from '../../support/free-port.ts';
import { answersTo, expectMoved, targetPort } from '../../support/moved-server.ts';
import { server, serverFolder, until } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving MariaDB');
const program = '/usr/sbin/mariadbd';

test('the last of several ports in included files is moved, and the move is undone', async (context) => {
  if (!existsSync(program)) return skip('MariaDB is not installed', context as TestContext);
  const [port, to] = [await freePort(), await targetPort()];
  const folder = serverFolder();
  const file = join(folder, 'conf.d', '50-server.cnf');
  mkdirSync(join(folder, 'conf.d'));
  mkdirSync(join(folder, 'data'));
  // Without system tables, it starts in a second.
  writeFileSync(
    join(folder, 'my.cnf'),
    `[mysqld]\nuser=root\ndatadir=${folder}/data\nsocket=${folder}/socket\npid-file=${folder}/pid\nskip-grant-tables\nskip-networking=0\nbind-address=127.0.0.1\ndefault-storage-engine=MyISAM\ninnodb=OFF\nport=1\n!includedir ${folder}/conf.d\n`,
  );
  writeFileSync(file, `# port = 2\r\n[mariadb]\r\nport\t= "${port}"   # here\r\n`);
  let child: ChildProcess;
  const start = (): void => void (child = spawn(program, [`--defaults-file=${folder}/my.cnf`], { stdio: 'ignore' }));
  start();
  const answers = (at: number): boolean => answersTo(at, '', 'MariaDB');
  until(() => answers(port));
  const mariadb = server({ pid: child!.pid!, file, folder, answers }, 'SIGKILL');
  try {
    const restart = (): void => {
      mariadb.stop();
      start();
    };
    await expectMoved(mariadb, [port, to], { application: 'MySQL', setting: 'port', restart });
  } finally {
    child!.kill('SIGKILL');
    mariadb.stop();
  }
});

test.run();
