import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addLeases, longestHold, readLeases, type Lease } from '../../src/actions/leases.ts';
import { PortOwnerError } from '../../src/problems.ts';
import { temporaryFolder } from '../commands/harness.ts';

const test = suite('leases of ports');
const now = 1_767_323_046_000;
const lease = (port: number, seconds: number): Lease => ({ protocol: 'TCP', port, until: now + seconds * 1000 });
const add = (folder: string, ...leases: Lease[]) =>
  addLeases(
    folder,
    () => now,
    () => ({ leases }),
  );
const locks = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('lock'));

/** The id of a process that has ended. */
const ended = (): number => spawnSync(process.execPath, ['--version']).pid;

test('the folder is made when the first lease is', () => {
  const folder = join(temporaryFolder(), 'a', 'b');
  assert.equal(readLeases(folder, now), []);
  assert.not.ok(existsSync(folder), 'looking leaves nothing behind');
  add(folder, lease(8000, 60));
  assert.equal(readLeases(folder, now), [lease(8000, 60)]);
  assert.equal(locks(folder), []);
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
] as const) {
  test(`a file with ${what} is an error, and nothing is free by it`, () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'leases.json'), text);
    for (const use of [() => void readLeases(folder, now), () => void add(folder, lease(1, 1))]) {
      assert.throws(use, (error: unknown) => error instanceof PortOwnerError && error.code === 'PO4101');
    }
    assert.equal(locks(folder), []);
  });
}

test('a lock whose holder has ended is taken over', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'lock.7'), `${ended()} ${hostname()}`);
  add(folder, lease(8000, 60));
  assert.equal(readLeases(folder, now).length, 1);
  assert.equal(readdirSync(folder).toSorted(), ['free.8', 'leases.json']);
});

test('a lock that is too old is taken over, whoever holds it', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'lock.1');
  writeFileSync(path, `${process.pid} ${hostname()}`);
  const old = Date.now() / 1000 - 60;
  utimesSync(path, old, old);
  add(folder, lease(8000, 60));
  assert.equal(locks(folder), []);
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
  assert.equal(locks(folder), []);
  add(folder, lease(8000, 60));
});

test.run();
