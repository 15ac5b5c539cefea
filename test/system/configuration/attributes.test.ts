// What a replaced file keeps: owner, mode, access list, and extended attributes, as the tools of Linux show them.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { onThisMachine, serverFolder } from '../../support/servers.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('what a replaced file keeps');

const tool = (...words: string[]): { status: number | null; stdout: string } =>
  spawnSync(words[0]!, words.slice(1), { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });

/** Everything that the tools show of a file, except its times. */
const seen = (path: string): string =>
  [tool('stat', '-c', '%u %g %a %h', path), tool('getfacl', '--absolute-names', '--numeric', path), tool('getfattr', '--absolute-names', '-d', '-m', '-', '-e', 'hex', path)]
    .map(({ stdout }) => stdout)
    .join('');

function configuration(): string {
  const file = join(serverFolder(), 'conf', 'redis.conf');
  mkdirSync(dirname(file));
  writeFileSync(file, 'port 4711\n');
  return file;
}

/** Moves it there and back; everything but the port has to stay. */
async function movedAndBack(file: string): Promise<void> {
  const state = temporaryFolder();
  const before = seen(file);
  const moved = await onThisMachine(['move', '4711', '--to', '4713', '--path', file, '--yes', '--force'], state);
  assert.is(moved.code, 0, moved.err);
  assert.is(readFileSync(file, 'utf8'), 'port 4713\n');
  assert.is(seen(file), before);
  assert.is((await onThisMachine(['move', '--undo', '--yes', '--force'], state)).code, 0);
  assert.is(readFileSync(file, 'utf8'), 'port 4711\n');
  assert.is(seen(file), before);
  assert.equal(readdirSync(dirname(file)), ['redis.conf']);
}

const withTools = (name: string, work: (context: TestContext) => Promise<void>): void =>
  test(name, async (context) => {
    if (process.platform !== 'linux' || process.getuid!() !== 0) return skip('it needs root on Linux', context as TestContext);
    for (const name of ['setfacl', 'setfattr']) if (tool(name, '--version').status !== 0) return skip(`${name} is not installed`, context as TestContext);
    return work(context as TestContext);
  });

withTools('owner and mode', async () => {
  for (const [uid, gid, mode] of [
    [0, 0, 0o600],
    [12_345, 12_346, 0o640],
    [0, 12_346, 0o2444],
    [12_345, 0, 0o4755],
  ] as const) {
    const file = configuration();
    chownSync(file, uid, gid);
    chmodSync(file, mode);
    await movedAndBack(file);
    assert.is(statSync(file).mode & 0o7777, mode);
  }
});

withTools('an access list, and extended attributes', async () => {
  const file = configuration();
  chmodSync(file, 0o640);
  assert.is(tool('setfacl', '-m', 'u:12345:rw,g:12346:r,m:rw', file).status, 0);
  assert.is(tool('setfattr', '-n', 'user.note', '-v', 'h\u00e4', file).status, 0);
  assert.is(tool('setfattr', '-n', 'user.empty', file).status, 0);
  assert.is(tool('setfattr', '-n', 'trusted.note', '-v', '0x00ff00', file).status, 0);
  await movedAndBack(file);
  assert.match(seen(file), 'user:12345:rw-');
  assert.match(seen(file), 'trusted.note=0x00ff00');
});

withTools('an SELinux label', async (context) => {
  const file = configuration();
  const label = 'system_u:object_r:redis_conf_t:s0';
  if (tool('setfattr', '-n', 'security.selinux', '-v', label, file).status !== 0) return skip('labels cannot be set here', context);
  await movedAndBack(file);
  assert.is(tool('getfattr', '--absolute-names', '--only-values', '-n', 'security.selinux', file).stdout.replace(/\0$/, ''), label);
});

withTools('the default access list of the folder is not given to a file without one', async () => {
  const file = configuration();
  chmodSync(file, 0o640);
  assert.is(tool('setfacl', '-d', '-m', 'u:12345:rwx', dirname(file)).status, 0);
  await movedAndBack(file);
  assert.not.match(seen(file), '12345');
});

test.run();
