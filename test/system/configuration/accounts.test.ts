// Programs that run as the user of a server, with all groups that it has: the key of a certificate may be for a group only.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('the users of servers');

const groupsOf = (text: string): number[] => text.trim().split(/\s+/).filter(Boolean).map(Number);

test('the groups of a running server, of a user, and of a user without a name', async (context) => {
  if (process.platform !== 'linux' || process.getuid!() !== 0) return skip('it needs Linux, and root', context as TestContext);
  const machine = await liveConfiguration();
  const run = (words: readonly string[], as: { uid: number; gid: number; groups?: readonly number[] }): string => machine.run({ words, as }).output;
  const child = spawn('setpriv', ['--reuid=12345', '--regid=12346', '--groups=7,12347', 'sleep', '30'], { stdio: 'ignore' });
  await once(child, 'spawn');
  try {
    while (!readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').startsWith('sleep')) await new Promise((done) => setTimeout(done, 20));
    const { account } = machine.program(child.pid!)!;
    assert.equal(account, { uid: 12_345, gid: 12_346, groups: [7, 12_347] });
    assert.equal(groupsOf(run(['/usr/bin/id', '-G'], account!)), [12_346, 7, 12_347]);
    assert.is(run(['/usr/bin/id', '-u'], account!), '12345');
  } finally {
    child.kill();
  }
  // A user of this machine that has more groups than one, if there is any.
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'));
  for (const [name = '', , uid, gid] of users.slice(1)) {
    const expected = groupsOf(spawnSync('id', ['-G', name], { encoding: 'utf8' }).stdout);
    assert.equal(groupsOf(run(['/usr/bin/id', '-G'], { uid: Number(uid), gid: Number(gid) })).toSorted(), expected.toSorted(), name);
  }
  assert.equal(groupsOf(run(['/usr/bin/id', '-G'], { uid: 54_321, gid: 54_322 })), [54_322]);
  assert.equal(groupsOf(run(['/usr/bin/id', '-G'], { uid: 54_321, gid: 54_322, groups: [] })), [54_322]);
});

// Before Linux 6.2, a program can type into the terminal of its session (TIOCSTI), whoever runs it.
test('a program runs in a session of its own, without a terminal', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const machine = await liveConfiguration();
  const sessionOf = (text: string): string => text.slice(text.lastIndexOf(')') + 2).split(' ')[3]!;
  const own = sessionOf(readFileSync('/proc/self/stat', 'latin1'));
  for (const more of [{}, { as: { uid: 54_321, gid: 54_322 } }]) {
    if ('as' in more && process.getuid!() !== 0) continue;
    const { status, output } = machine.run({ words: ['/bin/cat', '/proc/self/stat'], ...more });
    assert.is(status, 0, output);
    assert.is.not(sessionOf(output), own);
    assert.is(sessionOf(output), output.split(' ', 1)[0]);
  }
});

test.run();
