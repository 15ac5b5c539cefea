import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { addLeases, longestHold, readLeases, type Lease } from '../../../src/actions/leases.ts';
import { LockBusy, takeLock } from '../../../src/io/lock.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { liveBinder, liveSource } from '../../../src/machine/live.ts';
import { run, temporaryFolder } from '../../support/harness.ts';
import { skip } from '../../support/skip.ts';

const test = suite('leases of ports');
const now = 1_767_323_046_000;
const lease = (port: number, seconds: number): Lease => ({ protocol: 'TCP', port, until: now + seconds * 1000 });
const add = (folder: string, ...leases: Lease[]) =>
  addLeases(
    folder,
    () => now,
    () => ({ leases }),
  );
test('the folder is made when the first lease is', () => {
  const folder = join(temporaryFolder(), 'a', 'b');
  assert.equal(readLeases(folder, now), []);
  assert.not.ok(existsSync(folder), 'looking leaves nothing behind');
  add(folder, lease(8000, 60));
  assert.equal(readLeases(folder, now), [lease(8000, 60)]);
});

test('leases expire, and go from the file with the next one', () => {
  const folder = temporaryFolder();
  add(folder, lease(8000, 60), lease(8001, 120));
  assert.equal(
    readLeases(folder, now + 60_000).map(({ port }) => port),
    [8001],
  );
  addLeases(
    folder,
    () => now + 60_000,
    (known) => ({ leases: [lease(8002, 180)], known }),
  );
  assert.not.match(readFileSync(join(folder, 'leases.json'), 'utf8'), /8000/);
});

test('what claims to be longer than any lease is none', () => {
  const folder = temporaryFolder();
  add(folder, lease(8000, longestHold + 1));
  assert.equal(readLeases(folder, now), []);
});

for (const [what, text] of [
  ['no JSON', '{'],
  ['no list', '{}'],
  ['no leases', '[1]'],
  ['half a lease', '[{"protocol":"TCP"}]'],
  ['a port that there is not', '[{"protocol":"TCP","port":99999999,"until":1e300}]'],
  ['a negative port', '[{"protocol":"TCP","port":-1,"until":1}]'],
  ['too deep a nesting', '['.repeat(100_000)],
  ['nothing in it', ''],
  ['zeros', '\0'.repeat(100)],
] as const) {
  test(`a file with ${what} is an error, and nothing is free by it`, () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'leases.json'), text);
    for (const use of [() => void readLeases(folder, now), () => void add(folder, lease(1, 1))]) {
      assert.throws(use, (error: unknown) => error instanceof PortOwnerError && error.code === 'PO4101');
    }
  });
}

test('a list without a version is read, and gets one with the next lease', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'leases.json');
  writeFileSync(path, JSON.stringify([lease(8000, 60)]));
  assert.equal(readLeases(folder, now), [lease(8000, 60)]);
  add(folder, lease(8001, 60));
  assert.equal(JSON.parse(readFileSync(path, 'utf8')), { kind: 'PortOwner.Leases', version: 1, leases: [lease(8000, 60), lease(8001, 60)] });
});

test('a file of a newer version is refused and stays, however old it is', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'leases.json');
  const text = JSON.stringify({ kind: 'PortOwner.Leases', version: 2, added: [] });
  writeFileSync(path, text);
  const old = now / 1000 - longestHold - 60;
  for (const time of [now / 1000, old]) {
    utimesSync(path, time, time);
    for (const use of [() => void readLeases(folder, now), () => void add(folder, lease(1, 1))])
      assert.throws(use, (error: unknown) => error instanceof PortOwnerError && error.code === 'PO2003' && error.message.includes('version 2'));
  }
  assert.is(readFileSync(path, 'utf8'), text);
});

test('a damaged file that is older than any lease is replaced', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'leases.json');
  writeFileSync(path, '');
  const old = now / 1000 - longestHold - 60;
  utimesSync(path, old, old);
  assert.equal(readLeases(folder, now), []);
  add(folder, lease(8000, 60));
  assert.equal(readLeases(folder, now), [lease(8000, 60)]);
});

test('what else is in the file of the lock, and locks of an older version, keep nobody out', () => {
  for (const [name, text] of [
    ['leases.lock', `${process.pid} ${hostname()}`],
    ['leases.lock', 'x'.repeat(100_000)],
    ['lock.7', `${process.pid} ${hostname()}`],
    ['lock.999999999999999', '1 other'],
  ] as const) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), text);
    add(folder, lease(8000, 60));
    assert.is(readLeases(folder, now).length, 1);
    assert.is(statSync(join(folder, 'leases.lock')).size, 0);
  }
});

/** Starts a process that takes the lock of a folder and keeps it; resolves when it has it. */
async function holder(folder: string): Promise<ChildProcess> {
  const script = `
    import { addLeases } from ${JSON.stringify(pathToFileURL(join(root, 'src/actions/leases.ts')).href)};
    addLeases(${JSON.stringify(folder)}, () => ${now}, () => {
      process.stdout.write('has it');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
      return { leases: [] };
    });`;
  const file = join(temporaryFolder(), 'holder.ts');
  writeFileSync(file, script);
  const child = spawn(process.execPath, [...nodeFlags, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('a lock keeps others out while its holder lives, and no longer when it is killed', async () => {
  const folder = temporaryFolder();
  const child = await holder(folder);
  const started = Date.now();
  const killer = spawn(process.execPath, ['-e', `setTimeout(() => process.kill(${child.pid}, 'SIGKILL'), 500)`], { stdio: 'ignore' });
  add(folder, lease(8000, 60));
  assert.ok(Date.now() - started >= 400, 'it waited');
  await once(child, 'close');
  if (killer.exitCode === null) await once(killer, 'close');
  assert.equal(readLeases(folder, now), [lease(8000, 60)]);
});

test('who waits too long is told so', async () => {
  const folder = temporaryFolder();
  const child = await holder(folder);
  try {
    assert.throws(
      () => takeLock(join(folder, 'leases.lock'), 300),
      (error: unknown) => error instanceof LockBusy && error.message.includes('has kept the lock'),
    );
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  takeLock(join(folder, 'leases.lock'), 300)();
});

test('a zombie has no lock', async (context) => {
  if (process.platform !== 'linux') return skip('there are zombies on Linux only', context);
  const folder = temporaryFolder();
  const child = await holder(folder);
  // This thread does not come to wait for it before it has the lock.
  process.kill(child.pid!, 'SIGKILL');
  while (!/\) Z /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  add(folder, lease(8000, 60));
  assert.match(readFileSync(`/proc/${child.pid}/stat`, 'latin1'), /\) Z /);
  await once(child, 'close');
});

for (const [what, make] of [
  ['a folder', (path: string) => mkdirSync(path)],
  ['a named pipe', (path: string) => spawnSync('mkfifo', [path])],
  ['a symbolic link to itself', (path: string) => symlinkSync(path, path)],
  ['a link to a device without an end', (path: string) => symlinkSync('/dev/zero', path)],
  [
    'a file of 300 MB',
    (path: string) => {
      writeFileSync(path, '');
      truncateSync(path, 300e6);
    },
  ],
] as const) {
  test(`${what} in the place of the file or of the lock is refused at once`, (context) => {
    if (process.platform === 'win32') return skip('makes what Linux has', context);
    for (const name of ['leases.json', 'leases.lock']) {
      if (name === 'leases.lock' && what === 'a file of 300 MB') continue;
      const folder = temporaryFolder();
      make(join(folder, name));
      const refuses = (work: () => unknown): void =>
        assert.throws(work, (error: unknown) => error instanceof PortOwnerError && error.code === 'PO4101' && error.message.includes(join(folder, name)));
      refuses(() => add(folder, lease(8000, 60)));
      if (name === 'leases.json') refuses(() => readLeases(folder, now));
      assert.equal(
        readdirSync(folder).filter((other) => other.startsWith('.')),
        [],
      );
    }
  });
}

test("nothing is read or written in another user's folder, nor through a link that was planted", async (context) => {
  if (process.geteuid?.() !== 0) return skip('needs root on Linux', context);
  const top = temporaryFolder();
  const victim = join(top, 'victim');
  writeFileSync(victim, 'precious', { mode: 0o600 });
  const state = join(top, 'state');
  mkdirSync(join(state, 'portowner'), { recursive: true });
  for (const name of ['leases.json', 'leases.lock', `leases.json.${process.pid}`]) symlinkSync(victim, join(state, 'portowner', name));
  for (const path of [state, join(state, 'portowner')]) chownSync(path, 12_345, 12_345);
  const folder = join(state, 'portowner');
  for (const args of [['free'], ['free', '--hold', '60']]) {
    const { code, out, err } = await run(args, { source: await liveSource(), binder: await liveBinder(), stateFolder: folder });
    assert.equal([code, out], [69, '']);
    assert.match(err, /PO4101: the held ports in .* cannot be used: .*state belongs to another user \(uid 12345\)\n {2}Only you and root must be able to change it/);
  }
  assert.is(readFileSync(victim, 'utf8'), 'precious');
  assert.is(readdirSync(folder).length, 3);
});

test('what a choice throws gives the lock back', () => {
  const folder = temporaryFolder();
  assert.throws(
    () =>
      addLeases(
        folder,
        () => now,
        () => {
          throw new Error('no');
        },
      ),
    'no',
  );
  add(folder, lease(8000, 60));
});

test.run();
