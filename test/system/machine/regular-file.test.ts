// Files that another user names: only regular ones are opened, since opening a device or a pipe already does something.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import { sha256 } from '../../../src/machine/hash.ts';
import { openRegular } from '../../../src/machine/regular-file.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite<TestContext>('regular files only');

const special = { bytes: null, refusal: 'it is not a regular file', isMissing: false };

/** Expects that a path, and a link to it, are refused as what is not a regular file. */
async function expectRefused(path: string): Promise<void> {
  const { read } = await liveConfiguration();
  symlinkSync(path, `${path}.link`);
  for (const one of [path, `${path}.link`]) {
    assert.equal(read(one), special, one);
    assert.throws(() => sha256(one), /it is not a file/);
  }
}

const onLinux = (name: string, work: (context: TestContext) => Promise<void>): void =>
  test(name, async (context) => (process.platform === 'linux' ? work(context) : skip('it needs Linux', context)));

onLinux('a socket is not opened', async () => {
  const path = join(temporaryFolder(), 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  // Opening it fails with another error.
  try {
    await expectRefused(path);
  } finally {
    server.close();
  }
});

onLinux('the driver of a device is not asked', async (context) => {
  const folder = temporaryFolder();
  // No driver has this number, which is for experiments: opening the device fails with another error.
  for (const kind of ['c', 'b']) {
    const path = join(folder, kind);
    if (spawnSync('mknod', [path, kind, '60', '0']).status !== 0) return skip('it needs root', context);
    await expectRefused(path);
  }
});

onLinux('who waits for a reader of a pipe goes on waiting', async () => {
  const path = join(temporaryFolder(), 'pipe');
  assert.is(spawnSync('mkfifo', [path]).status, 0);
  const writer = spawn('sh', ['-c', 'echo waiting; : > "$0"; echo opened', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  // Asleep in the system call that waits.
  const isAsleep = (): boolean => /\) S /.test(readFileSync(`/proc/${writer.pid}/stat`, 'latin1'));
  while (!said.includes('waiting') || !isAsleep()) await new Promise((resolve) => setTimeout(resolve, 10));
  await expectRefused(path);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(said, 'waiting\n');
  closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  await once(writer, 'close');
  assert.is(said, 'waiting\nopened\n');
});

onLinux('regular files are read as before, and errors are the same', async () => {
  const { read } = await liveConfiguration();
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, 'port 4711\n');
  mkdirSync(join(folder, 'folder'));
  symlinkSync('file', join(folder, 'link'));
  symlinkSync('circle', join(folder, 'circle'));
  for (const name of ['file', 'link']) assert.is(Buffer.from(read(join(folder, name)).bytes!).toString(), 'port 4711\n');
  assert.equal(read(join(folder, 'folder')), special);
  assert.equal(read(join(folder, 'none')), { bytes: null, refusal: 'the file does not exist', isMissing: true });
  assert.equal(read(join(file, 'below')), { bytes: null, refusal: 'the file does not exist', isMissing: true });
  assert.equal(read(join(folder, 'circle')), { bytes: null, refusal: 'its symbolic links go round in circles', isMissing: false });
  assert.is(openRegular(join(folder, 'link'), { followLink: false }), null);
  assert.is(sha256(join(folder, 'link')), createHash('sha256').update('port 4711\n').digest('hex'));
});

onLinux('a file that this user cannot read is denied', async (context) => {
  if (process.geteuid?.() !== 0) return skip('it needs root, to become another user', context);
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, 'port 4711\n', { mode: 0o600 });
  const { read } = await liveConfiguration();
  spawnSync('chmod', ['711', join(file, '..')]);
  process.seteuid!(65_534);
  try {
    assert.equal(read(file), { bytes: null, refusal: 'access is denied', isMissing: false });
  } finally {
    process.seteuid!(0);
  }
});

test.run();
