import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { facts, socket } from '../../support/example.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite<TestContext>('files that are no store');

const night = (day: number): string => snapshotFile({ ...facts([socket({ localPort: 22 })]), at: `2026-01-0${day}T02:00:00Z` });
const now = () => new Date('2026-01-09T00:00:00Z');
const audit = (store: string, day = 1) => run(['audit', '--store', store, '--from', night(day)], { now });
const history = (store: string) => run(['history', '--store', store, '--count'], { now });
/** There an ordinary user may not make symbolic links. */
const windows = process.platform === 'win32';
const isRoot = process.geteuid?.() === 0;

/** Everything in a folder: what it is, and what is in it. */
function contents(folder: string): string[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      const found = lstatSync(path);
      if (found.isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`;
      return found.isFile() ? `${name} ${readFileSync(path).toString('hex')}` : `${name}/`;
    });
}

async function refused(store: string, folder: string, why: RegExp): Promise<void> {
  const before = contents(folder);
  for (const answer of [await audit(store, 5), await history(store)]) {
    assert.is(answer.code, 69, answer.err);
    assert.match(answer.err, /^portowner: PO(?:2001|2002|4201): /m);
    assert.match(answer.err, why);
    assert.equal(contents(folder), before, 'nothing is touched');
  }
}

/** A database of another program. */
function database(path: string, sql: string): void {
  const made = new DatabaseSync(path);
  made.exec(sql);
  made.close();
}

const strangers: [what: string, make: (path: string) => void, why: RegExp][] = [
  ['notes', (path) => writeFileSync(path, 'my notes\n'), /it is not a PortOwner store/],
  ['a large file', (path) => writeFileSync(path, Buffer.alloc(200_000, 0x5a)), /it is not a PortOwner store/],
  ['one byte', (path) => writeFileSync(path, 'x'), /it is not a PortOwner store/],
  ['an empty file', (path) => writeFileSync(path, ''), /it is an empty file/],
  ['a database of another program', (path) => database(path, 'CREATE TABLE theirs (x)'), /a database of another program/],
  ['a database with the number of another program', (path) => database(path, 'PRAGMA application_id = 7; CREATE TABLE theirs (x)'), /a database of another program/],
  ['the header of a database alone', (path) => writeFileSync(path, 'SQLite format 3\0'), /a database of another program/],
  [
    'a text that speaks of our tables',
    (path) => writeFileSync(path, readFileSync(new URL('../../../src/audit/store/sqlite-schema.ts', import.meta.url))),
    /it is not a PortOwner store/,
  ],
  ['a snapshot', (path) => writeFileSync(path, readFileSync(night(1))), /it is not a PortOwner store/],
];
for (const [what, make, why] of strangers) {
  test(`${what} in the place of the store stays as it is`, async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'audits.db');
    make(path);
    await refused(path, folder, why);
    if (windows) return;
    symlinkSync(path, join(folder, 'link.db'));
    await refused(join(folder, 'link.db'), folder, why);
  });
}

/** A store of two nights. */
async function twoNights(): Promise<{ folder: string; path: string }> {
  const folder = temporaryFolder();
  const path = join(folder, 'audits.db');
  for (const day of [1, 2]) assert.is((await audit(path, day)).code, 0);
  return { folder, path };
}

const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c';
const older = 'ALTER TABLE run DROP COLUMN complete; ALTER TABLE run DROP COLUMN problem; DROP TABLE dynamic_port; PRAGMA user_version = 1';
/** Replaces the text of the schema, as nothing but a hand in the file does. */
const rewrite = (from: string, to: string): string => `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '${from}', '${to}')`;

const planted: [what: string, sql: string, why: RegExp][] = [
  ['a trigger that erases', 'CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run WHERE at < new.at; END', /it has a trigger "t"/],
  ['a trigger that ignores', 'CREATE TRIGGER t BEFORE INSERT ON run BEGIN SELECT RAISE(IGNORE); END', /it has a trigger "t"/],
  ['a trigger without an end', `CREATE TRIGGER t AFTER INSERT ON run BEGIN INSERT INTO machine (name) SELECT x FROM (${endless}); END`, /it has a trigger "t"/],
  ['a trigger with a hostile name', 'CREATE TRIGGER "a\u001b[31m\nb" AFTER INSERT ON run BEGIN SELECT 1; END', /it has a trigger "a/],
  ['a view', 'CREATE VIEW v AS SELECT 1', /it has a view "v"/],
  ['a view in the place of a table', 'ALTER TABLE run RENAME TO r; CREATE VIEW run AS SELECT * FROM r WHERE at < 5', /it has a (?:table "r"|view "run")/],
  ['an endless view in the place of a table', `DROP TABLE finding; CREATE VIEW finding AS ${endless}`, /it has a view "finding"/],
  ['a table more', 'CREATE TABLE mine (x)', /it has a table "mine"/],
  ['an index more', 'CREATE INDEX i ON span (address)', /it has an index "i"/],
  ['an index on other columns', 'DROP INDEX span_port; CREATE INDEX span_port ON span (port) WHERE port > 1000', /its index "span_port" was changed by another program/],
  ['a virtual table', 'CREATE VIRTUAL TABLE f USING fts5(x)', /it has a table "f/],
  ['a virtual table in the place of one', 'DROP TABLE finding; CREATE VIRTUAL TABLE finding USING fts5(machine, key, severity, first, last)', /it has a table "finding/],
  ['a column more', 'ALTER TABLE run ADD COLUMN more TEXT', /its table "run" was changed by another program/],
  ['a generated column', 'ALTER TABLE run ADD COLUMN more INTEGER AS (at + 1)', /its table "run" was changed by another program/],
  ['a default', "ALTER TABLE owner ADD COLUMN more TEXT DEFAULT 'x'", /its table "owner" was changed by another program/],
  ['a check', rewrite('last INTEGER)', 'last INTEGER, CHECK (first > 0))'), /its table "finding" was changed by another program/],
  ['a comment in a table', rewrite('CREATE TABLE finding (', 'CREATE TABLE finding ( /* */'), /its table "finding" was changed by another program/],
  ['a table that is not strict', rewrite(') STRICT, WITHOUT ROWID', ') WITHOUT ROWID'), /its table "run" was changed by another program/],
  ['the version 0', 'PRAGMA user_version = 0', /the store version 0/],
  ['a negative version', 'PRAGMA user_version = -1', /the store version -1/],
  ['version 1 with the tables of version 2', 'PRAGMA user_version = 1', /it has a (?:table|index) "dynamic_port/],
  ['a trigger in a store of version 1', `${older}; CREATE TRIGGER t AFTER INSERT ON run BEGIN SELECT 1; END`, /it has a trigger "t"/],
  ['statistics', 'ANALYZE', /it has a table "sqlite_stat1"/],
  ['write-ahead logging', 'PRAGMA journal_mode = WAL', /it is in WAL mode/],
  ['a value of 17 MB', "UPDATE owner SET services = printf('%.*c', 17000000, 'x')", /a value of more than 16 MB/],
];
for (const [what, sql, why] of planted) {
  test(`a store with ${what} is refused by name, and stays as it is`, async () => {
    const { folder, path } = await twoNights();
    const opened = new DatabaseSync(path, { enableForeignKeyConstraints: false, defensive: false });
    opened.exec(sql);
    opened.close();
    const start = performance.now();
    await refused(path, folder, why);
    assert.ok(performance.now() - start < 10_000, 'at once');
  });
}

test('a store of the version before is upgraded to exactly what a new one has', async () => {
  const { path } = await twoNights();
  database(path, older);
  assert.is((await audit(path, 3)).code, 0);
  assert.is((await audit(path, 4)).code, 0);
  assert.is((await history(path)).out, '4\n');
});

test('a store that the version before this program made is read', async () => {
  // Its table of runs was made in one piece.
  const { path } = await twoNights();
  const opened = new DatabaseSync(path, { defensive: false });
  opened.exec(rewrite('worst TEXT, complete INTEGER, problem TEXT,', 'worst TEXT,\n  complete INTEGER, problem TEXT,'));
  assert.match(String(opened.prepare("SELECT sql FROM sqlite_schema WHERE name = 'run'").get()!.sql), /worst TEXT,\n {2}complete/);
  opened.close();
  assert.is((await audit(path, 3)).code, 0);
  assert.is((await history(path)).out, '3\n');
});

const beside: [what: string, make: (path: string) => void, why: RegExp][] = [
  ['a log', (path) => writeFileSync(`${path}-wal`, 'x'), /audits\.db-wal next to it was not created by PortOwner/],
  ['the index of a log', (path) => writeFileSync(`${path}-shm`, ''), /audits\.db-shm/],
  ['a link as a journal', (path) => (writeFileSync(join(path, '..', 'x'), ''), symlinkSync('x', `${path}-journal`)), /audits\.db-journal next to it is a link/],
];
for (const [what, make, why] of beside) {
  test(`${what} beside the store is refused`, async (context) => {
    if (windows) return skip('needs symbolic links', context);
    const { folder, path } = await twoNights();
    make(path);
    await refused(path, folder, why);
  });
}

test('the log of another database would be taken for what is in the store', async () => {
  const { folder, path } = await twoNights();
  const copy = join(folder, 'copy.db');
  writeFileSync(copy, readFileSync(path));
  const opened = new DatabaseSync(copy);
  opened.exec('PRAGMA journal_mode = WAL; DELETE FROM run');
  writeFileSync(`${path}-wal`, readFileSync(`${copy}-wal`));
  opened.close();
  rmSync(copy);
  await refused(path, folder, /audits\.db-wal/);
});

test('a journal without a store is not taken for the one of a new store', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'audits.db');
  writeFileSync(`${path}-journal`, 'x');
  const before = contents(folder);
  const { code, err } = await audit(path);
  assert.is(code, 69);
  assert.match(err, /it does not exist, but the journal .*audits\.db-journal does/);
  assert.equal(contents(folder), before);
});

test("a file that has the name of the store's lock stays", async () => {
  const { folder, path } = await twoNights();
  writeFileSync(`${path}.lock`, 'mine');
  const before = contents(folder);
  const { code, err } = await audit(path, 5);
  assert.is(code, 69);
  assert.match(err, /audits\.db\.lock next to it is not the lock of a store/);
  assert.equal(contents(folder), before);
});

test('a link to where there is no store yet: it is made there, and the link stays', async (context) => {
  if (windows) return skip('needs symbolic links', context);
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'disk'));
  symlinkSync('disk/audits.db', join(folder, 'audits.db'));
  for (const day of [1, 2]) assert.is((await audit(join(folder, 'audits.db'), day)).code, 0);
  assert.is(readlinkSync(join(folder, 'audits.db')), 'disk/audits.db');
  assert.equal(readdirSync(join(folder, 'disk')), ['audits.db']);
  assert.is((await history(join(folder, 'audits.db'))).out, '2\n');
  // Damaged, it is set aside where it is.
  const bytes = readFileSync(join(folder, 'disk', 'audits.db'));
  writeFileSync(join(folder, 'disk', 'audits.db'), bytes.subarray(0, 5000));
  assert.match((await audit(join(folder, 'audits.db'), 3)).err, /PO4203/);
  assert.is(readlinkSync(join(folder, 'audits.db')), 'disk/audits.db');
  assert.is(readdirSync(join(folder, 'disk')).filter((name) => name.includes('damaged')).length, 1);
});

test('a link into a folder that does not exist, and one to itself', async (context) => {
  if (windows) return skip('needs symbolic links', context);
  const folder = temporaryFolder();
  symlinkSync('no/audits.db', join(folder, 'dangling.db'));
  symlinkSync('loop.db', join(folder, 'loop.db'));
  for (const name of ['dangling.db', 'loop.db']) {
    const before = contents(folder);
    const { code, err } = await audit(join(folder, name));
    assert.is(code, 69);
    assert.match(err, /PO4201: the store .* cannot be used: its (?:folder does not exist|symbolic links)/);
    assert.equal(contents(folder), before);
  }
});

test("in a folder that all users share another's files and links are not written", async (context) => {
  if (!isRoot) return skip('needs root', context);
  const folder = temporaryFolder();
  chmodSync(folder, 0o1777);
  const victim = join(temporaryFolder(), 'victim');
  writeFileSync(victim, 'precious', { mode: 0o600 });
  const link = join(folder, 'link');
  symlinkSync(victim, link);
  spawnSync('chown', ['-h', '65534', link]);
  const file = join(folder, 'file');
  writeFileSync(file, 'theirs');
  chownSync(file, 65534, 65534);
  const dangling = join(folder, 'dangling');
  symlinkSync(join(folder, '..', 'new'), dangling);
  spawnSync('chown', ['-h', '65534', dangling]);
  for (const path of [link, file, dangling]) {
    for (const args of [
      ['--from', night(1), '--output', path],
      ['audit', '--store', path, '--from', night(1)],
      ['baseline', 'create', path, '--force', '--from', night(1)],
    ]) {
      const { code, err } = await run(args, { now });
      assert.is(code, 69, `${args.join(' ')}: ${err}`);
      assert.match(err, /another user's, in a folder that all users share|access is denied/);
    }
  }
  assert.is(readFileSync(victim, 'utf8'), 'precious');
  assert.is(readFileSync(file, 'utf8'), 'theirs');
  assert.not.ok(existsSync(join(folder, '..', 'new')));
  // In a folder of its owner alone the administrator may.
  chmodSync(folder, 0o755);
  assert.is((await run(['--from', night(1), '--output', file])).code, 0);
});

test("a journal of another user's is not written into the store", async (context) => {
  if (!isRoot) return skip('needs root', context);
  const { folder, path } = await twoNights();
  writeFileSync(`${path}-journal`, 'x');
  chownSync(`${path}-journal`, 65534, 65534);
  await refused(path, folder, /journal .* next to it belongs to another user/);
});

test('what is set aside takes no name that is in use, not even by a link', async (context) => {
  if (windows) return skip('needs symbolic links', context);
  const { folder, path } = await twoNights();
  const taken = `${path}.damaged-20260109T000000Z`;
  symlinkSync('nowhere', taken);
  writeFileSync(path, readFileSync(path).subarray(0, 5000));
  assert.match((await audit(path, 3)).err, /damaged-20260109T000000Z-2/);
  assert.is(readlinkSync(taken), 'nowhere');
  renameSync(`${taken}-2`, join(folder, 'x'));
});

test.run();
