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

test.run();
