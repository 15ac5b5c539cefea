import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../../src/audit/listeners.ts';
import type { SpanQuestion, StoredRun } from '../../../src/audit/store/contract.ts';
import { readRuns, readSpans } from '../../../src/audit/store/sqlite-read.ts';
import { storeRun } from '../../../src/audit/store/sqlite-write.ts';
import type { PortOwnerError } from '../../../src/schema/problems.ts';
import type { Finding } from '../../../src/schema/finding.ts';
import { nodeFlags } from '../../../src/build/runtime.mjs';
import { temporaryFolder } from '../../support/harness.ts';
import { dynamic, listener } from '../../support/listener.ts';

const test = suite('the store of audits');

const one = (port: number) => [{ start: port, end: port }];

const now = new Date('2026-01-31T00:00:00Z');
const night = (day: number): string => new Date(Date.UTC(2026, 0, day, 2)).toISOString();
const all: SpanQuestion = { machine: null, port: null, dynamic: true, owner: null };
const newStore = (): string => join(temporaryFolder(), 'audits.db');

function store(path: string, day: number, listeners: Listener[], more: Partial<StoredRun> & { clock?: Date; patience?: number } = {}) {
  return storeRun(
    path,
    { machine: 'box', at: night(day), tool: 'a test', listeners, findings: [], keepDays: null, partial: false, forgetLater: false, ...more },
    more.clock ?? now,
    more.patience,
  );
}
const spans = (path: string, question: Partial<SpanQuestion> = {}) =>
  readSpans(path, { ...all, ...question }).map(
    (row) => `${row.Protocol} ${row.LocalAddress}:${row.Port} ${row.Program} ${row.FirstSeen!.slice(8, 10)}-${row.IsOpen ? '' : row.LastSeen!.slice(8, 10)} ${row.Event}`,
  );

function fails(code: string, work: () => unknown): PortOwnerError {
  try {
    work();
  } catch (error) {
    assert.is((error as PortOwnerError).code, code, String(error));
    return error as PortOwnerError;
  }
  assert.unreachable(`no ${code}`);
  throw new Error();
}

const other = listener({ program: '/usr/sbin/apache2' });
const finding = { Kind: 'Opened', Severity: 'High', Endpoint: 'TCP 0.0.0.0:80', Before: null, After: 'x', Rule: 'r' } as Finding;

test('a name with half a character, as Windows and other encodings have, stays the same from night to night', () => {
  const path = newStore();
  for (const day of [1, 2]) store(path, day, [listener({ program: '/b\udcff' }), listener({ port: 22, program: '/b\udcfe', user: 'x\ud800' }), dynamic({ program: '/b\udcff' })]);
  assert.equal(spans(path), ['TCP 0.0.0.0:22 /b\\udcfe 01- Known', 'TCP 0.0.0.0:80 /b\\udcff 01- Known', 'TCP any:dynamic /b\\udcff 01- Known']);
});

test('spans: what appeared, disappeared, came back and changed hands', () => {
  const path = newStore();
  store(path, 1, [listener(), dynamic()]);
  store(path, 2, [listener(), listener({ port: 22, program: '/usr/sbin/sshd' }), dynamic()]);
  store(path, 3, [other, dynamic()]);
  store(path, 4, [other, listener({ port: 22, program: '/usr/sbin/sshd' })]);
  assert.equal(spans(path), [
    'TCP 0.0.0.0:22 /usr/sbin/sshd 02-02 Appeared',
    'TCP 0.0.0.0:22 /usr/sbin/sshd 04- Appeared',
    'TCP 0.0.0.0:80 /usr/sbin/nginx 01-02 Known',
    'TCP 0.0.0.0:80 /usr/sbin/apache2 03- ChangedHands',
    'TCP any:dynamic /usr/bin/app 01-03 Known',
  ]);
  assert.equal(
    readSpans(path, all)
      .map(({ PreviousOwner }) => PreviousOwner)
      .filter((text) => text !== null),
    ['/usr/sbin/nginx as root'],
  );
  assert.is(spans(path, { port: one(80), dynamic: false }).length, 2);
  assert.is(spans(path, { owner: ({ program }) => program?.includes('sshd') ?? false }).length, 2);
  assert.equal(
    readRuns(path, { machine: null, limit: null }).map((run) => [run.RunTime!.slice(8, 10), run.Listeners, run.Appeared, run.Disappeared]),
    [
      ['04', 2, 1, 1],
      ['03', 2, 1, 2],
      ['02', 3, 1, 0],
      ['01', 2, 0, 0],
    ],
  );
  assert.is(readRuns(path, { machine: 'BOX', limit: 1 }).length, 1);
});

test('a night without changes adds one row', () => {
  const path = newStore();
  store(path, 1, [listener(), other]);
  store(path, 2, [listener(), other]);
  const database = new DatabaseSync(path, { readOnly: true });
  assert.is(Number(database.prepare('SELECT count(*) AS n FROM span').get()!.n), 2);
  database.close();
});

test('an audit without hashes is no change of hands, one with another hash is', () => {
  const path = newStore();
  const hashed = (sha256: string | null): Listener[] => [listener({ sha256 })];
  for (const [index, hash] of [null, 'a', null, 'a', 'b'].entries()) store(path, index + 1, hashed(hash));
  assert.equal(
    readSpans(path, all).map(({ FirstSeen, Sha256, Event }) => [FirstSeen, Sha256, Event]),
    [
      [night(1), 'a', 'Known'],
      [night(5), 'b', 'BinaryChanged'],
    ],
  );
});

test("Windows' names in another case are the same ones, others' are not", () => {
  const path = newStore();
  const svchost = listener({ program: 'C:\\Windows\\svchost.exe', user: 'NT AUTHORITY\\SYSTEM', sha256: 'a' });
  const lower = { ...svchost, program: 'c:\\windows\\svchost.exe', user: 'nt authority\\system' };
  const found = (after: string): Finding[] => [{ ...finding, After: after }];
  store(path, 1, [svchost, listener({ port: 22 })], { findings: found('C:\\Windows\\svchost.exe') });
  const { findings } = store(path, 2, [lower, listener({ port: 22, program: '/usr/sbin/NGINX' })], { findings: found('c:\\windows\\svchost.exe') });
  assert.is(findings[0]?.FirstSeen, night(1));
  store(path, 3, []);
  store(path, 4, [lower]);
  assert.equal(spans(path), [
    'TCP 0.0.0.0:22 /usr/sbin/nginx 01-01 Known',
    'TCP 0.0.0.0:22 /usr/sbin/NGINX 02-02 ChangedHands',
    'TCP 0.0.0.0:80 C:\\Windows\\svchost.exe 01-02 Known',
    'TCP 0.0.0.0:80 C:\\Windows\\svchost.exe 04- Appeared',
  ]);
});

test('machines do not mix', () => {
  const path = newStore();
  store(path, 1, [listener()], { machine: 'one' });
  store(path, 1, [other], { machine: 'two' });
  store(path, 2, [], { machine: 'one' });
  assert.equal(spans(path), ['TCP 0.0.0.0:80 /usr/sbin/nginx 01-01 Known', 'TCP 0.0.0.0:80 /usr/sbin/apache2 01- Known']);
  assert.is(spans(path, { machine: 'TWO' }).length, 1);
});

test('a finding keeps the day of its first audit, until one did not find it', () => {
  const path = newStore();
  const seen = (day: number, findings: Finding[]): (string | null)[] => store(path, day, [], { findings }).findings.map(({ FirstSeen }) => FirstSeen);
  assert.equal([seen(1, [finding]), seen(2, [finding]), seen(3, []), seen(4, [finding])], [[night(1)], [night(1)], [], [night(4)]]);
  assert.equal(
    readRuns(path, { machine: null, limit: null }).map(({ Findings, WorstSeverity }) => [Findings, WorstSeverity]),
    [
      [1, 'High'],
      [0, null],
      [1, 'High'],
      [1, 'High'],
    ],
  );
});

test('what was not seen is not gone when not all could be read', () => {
  const path = newStore();
  const six = listener({ address: '::' });
  store(path, 1, [listener(), six, dynamic()], { findings: [finding] });
  store(path, 2, [other], { partial: true });
  assert.equal(spans(path), [
    'TCP 0.0.0.0:80 /usr/sbin/nginx 01-01 Known',
    'TCP 0.0.0.0:80 /usr/sbin/apache2 02- ChangedHands',
    'TCP :::80 /usr/sbin/nginx 01- Known',
    'TCP any:dynamic /usr/bin/app 01- Known',
  ]);
  assert.equal(
    readRuns(path, { machine: null, limit: 1 }).map(({ Appeared, Disappeared }) => [Appeared, Disappeared]),
    [[1, 1]],
  );
  assert.is(store(path, 3, [six, other], { findings: [finding] }).findings[0]?.FirstSeen, night(1));
  assert.match(spans(path).at(-1)!, /01-02 Known/);
});

test('an audit that is not newer is not stored', () => {
  const path = newStore();
  store(path, 2, [listener()]);
  const before = readFileSync(path);
  assert.is(store(path, 2, [other]).refused, 'same');
  const { refused, newest } = store(path, 1, [other]);
  assert.equal([refused, newest], ['older', night(2)]);
  assert.equal(readFileSync(path), before);
});

test('the same audit again finds what it found', () => {
  const path = newStore();
  store(path, 1, [], { findings: [finding] });
  store(path, 2, [], { findings: [finding] });
  store(path, 3, []);
  assert.equal(
    store(path, 2, [], { findings: [finding] }).findings.map(({ FirstSeen }) => FirstSeen),
    [night(1)],
  );
});

test('an audit of the future is refused, but clocks may differ', () => {
  const path = newStore();
  fails('PO4208', () => store(path, 33, [listener()]));
  assert.not.ok(existsSync(path));
  assert.is(store(path, 31, [listener()]).refused, null);
});

test('later audits can be forgotten: all is as if they had never been', () => {
  const [path, same] = [newStore(), newStore()];
  const late = { clock: new Date('2036-01-01T00:00:00Z') };
  for (const into of [path, same]) {
    store(into, 1, [listener(), other], { findings: [finding] });
    store(into, 2, [listener(), dynamic()], { findings: [finding] });
    store(into, 400, [other], { machine: 'another', ...late });
  }
  store(path, 300, [other, dynamic()], { findings: [{ ...finding, Kind: 'Closed' }], ...late });
  store(path, 301, [other], late);
  assert.is(store(path, 3, [listener()]).refused, 'older');
  assert.is(store(path, 3, [dynamic()], { forgetLater: true, findings: [finding] }).forgotten, 2);
  assert.is(store(same, 3, [dynamic()], { forgetLater: true, findings: [finding] }).forgotten, 0);
  assert.equal(readSpans(path, all), readSpans(same, all));
  const runs = { machine: null, limit: null };
  assert.equal(readRuns(path, runs), readRuns(same, runs));
  assert.equal(
    store(path, 4, [], { findings: [finding] }).findings.map(({ FirstSeen }) => FirstSeen),
    [night(1)],
  );
});

test('when only later audits are there, they are forgotten too', () => {
  const path = newStore();
  store(path, 300, [other], { clock: new Date('2036-01-01T00:00:00Z') });
  assert.is(store(path, 3, [listener()], { forgetLater: true }).forgotten, 1);
  assert.equal(spans(path), ['TCP 0.0.0.0:80 /usr/sbin/nginx 03- Known']);
});

test('--keep forgets what ended before, and nothing that still is', () => {
  const path = newStore();
  store(path, 1, [listener(), other]);
  store(path, 2, [listener()]);
  store(path, 20, [listener()], { keepDays: 10 });
  assert.equal(spans(path), ['TCP 0.0.0.0:80 /usr/sbin/nginx 01- Known']);
  assert.is(readRuns(path, { machine: null, limit: null }).length, 1);
});

const damages: [what: string, damage: (path: string) => void][] = [
  [
    'without the beginning of its header',
    (path) => {
      const bytes = readFileSync(path);
      bytes.fill(0, 0, 16);
      writeFileSync(path, bytes);
    },
  ],
  ['cut off after its first page', (path) => truncateSync(path, 4096)],
  ['cut in half', (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2))],
  [
    'with a page of something else',
    (path) => {
      const bytes = readFileSync(path);
      bytes.fill(0xaa, 4096, 8192 * 2);
      writeFileSync(path, bytes);
    },
  ],
];
for (const [what, damage] of damages) {
  test(`a store that is ${what} is reported and set aside`, () => {
    const path = newStore();
    store(path, 1, [listener()]);
    damage(path);
    const bytes = readFileSync(path);
    fails('PO4203', () => readSpans(path, all));
    assert.equal(readFileSync(path), bytes, 'looking at it changes nothing');
    const { aside } = store(path, 2, [listener()]);
    assert.is(aside, `${path}.damaged-20260131T000000Z`);
    assert.equal(readFileSync(aside!), bytes);
    assert.equal(spans(path), ['TCP 0.0.0.0:80 /usr/sbin/nginx 02- Known']);
  });
}

/** Starts an audit of a machine in a process of its own, once the file `go` is there; gives what became of the damaged store. */
function storing(path: string, machine: string, go: string): Promise<string> {
  const script = `import { existsSync } from 'node:fs';
import { storeRun } from ${JSON.stringify(new URL('../../../src/audit/store/sqlite-write.ts', import.meta.url).href)};
const run = { machine: ${JSON.stringify(machine)}, at: '${night(1)}', tool: 'a test', listeners: [], findings: [], keepDays: null, partial: false, forgetLater: false };
while (!existsSync(${JSON.stringify(go)}));
process.stdout.write(String(storeRun(${JSON.stringify(path)}, run, new Date('${now.toISOString()}')).aside));`;
  const child = spawn(process.execPath, [...nodeFlags, '--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout);
}

test('audits that meet a damaged store at once set it aside once', async () => {
  for (let round = 0; round < 5; round++) {
    const path = newStore();
    store(path, 1, [listener()]);
    truncateSync(path, 5000);
    const bytes = readFileSync(path);
    const audits = Array.from({ length: 6 }, (_, index) => storing(path, `box${index}`, `${path}.go`));
    // All of them are there by then.
    await new Promise((resolve) => setTimeout(resolve, 700));
    writeFileSync(`${path}.go`, '');
    const asides = await Promise.all(audits);
    const aside = `${path}.damaged-20260131T000000Z`;
    assert.equal(asides.toSorted(), [aside, ...Array<string>(5).fill('null')]);
    assert.equal(readFileSync(aside), bytes);
    assert.is(readRuns(path, { machine: null, limit: null }).length, 6);
    assert.equal(readdirSync(dirname(path)).toSorted(), ['audits.db', basename(aside), 'audits.db.go']);
  }
});

test('a store that stays locked', async () => {
  const path = newStore();
  store(path, 1, [listener()]);
  const script = `const database = new (require('node:sqlite').DatabaseSync)(process.argv[1]); database.exec('BEGIN IMMEDIATE'); console.log('locked'); process.stdin.resume().on('end', () => database.close());`;
  const holder = spawn(process.execPath, ['--eval', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close');
  await once(holder.stdout, 'data');
  const start = performance.now();
  const { hint } = fails('PO4202', () => store(path, 2, [listener()], { patience: 200 }));
  assert.ok(performance.now() - start >= 150, 'it waits');
  assert.match(hint!, /Wait for the other audit/);
  holder.stdin.end();
  await ended;
  assert.equal(spans(path), ['TCP 0.0.0.0:80 /usr/sbin/nginx 01- Known']);
  assert.is(store(path, 2, [listener()], { patience: 200 }).refused, null);
});

test("another program's database and a newer store are refused, and stay as they are", () => {
  const path = newStore();
  for (const [sql, code] of [
    ['CREATE TABLE theirs (x)', 'PO2002'],
    ['PRAGMA application_id = 1347375700; PRAGMA user_version = 3', 'PO2003'],
  ] as const) {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    const bytes = readFileSync(path);
    fails(code, () => store(path, 1, [listener()]));
    fails(code, () => readSpans(path, all));
    assert.equal(readFileSync(path), bytes);
    assert.equal(readdirSync(dirname(path)), ['audits.db']);
  }
});

test('no store, no folder', () => {
  fails('PO2001', () => readSpans(newStore(), all));
  fails('PO4201', () => store(join(temporaryFolder(), 'no', 'audits.db'), 1, []));
  const folder = temporaryFolder();
  fails('PO4201', () => store(folder, 1, []));
  assert.ok(existsSync(folder));
});

test('the numbers of dynamic ports: who had one, and when', () => {
  const path = newStore();
  const app = (...ports: number[]) => dynamic({ ports });
  store(path, 1, [app(50000, 50001)]);
  store(path, 2, [app(50001)]);
  store(path, 3, [app(50001), dynamic({ program: '/tmp/door', ports: [50000] })]);
  store(path, 4, [app(50002)], { partial: true });
  store(path, 5, [app(50002)]);
  const asked = (wanted: number) => spans(path, { port: one(wanted), dynamic: false });
  assert.equal(asked(50000), ['TCP any:50000 /usr/bin/app 01-01 Known', 'TCP any:50000 /tmp/door 03-04 Appeared']);
  assert.equal(asked(50001), ['TCP any:50001 /usr/bin/app 01-04 Known']);
  assert.equal(asked(50002), ['TCP any:50002 /usr/bin/app 04- Appeared']);
  assert.equal(asked(50003), []);
  assert.equal(spans(path, { port: [{ start: 50000, end: 65535 }], dynamic: false, owner: ({ program }) => program === '/tmp/door' }), ['TCP any:50000 /tmp/door 03-04 Appeared']);
  store(path, 30, [], { keepDays: 25 });
  assert.equal(asked(50000), []);
  assert.is(asked(50002).length, 1);
});

test('another executable of the same owner is no change of hands', () => {
  const path = newStore();
  store(path, 1, [listener({ sha256: 'a' }), dynamic({ sha256: 'a' })]);
  store(path, 2, [listener({ sha256: 'b' }), dynamic({ sha256: 'b' })]);
  assert.equal(
    readSpans(path, all).map(({ Port, Event, PreviousOwner }) => [Port, Event, PreviousOwner]),
    [
      ['80', 'Known', null],
      ['80', 'BinaryChanged', null],
      ['dynamic', 'Known', null],
      ['dynamic', 'BinaryChanged', null],
    ],
  );
});

test('whether a run could tell all', () => {
  const path = newStore();
  store(path, 1, [listener()]);
  store(path, 2, [listener()], { problem: '1 listener could not be evaluated' });
  store(path, 3, [listener()], { partial: true });
  assert.equal(
    readRuns(path, { machine: null, limit: null }).map(({ Complete, Problem }) => [Complete, Problem]),
    [
      [false, null],
      [false, '1 listener could not be evaluated'],
      [true, null],
    ],
  );
});

/** What makes a store one of version 1, which had none of this. */
const older = 'ALTER TABLE run DROP COLUMN complete; ALTER TABLE run DROP COLUMN problem; DROP TABLE dynamic_port; PRAGMA user_version = 1';

test('a store of version 1 is read as it is, and upgraded by the next audit', () => {
  const path = newStore();
  store(path, 1, [listener(), dynamic()], { findings: [finding] });
  const database = new DatabaseSync(path);
  database.exec(older);
  database.close();
  const [bytes, before] = [readFileSync(path), spans(path)];
  assert.equal(before, ['TCP 0.0.0.0:80 /usr/sbin/nginx 01- Known', 'TCP any:dynamic /usr/bin/app 01- Known']);
  assert.equal(spans(path, { port: [{ start: 1, end: 65535 }], dynamic: false }), before.slice(0, 1));
  assert.equal(
    readRuns(path, { machine: null, limit: null }).map(({ Complete, Problem }) => [Complete, Problem]),
    [[null, null]],
  );
  assert.equal(readFileSync(path), bytes, 'reading changes nothing');
  assert.is(store(path, 2, [listener(), dynamic()], { findings: [finding] }).findings[0]?.FirstSeen, night(1));
  assert.equal(spans(path), before);
  assert.equal(
    readRuns(path, { machine: null, limit: null }).map(({ Complete }) => Complete),
    [true, null],
  );
  assert.equal(spans(path, { port: one(50000), dynamic: false }), ['TCP any:50000 /usr/bin/app 02- Known']);
  const upgraded = new DatabaseSync(path, { readOnly: true });
  assert.is(Object.values(upgraded.prepare('PRAGMA user_version').get()!)[0], 2);
  upgraded.close();
});

test('a text from elsewhere is no SQL', () => {
  const path = newStore();
  const evil = "x'); DROP TABLE span; --";
  store(path, 1, [listener({ program: evil, user: evil, services: [evil] })], { machine: evil });
  assert.is(readSpans(path, { ...all, machine: evil })[0]?.Program, evil);
});

test.run();
