import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { freePort } from '../../support/free-port.ts';
import { answersTo, expectMoved, targetPort } from '../../support/moved-server.ts';
import { server, serverFolder, until, type Server } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { noSshd } from '../../support/sshd.ts';

const test = suite('moving OpenSSH');

function start(port: number): Server {
  const folder = serverFolder();
  const file = join(folder, 'ports.conf');
  mkdirSync('/run/sshd', { recursive: true });
  spawnSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  writeFileSync(join(folder, 'sshd_config'), `Include ${file}\nHostKey ${folder}/key\nPidFile none\nUsePAM no\nPort 1\n`);
  writeFileSync(file, `# Port 22\r\nListenAddress="127.0.0.1:${port}" # here\r\n`);
  const child = spawn('/usr/sbin/sshd', ['-D', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' });
  const answers = (at: number): boolean => answersTo(at, 'x\r\n', 'SSH-2.0-');
  until(() => answers(port));
  return server({ pid: child.pid!, file, folder, answers });
}

test('ListenAddress in an included file is moved with a reload, and the move is undone', async (context) => {
  if (noSshd !== null) return skip(noSshd, context as TestContext);
  const [port, to] = [await freePort(), await targetPort()];
  const sshd = start(port);
  try {
    await expectMoved(sshd, [port, to], { application: 'OpenSSH', setting: 'ListenAddress' });
  } finally {
    sshd.stop();
  }
});

test.run();
