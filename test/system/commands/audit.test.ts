import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogEvent } from '../../../src/system/log.ts';
import { readRuns, readSpans } from '../../../src/audit/store/sqlite-read.ts';
import { storeRun } from '../../../src/audit/store/sqlite-write.ts';
import type { Facts } from '../../../src/facts/model/facts.ts';
import { facts, process as processFact, socket } from '../../support/example.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { writeDamagedStore } from '../../support/damaged.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('portowner audit');

/** The facts of a night. */
function night(day: number, ports: number[]): Facts {
  const all = facts(ports.map((localPort) => socket({ localPort })));
  return { ...all, at: new Date(Date.UTC(2026, 0, day, 2)).toISOString() };
}

interface Place {
  readonly folder: string;
  readonly baseline: string;
  readonly policy: string;
  readonly store: string;
}

const rules =
  'kind: PortOwner.Policy\nversion: 1\nrules:\n  - { name: no telnet, action: forbid, ports: 23, severity: Critical, owner: the net team, ticket: CHG-1 }\n  - { name: web, action: allow, ports: "80,443" }\n';

/** A folder with a baseline of ports 22 and 25, and a policy. */
async function place(): Promise<Place> {
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);
  await run(['baseline', 'create', file('b.yaml'), '--from', snapshotFile(night(1, [22, 25]))]);
  writeFileSync(file('p.yaml'), rules);
  return { folder, baseline: file('b.yaml'), policy: file('p.yaml'), store: file('audits.db') };
}

const audit = (args: readonly string[], of: Facts = night(2, [22, 25]), more?: Parameters<typeof run>[1]) => run(['audit', ...args, '--from', snapshotFile(of)], more);
const rows = (out: string) => JSON.parse(out) as { Kind: string; Severity: string; Endpoint: string; FirstSeen: string | null; Rule: string }[];

test('clean: exit 0, nothing on standard output, one line on standard error', async () => {
  const { baseline, policy } = await place();
  assert.equal(await audit(['--baseline', baseline, '--policy', policy]), { code: 0, out: '', err: 'portowner: audit of box: clean, 2 listeners\n' });
});

test('an update that tells what interpreters run makes no finding, whichever side has it', async () => {
  const named = (more: object) => {
    const processes = ['/usr/bin/node', '/usr/bin/redis-check-rdb', 'C:\\nodejs\\node.exe'].map((path, at) =>
      processFact({ pid: 100 + at, path, imageName: path.replace(/.*[\\/]/, ''), unit: at === 1 ? 'redis.service' : null, ...more }),
    );
    return { ...facts([socket({ localPort: 3000 }), socket({ localPort: 6379, pid: 101 }), socket({ localPort: 8080, pid: 102 })], { processes }), at: night(2, []).at };
  };
  const [before, after] = [named({}), named({ application: 'vite', workingDirectory: '/srv/shop' })];
  const folder = temporaryFolder();
  for (const [old, recent] of [
    [before, after],
    [after, before],
  ]) {
    const baseline = join(folder, `${old === before}.yaml`);
    assert.is((await run(['baseline', 'create', baseline, '--from', snapshotFile(old!)])).code, 0);
    assert.not.match(readFileSync(baseline, 'utf8'), /vite|shop/);
    assert.equal(await audit(['--baseline', baseline], recent), { code: 0, out: '', err: 'portowner: audit of box: clean, 3 listeners\n' });
    const store = join(folder, `${old === before}.db`);
    for (const one of [old!, { ...recent!, at: night(3, []).at }]) await audit(['--baseline', baseline, '--store', store], one);
    assert.not.match(readFileSync(store, 'latin1'), /vite|shop/);
    assert.is(JSON.parse((await run(['history', '1-65535', '--store', store, '--format', 'json'])).out).length, 3);
  }
});

test('findings: exit 1, the worst first', async () => {
  const { baseline, policy } = await place();
  const { code, out, err } = await audit(['--baseline', baseline, '--policy', policy, '--format', 'json'], night(2, [22, 23, 80, 8080]));
  assert.is(code, 1);
  assert.equal(
    rows(out).map(({ Kind, Severity, Endpoint }) => `${Severity} ${Kind} ${Endpoint}`),
    ['Critical Forbidden TCP 0.0.0.0:23', 'High Opened TCP 0.0.0.0:8080', 'Low Closed TCP 0.0.0.0:25'],
  );
  assert.is(err, 'portowner: audit of box: 3 findings (1 Critical, 1 High, 1 Low), 4 listeners\n');
});

const half = (of: Facts): Facts => ({ ...of, sections: { ...of.sections, sockets: { ...of.sections.sockets, status: 'partial', reason: 'the table of IPv6 was refused' } } });

test('sockets that could not all be read: history does not say that one is gone', async () => {
  const { store } = await place();
  await audit(['--store', store], night(1, [22, 25]));
  assert.is((await audit(['--store', store], half(night(2, [22])))).code, 69);
  assert.equal(
    readSpans(store, { machine: null, port: null, dynamic: true, owner: null }).map(({ Port, IsOpen }) => [Port, IsOpen]),
    [
      ['22', true],
      ['25', true],
    ],
  );
});

test('sockets that could not all be read: exit 69, unless something is found', async () => {
  const { baseline } = await place();
  assert.is((await audit(['--baseline', baseline], half(night(2, [22, 25])))).code, 69);
  assert.equal((await audit(['--baseline', baseline], half(night(2, [22])))).out, '', 'nothing is known to be closed');
  assert.is((await audit(['--baseline', baseline], half(night(2, [22, 25, 8080])))).code, 1);
});

test('--fail-on', async () => {
  const { baseline } = await place();
  const { code, err } = await audit(['--baseline', baseline, '--fail-on', 'medium'], night(2, [22]));
  assert.is(code, 0);
  assert.match(err, /1 finding \(1 Low\), 1 listener, 1 below Medium/);
  assert.is((await audit(['--baseline', baseline, '--fail-on', 'LOW'], night(2, [22]))).code, 1);
});

test('a store: since when there is a finding, and what history then says', async () => {
  const { baseline, store } = await place();
  const args = ['--baseline', baseline, '--store', store, '--format', 'json'];
  assert.equal(
    rows((await audit(args, night(2, [22, 25, 80]))).out).map(({ FirstSeen }) => FirstSeen),
    ['2026-01-02T02:00:00Z'],
  );
  assert.equal(
    rows((await audit(args, night(3, [22, 25, 80]))).out).map(({ FirstSeen }) => FirstSeen),
    ['2026-01-02T02:00:00Z'],
  );
  const again = await audit(args, night(3, [22, 25, 80]));
  assert.is(again.code, 1);
  assert.match(again.err, /PO4206/);
  assert.equal(
    rows(again.out).flatMap(({ FirstSeen }) => FirstSeen ?? []),
    ['2026-01-02T02:00:00Z'],
  );
  const history = await run(['history', '--store', store, '--format', 'csv']);
  assert.is(history.out.split('\r\n').length, 4);
});

test('the same audit again is a warning, an older one an error', async () => {
  const { store } = await place();
  for (const day of [1, 2]) assert.is((await audit(['--store', store], night(day, [22]))).code, 0);
  const again = await audit(['--store', store], night(1, [22]));
  assert.is(again.code, 0);
  assert.match(again.err, /PO4206: warning: the store .* already contains the audit of box at 2026-01-01T02:00:00\.000Z/);
  const older = await audit(['--store', store], { ...night(1, [22]), at: '2026-01-01T05:00:00Z' });
  assert.is(older.code, 69);
  assert.match(
    older.err,
    /PO4206: the store .* contains an audit of box at 2026-01-02T02:00:00\.000Z: the older audit of 2026-01-01T05:00:00Z was not stored\n {2}Store snapshots/,
  );
});

test('a snapshot of the future: one error, and the findings and reports are there', async () => {
  const { baseline, folder, store } = await place();
  const report = join(folder, 'r.csv');
  const { code, out, err } = await audit(['--baseline', baseline, '--store', store, '--report', report], { ...night(2, [22, 25, 80]), at: '2027-05-01T02:00:00Z' });
  assert.is(code, 69);
  assert.match(out, /Opened/);
  assert.match(err, /PO4208: the audit of box is dated 2027-05-01T02:00:00Z, but it is 2026-01-02T03:04:06\.000Z now: it was not stored\n {2}\S/);
  assert.match(readFileSync(report, 'utf8'), /Opened/);
  assert.not.ok(existsSync(store));
});

test('a store with an audit of the future tells how it is repaired', async () => {
  const { store } = await place();
  const late = { machine: 'box', at: '2027-05-01T02:00:00Z', tool: 'a test', listeners: [], findings: [], keepDays: null, partial: false, forgetLater: false };
  storeRun(store, late, new Date(late.at));
  const stuck = await audit(['--store', store]);
  assert.is(stuck.code, 69);
  assert.match(stuck.err, /PO4206: .* at 2027-05-01T02:00:00\.000Z: [^\n]*\n {2}That is in the future\.[^\n]*--forget-later/);
  const repaired = await audit(['--store', store, '--forget-later']);
  assert.match(repaired.err, /PO4208: warning: 1 later audit of box\b/);
  assert.equal(
    readRuns(store, { machine: 'box', limit: null }).map(({ RunTime }) => RunTime!.slice(0, 4)),
    ['2026'],
  );
});

test('the rule that decided stays on 60 columns; a table that is piped has no empty column either', async () => {
  const { policy } = await place();
  writeFileSync(policy, rules.replace('no telnet', 'no telnet in this network'));
  for (const columns of [60, 80]) {
    const { out } = await audit(['--policy', policy], night(2, [22, 23]), { terminal: { columns, colors: false, unicode: true } });
    const [, , head, , ...lines] = out.split('\n');
    assert.match(head!, columns === 60 ? /^Severity +Endpoint +Owner +Rule$/ : /^Kind +Severity +Endpoint +Owner +Rule$/);
    assert.match(lines.join('\n'), /Critical +TCP 0\.0\.0\.0:23 +nginx as root.* +no telnet/m);
    assert.match(lines.join('\n'), /network$/m);
    // Commands below the table stay whole.
    assert.ok(
      out
        .replace(/^What to do:.*/ms, '')
        .split('\n')
        .every((line) => line.length <= columns),
    );
  }
  const piped = (await audit(['--policy', policy], night(2, [22, 23]))).out;
  assert.match(piped, /^Kind +Severity +Endpoint +Owner +Rule +Evidence$/m);
  const asked = (await audit(['--policy', policy, '--columns', 'Kind,FirstSeen,Rule'], night(2, [22, 23]))).out;
  assert.match(asked, /^Kind +FirstSeen +Rule$/m);
});

test('a date leaves a table before the rule of a policy is wrapped', async () => {
  const { policy, store } = await place();
  writeFileSync(policy, rules.replace('no telnet', 'no telnet on any server of the company'));
  for (const [columns, head] of [
    [100, /^Kind +Severity +Endpoint +Owner +Rule$/],
    [130, /^Kind +Severity +FirstSeen +Endpoint +Owner +Rule/],
  ] as const) {
    const { out } = await audit(['--policy', policy, '--store', store], night(2, [22, 23]), { terminal: { columns, colors: false, unicode: true } });
    assert.match(out.split('\n')[2]!, head);
    assert.match(out, /no telnet on any server of the company/);
  }
});

test('a table says what, how bad, where and who; and since when only if nothing else is wrapped for it', async () => {
  const { baseline, store } = await place();
  const of = {
    ...facts([socket({ localPort: 22 }), socket({ localPort: 8080 }), socket({ localPort: 50000, pid: 101 })], {
      processes: [processFact(), processFact({ pid: 101, path: '/opt/x/door', user: 'eve' })],
    }),
    at: '2026-01-02T02:00:00.123Z',
  };
  for (const columns of [60, 80, 120]) {
    const { out } = await audit(['--baseline', baseline, '--store', store], of, { terminal: { columns, colors: false, unicode: true } });
    const [sentence, , head, , ...lines] = out.split('\n');
    assert.is(sentence, 'Audit of box: 3 findings (2 High, 1 Low), 3 listeners.');
    const dated = columns > 60;
    assert.match(
      head!,
      [/^Kind +Severity +Endpoint +Owner$/, /^Kind +Severity +FirstSeen +Endpoint +Owner$/, /^Kind +Severity +FirstSeen +Endpoint +Owner +Rule/][[60, 80, 120].indexOf(columns)]!,
    );
    const since = dated ? ' +2026-01-02T02:00:00Z' : '';
    assert.match(lines.join('\n'), new RegExp(String.raw`^Opened +High${since} +TCP 0\.0\.0\.0:8080 +nginx as root`, 'm'));
    assert.match(lines.join('\n'), new RegExp(String.raw`^Opened +High${since} +TCP any:50000 +door as eve`, 'm'));
    assert.match(lines.join('\n'), new RegExp(String.raw`^Closed +Low${since} +TCP 0\.0\.0\.0:25 +nginx as root`, 'm'));
    // Commands below the table stay whole.
    assert.ok(
      out
        .replace(/^What to do:.*/ms, '')
        .split('\n')
        .every((line) => line.length <= columns),
    );
  }
});

test('reports by their extension, whole or not at all', async () => {
  const { baseline, folder } = await place();
  const files = ['csv', 'json', 'ndjson', 'clixml', 'xml', 'txt', 'html'].map((end) => join(folder, `r.${end}`));
  const { code } = await audit(['--baseline', baseline, ...files.flatMap((file) => ['--report', file])], night(2, [22, 25, 80]));
  assert.is(code, 1);
  for (const file of files) assert.match(readFileSync(file, 'utf8'), /Opened/, file);
  assert.match(readFileSync(files[0]!, 'utf8'), /^\ufeffKind,Severity/);
  assert.is(rows(readFileSync(files[1]!, 'utf8'))[0]?.Kind, 'Opened');
  assert.match(readFileSync(files[5]!, 'utf8'), /Kind +Severity[\s\S]*Audit of box: 1 finding/);
  assert.ok(readdirSync(folder).every((name) => !name.endsWith('.tmp')));
});

const wrong: [what: string, args: (place: Place) => string[], code: number, message: RegExp][] = [
  ['nothing to compare with', () => [], 64, /PO1005/],
  ['a report of no known kind', ({ baseline }) => ['--baseline', baseline, '--report', 'r.doc'], 64, /PO1001: .*cannot tell the report format from "r\.doc"/],
  ['no severity', ({ baseline }) => ['--baseline', baseline, '--fail-on', 'bad'], 64, /PO1001: unknown value "bad" for --fail-on; expected info, low, medium, high, or critical/],
  ['--keep without a store', ({ baseline }) => ['--baseline', baseline, '--keep', '3'], 64, /PO1005/],
  ['--forget-later without a store', ({ baseline }) => ['--baseline', baseline, '--forget-later'], 64, /PO1005/],
  ['--keep without a number', ({ store }) => ['--store', store, '--keep', '-3d'], 64, /PO1001/],
  ['--hash of a snapshot', ({ store }) => ['--store', store, '--hash'], 64, /PO1005/],
  ['a missing policy', ({ folder }) => ['--policy', join(folder, 'no.yaml')], 69, /PO2001/],
];
for (const [what, args, expected, message] of wrong) {
  test(`refused: ${what}`, async () => {
    const where = await place();
    const { code, out, err } = await audit(args(where));
    assert.equal([code, out], [expected, '']);
    assert.match(err, message);
    assert.not.ok(existsSync(where.store));
  });
}

test('a policy with one bad line: one error with line and column, and nothing is touched', async () => {
  const { policy, store } = await place();
  writeFileSync(policy, rules.replace('action: allow', 'action: alow'));
  const { code, out, err } = await audit(['--policy', policy, '--store', store]);
  assert.equal([code, out], [69, '']);
  assert.match(err, /^portowner: PO2002: .*p\.yaml, line 5, column 26: action must be one of allow, forbid\n {2}[^\n]+\n$/);
  assert.not.ok(existsSync(store));
});

test('a baseline or policy of a newer version', async () => {
  for (const [option, kind] of [
    ['--baseline', 'Baseline'],
    ['--policy', 'Policy'],
  ] as const) {
    const { policy, store } = await place();
    writeFileSync(policy, `kind: PortOwner.${kind}\nversion: 2\n`);
    const { code, err } = await audit([option, policy, '--store', store]);
    assert.is(code, 69);
    assert.match(err, /PO2003/);
    assert.not.ok(existsSync(store));
  }
});

/** A file of 200 MB; sparse, and text where it begins. */
function hugeFile(path: string, start: string): void {
  const file = openSync(path, 'w');
  writeSync(file, start);
  ftruncateSync(file, 200 * 1024 * 1024);
  closeSync(file);
}

test('a hostile file of 200 MB as baseline, policy and snapshot: one error each, soon', async () => {
  const { folder, store } = await place();
  const huge = join(folder, 'huge.yaml');
  hugeFile(huge, 'kind: PortOwner.Policy\nversion: 1\nrules: [');
  for (const option of ['--baseline', '--policy']) {
    const { code, err } = await audit([option, huge, '--store', store]);
    assert.is(code, 69);
    assert.match(err, /PO2001: cannot read .*more than 16 MB/);
  }
  hugeFile(huge, '{"kind":"PortOwner.Facts",');
  const snapshot = await run(['audit', '--store', store, '--from', huge]);
  assert.is(snapshot.code, 69);
  assert.match(snapshot.err, /PO200[12]/);
  assert.not.ok(existsSync(store));
});

test('hashes in the baseline that the snapshot lacks are said', async () => {
  const { baseline } = await place();
  writeFileSync(baseline, readFileSync(baseline, 'utf8').replace('    user: root', `    user: root\n    sha256: ${'a'.repeat(64)}`));
  const { code, err } = await audit(['--baseline', baseline]);
  assert.is(code, 0);
  assert.match(err, /PO3001: warning: .*b\.yaml contains hashes of executables, but the facts contain none/);
});

const signerRules = 'kind: PortOwner.Policy\nversion: 1\ndefault: forbid\nrules:\n  - { name: ours, action: allow, signer: "Contoso*" }\n';

/** A night on Windows; `signers` null for one without --hash. */
function signedNight(signers: Readonly<Record<number, string | null>> | null): Facts {
  const path = 'C:\\server.exe';
  const ports = [22, 25];
  const all = facts(
    ports.map((localPort) => socket({ localPort, pid: localPort, user: 'SYSTEM' })),
    { processes: ports.map((pid) => processFact({ pid, path, user: 'SYSTEM' })), platform: 'win32' },
  );
  if (signers === null) return all;
  const data = ports.map((pid) => ({ pid, path, sha256: 'a'.repeat(64), signer: signers[pid] ?? null }));
  return { ...all, sections: { ...all.sections, binaries: { status: 'ok', reason: null, needs: null, at: all.at, data } } };
}

test('a rule with a signer decides', async () => {
  const { policy } = await place();
  writeFileSync(policy, signerRules);
  const args = ['--policy', policy, '--format', 'json'];
  assert.is((await audit(args, signedNight({ 22: 'Contoso Ltd', 25: 'Contoso Ltd' }))).code, 0);
  const { code, out } = await audit(args, signedNight({ 22: 'Contoso Ltd', 25: 'Eve' }));
  assert.is(code, 1);
  assert.equal(
    rows(out).map(({ Kind, Endpoint }) => [Kind, Endpoint]),
    [['NotAllowed', 'TCP 0.0.0.0:25']],
  );
});

test('an approved executable whose hash or signer cannot be had now is not clean', async () => {
  const { folder } = await place();
  const baseline = join(folder, 'signed.yaml');
  const signed = signedNight({ 22: 'Contoso Ltd', 25: 'Contoso Ltd' });
  await run(['baseline', 'create', baseline, '--from', snapshotFile(signed)]);
  assert.is((await audit(['--baseline', baseline], signed)).code, 0);
  assert.is((await audit(['--baseline', baseline], signedNight({ 22: 'Contoso Ltd' }))).code, 77);
});

test('another signer is a finding', async () => {
  const { folder } = await place();
  const baseline = join(folder, 'signed.yaml');
  await run(['baseline', 'create', baseline, '--from', snapshotFile(signedNight({ 22: 'Contoso Ltd', 25: 'Contoso Ltd' }))]);
  const { code, out } = await audit(['--baseline', baseline, '--format', 'json'], signedNight({ 22: 'Contoso Ltd', 25: 'Eve' }));
  assert.is(code, 1);
  assert.equal(
    rows(out).map(({ Kind, Endpoint }) => [Kind, Endpoint]),
    [['BinaryChanged', 'TCP 0.0.0.0:25']],
  );
  assert.match((await audit(['--baseline', baseline], signedNight(null))).err, /PO3001: warning: .*signed\.yaml names signers of executables, but the facts contain none/);
});

for (const [what, of, warning] of [
  ['a file without a valid signature', signedNight({ 22: 'Contoso Ltd' }), /PO3001: warning: details are missing for 1 listener, which could not be evaluated: port 25/],
  ['a snapshot without signers', signedNight(null), /PO3001: warning: .*p\.yaml names signers of executables, but the facts contain none/],
  ['Linux', night(2, [22]), /PO3001: warning: .*p\.yaml names signers of executables, but Linux does not support signers of executables \(NotSupported\)/],
] as const) {
  test(`a rule with a signer is undecided: ${what}`, async () => {
    const { policy } = await place();
    writeFileSync(policy, signerRules.replace('default: forbid\n', ''));
    const { code, err } = await audit(['--policy', policy], of);
    assert.is(code, 77);
    assert.match(err, warning);
  });
}

test('XML with a DOCTYPE is refused', async () => {
  const { baseline, folder } = await place();
  const file = join(folder, 'x.xml');
  writeFileSync(
    file,
    '<?xml version="1.0"?>\n<!DOCTYPE Objs [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S>&a;</S></Objs>',
  );
  const { code, out, err } = await run(['audit', '--baseline', baseline, '--from', file]);
  assert.equal([code, out], [69, '']);
  assert.match(err, /PO2002/);
});

test('a snapshot cut in half', async () => {
  const { baseline, store } = await place();
  const half = snapshotFile(night(2, [22]));
  truncateSync(half, Math.floor(readFileSync(half).length / 2));
  const { code, err } = await run(['audit', '--baseline', baseline, '--store', store, '--from', half]);
  assert.is(code, 69);
  assert.match(err, /PO2002/);
  assert.not.ok(existsSync(store));
});

test('a store that cannot be written: the findings and reports are there, and exit 69 says so', async () => {
  const { baseline, folder } = await place();
  const report = join(folder, 'r.csv');
  const { code, out, err } = await audit(['--baseline', baseline, '--store', join(folder, 'no', 'audits.db'), '--report', report], night(2, [22, 25, 80]));
  assert.is(code, 69);
  assert.match(out, /Opened/);
  assert.match(err, /PO4201: the store .* cannot be used: [^\n]*folder/);
  assert.match(readFileSync(report, 'utf8'), /Opened/);
});

test('a report that cannot be written: the others are, and the run is stored', async () => {
  const { baseline, folder, store } = await place();
  const good = join(folder, 'good.csv');
  mkdirSync(join(folder, 'taken.csv'));
  const { code, err } = await audit(['--baseline', baseline, '--store', store, '--report', join(folder, 'taken.csv'), '--report', good]);
  assert.is(code, 69);
  assert.match(err, /PO2004: cannot write .*taken\.csv/);
  assert.ok(existsSync(good));
  assert.is(readRuns(store, { machine: null, limit: null }).length, 1);
});

test('a damaged store is set aside, with an error, and the audit goes on', async () => {
  const { baseline, folder, store } = await place();
  const bytes = writeDamagedStore(store);
  const { code, err } = await audit(['--baseline', baseline, '--store', store]);
  assert.is(code, 69);
  assert.match(err, /PO4203: the store .* was damaged: it was renamed to .*audits\.db\.damaged-20260102T030406Z/);
  assert.equal(readFileSync(join(folder, 'audits.db.damaged-20260102T030406Z')), bytes);
  assert.is((await audit(['--baseline', baseline, '--store', store], night(3, [22, 25]))).code, 0);
});

test('rights that do not suffice: no finding is no clean bill', async () => {
  const { baseline } = await place();
  const hidden = { ...night(2, []), ...facts([socket({ localPort: 22, pid: null }), socket({ localPort: 25 })]) };
  const { code, err } = await audit(['--baseline', baseline], hidden);
  assert.is(code, 77);
  assert.match(err, /PO3002: warning: details are missing for 1 listener, which could not be evaluated: port 22/);
});

test('sockets that could not be read are no closed ports', async () => {
  const { baseline, store } = await place();
  const none = facts([], { sections: { sockets: { status: 'failed', reason: 'a test', needs: null, at: null, data: [] } } });
  const { code, err } = await audit(['--baseline', baseline, '--store', store], none);
  assert.is(code, 69);
  assert.match(err, /PO3001: cannot tell which ports are open: a test/);
  assert.not.ok(existsSync(store));
});

test('--event-log', async () => {
  const { baseline } = await place();
  const events: LogEvent[] = [];
  const findings = night(2, [22, 25, 80]);
  const done = await audit(['--baseline', baseline, '--event-log'], findings, { eventLog: (given) => (events.push(...given), null) });
  assert.is(done.code, 1);
  assert.equal(
    events.map(({ id, level }) => [id, level]),
    [
      [101, 'Error'],
      [100, 'Warning'],
    ],
  );
  const refused = await audit(['--baseline', baseline, '--event-log'], night(2, [22, 25]), {
    eventLog: () => ({ code: 'NotSupported', text: 'not registered', needs: 'Register it.' }),
  });
  assert.is(refused.code, 0, 'a warning, and the audit goes on');
  assert.match(refused.err, /PO4207: warning: the findings could not be written to the system's log: not registered\n {2}Register it\./);
});

test('the log tells what could not be told, and of an audit that could not be made', async () => {
  const { baseline, policy } = await place();
  const logged = async (of: Facts, ...more: string[]) => {
    const events: LogEvent[] = [];
    await audit(['--baseline', baseline, '--event-log', ...more], of, { eventLog: (given) => (events.push(...given), null) });
    return events.map(({ id, level, text }) => `${id} ${level} ${text}`);
  };
  const partial = await logged(half(night(2, [22, 25])));
  assert.match(partial[0]!, /^301 Warning PO3001: .*IPv6 was refused/);
  assert.equal(partial.slice(1), ['100 Warning Audit of box: no findings, 2 listeners; but some sockets could not be read']);
  const none = facts([], { sections: { sockets: { status: 'failed', reason: 'a test', needs: null, at: null, data: [] } } });
  assert.match((await logged(none)).join(), /^302 Error the audit failed: PO3001: cannot tell which ports are open: a test[^,]*$/);
  writeFileSync(policy, 'kind: nothing');
  assert.match((await logged(night(2, [22]), '--policy', policy)).join(), /^302 Error the audit failed: PO2002: /);
});

test('nothing says clean unless the exit code does', async () => {
  const { baseline, folder } = await place();
  const hidden = { ...night(2, []), ...facts([socket({ localPort: 22, pid: null }), socket({ localPort: 25 })]) };
  const reports = (['txt', 'csv', 'json', 'ndjson', 'clixml', 'html', 'md', 'sarif', 'ecs.ndjson', 'otlp.jsonl', 'xlsx'] as const).map((end) => join(folder, `r.${end}`));
  for (const [what, of, code, why, more] of [
    ['not all sockets', half(night(2, [22, 25])), 69, 'some sockets could not be read', []],
    ['an owner that cannot be seen', hidden, 77, '1 listener could not be evaluated', []],
    ['a store that cannot be written', night(2, [22, 25]), 69, 'it was not stored', ['--store', join(folder, 'no', 'a.db')]],
  ] as const) {
    const done = await audit(['--baseline', baseline, ...more, ...reports.flatMap((path) => ['--report', path])], of);
    assert.is(done.code, code, what);
    assert.match(done.err, `portowner: audit of box: no findings, 2 listeners; but ${why}\n`, what);
    assert.not.match(done.err, 'clean', what);
    const [text, csv, ...others] = reports.map((path) => readFileSync(path, 'utf8'));
    assert.match(text!, new RegExp(`^Audit of box: no findings, 2 listeners; but ${why}\nportowner: PO\\d+: `), what);
    assert.match(csv!, /\r\nProblem,(?:Warning|Error),[^\r]*PO(?:3001|3002|4201)[^\r]*,box\r\n$/, what);
    // What a workbook says is compressed: it is read elsewhere.
    for (const other of others.slice(0, -1)) assert.match(other, /PO3001|PO3002|PO4201/, what);
  }
});

test('a listener that nobody was found to have is never clean, whatever the policy allows the kernel', async () => {
  const { folder } = await place();
  const unfound = facts([socket({ localPort: 5001, pid: null, user: 'eve', refusals: [{ field: 'OwningProcess', code: 'Failed', text: 'nobody was found', needs: null }] })]);
  let count = 0;
  const policy = (text: string): string => {
    const path = join(folder, `found-${count++}.yaml`);
    writeFileSync(path, `kind: PortOwner.Policy\nversion: 1\n${text}`);
    return path;
  };
  const baseline = join(folder, 'found-baseline.yaml');
  await run(['baseline', 'create', baseline, '--from', snapshotFile(unfound)]);
  const kernel = 'rules:\n  - { name: the kernel may, action: allow, program: kernel }\n';
  for (const [args, code, said] of [
    [['--policy', policy(`default: forbid\n${kernel}`)], 1, /1 finding \(1 High\), 1 listener; but 1 listener could not be evaluated/],
    [['--policy', policy(kernel)], 69, /no findings, 1 listener; but 1 listener could not be evaluated/],
    [['--policy', policy('rules: []\n')], 69, /could not be evaluated/],
    [['--baseline', baseline], 69, /could not be evaluated/],
    [['--policy', policy('rules:\n  - { name: this port, action: allow, ports: 5001 }\n')], 0, /clean/],
  ] as const) {
    const text = readFileSync(args[1], 'utf8');
    const done = await audit(args, unfound);
    assert.is(done.code, code, text);
    assert.match(done.err, said, text);
    if (code === 69) assert.match(done.err, /PO3001: warning: the owner of 1 listener was not found, so it could not be evaluated: port 5001/);
  }
});

test('a program that calls itself kernel is none', async () => {
  const { folder } = await place();
  const path = join(folder, 'kernel.yaml');
  writeFileSync(path, 'kind: PortOwner.Policy\nversion: 1\ndefault: forbid\nrules:\n  - { name: the kernel may, action: allow, program: kernel }\n');
  const one = (more: Parameters<typeof processFact>[0], of = socket({ localPort: 5001 })) => audit(['--policy', path], facts([of], { processes: [processFact(more)] }));
  assert.is((await one({ imageName: 'kernel', path: '/home/eve/kernel' })).code, 1);
  assert.is((await one({ imageName: 'kernel', path: null })).code, 1);
  assert.is((await one({}, socket({ localPort: 2049, pid: null, kernel: true, kernelPart: 'NFS server (nfsd)' }))).code, 0);
});

test('a report that is not written is in the line that sums up', async () => {
  const { baseline, folder } = await place();
  mkdirSync(join(folder, 'r.csv'));
  assert.match((await audit(['--baseline', baseline, '--report', join(folder, 'r.csv')])).err, /no findings, 2 listeners; but the report .*r\.csv was not written\n/);
});

test('history has whether an audit could tell all', async () => {
  const { baseline, store } = await place();
  await audit(['--baseline', baseline, '--store', store]);
  await audit(['--baseline', baseline, '--store', store], { ...facts([socket({ localPort: 22, pid: null }), socket({ localPort: 25 })]), at: night(3, []).at });
  const { out } = await run(['history', '--store', store, '--format', 'json']);
  assert.equal(
    (JSON.parse(out) as { Complete: boolean; Problem: string | null }[]).map(({ Complete, Problem }) => [Complete, Problem]),
    [
      [false, '1 listener could not be evaluated'],
      [true, null],
    ],
  );
});

test('the name of a machine forges no line', async () => {
  const { store, folder } = await place();
  const of = night(2, [22]);
  const report = join(folder, 'r.txt');
  const { err } = await audit(['--store', store, '--report', report], { ...of, machine: { ...of.machine, name: 'box\nportowner: audit of dc1: clean, 9 listeners\u001b[2K' } });
  const line = 'audit of box\\nportowner: audit of dc1: clean, 9 listeners\\x1b[2K: clean, 1 listener\n';
  assert.equal([err, readFileSync(report, 'utf8')], [`portowner: ${line}`, line.replace('a', 'A')]);
});

test('--problems rows: findings and problems among them, no line on standard error', async () => {
  const { baseline, folder } = await place();
  const { out, err } = await audit(['--baseline', baseline, '--store', join(folder, 'no', 'x.db'), '--problems', 'rows', '--format', 'ndjson'], night(2, [22, 25, 80]));
  assert.is(err, '');
  const items = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { Severity: string; Code?: string; Kind?: string });
  assert.equal(
    items.map(({ Code, Kind, Severity }) => Code ?? Kind ?? Severity),
    ['Progress', 'Verbose', 'PO4201', 'Opened'],
  );
});

test('no command line is stored', async () => {
  const { store } = await place();
  const secret = facts([socket()], { processes: [{ ...facts([]).sections.processes.data[0]!, commandLine: 'nginx --token=hunter2' }] });
  await audit(['--store', store], secret);
  assert.not.ok(readFileSync(store).includes('hunter2'));
});

/** Starts an audit as a process of its own. */
function start(args: readonly string[]) {
  return spawn(ownProgram[0], [...ownProgram.slice(1), 'audit', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

test('a listener whose executable is deleted: by its path, and with a hint', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('the executable of a program that runs cannot be deleted there', context);
  const { baseline, folder, policy } = await place();
  const program = join(folder, 'server');
  copyFileSync(process.execPath, program, constants.COPYFILE_FICLONE);
  const server = spawn(
    program,
    ['--eval', "require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1', function () { console.log(this.address().port); })", '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const portowner = (...args: string[]) => spawnSync(ownProgram[0], [...ownProgram.slice(1), ...args], { encoding: 'utf8' });
    assert.is(portowner('baseline', 'create', baseline, '--force').status, 0);
    rmSync(program);
    writeFileSync(policy, `kind: PortOwner.Policy\nversion: 1\nrules:\n  - { name: none of these, action: forbid, program: "${program}" }\n`);
    const found = (...args: string[]) =>
      (JSON.parse(portowner('audit', ...args, '--format', 'json').stdout) as { Kind: string; Severity: string; After: string; Evidence: string[] }[]).filter(({ After }) =>
        After?.includes(program),
      );
    const gone = 'its file was removed or replaced after it started';
    assert.equal(
      found('--baseline', baseline).map(({ Kind, Severity, Evidence }) => [Kind, Severity, Evidence]),
      [['FileGone', 'Low', [gone]]],
    );
    assert.equal(
      found('--policy', policy).map(({ Kind, Evidence }) => [Kind, Evidence]),
      [['Forbidden', [`ports: ${String(port).trim()}`, gone]]],
    );
    assert.is(portowner('baseline', 'create', baseline, '--force').status, 0);
    assert.match(readFileSync(baseline, 'utf8'), new RegExp(`program: ${program}\n`));
  } finally {
    server.kill('SIGKILL');
  }
});

test('ten audits at once: each is stored, none is damaged', async () => {
  const { store } = await place();
  const codes = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const of = night(2, [22, 80 + index]);
      const child = start(['--store', store, '--from', snapshotFile({ ...of, machine: { ...of.machine, name: `box${index}` } })]);
      const [code] = await once(child, 'close');
      return code as number;
    }),
  );
  assert.equal(codes, Array(10).fill(0));
  assert.is(readRuns(store, { machine: null, limit: null }).length, 10);
  assert.is(readSpans(store, { machine: null, port: null, dynamic: true, owner: null }).length, 20);
  assert.equal(
    readdirSync(join(store, '..')).filter((name) => /damaged|journal|tmp/.test(name)),
    [],
  );
});

test('killed at 50 random moments: every file is whole, and the store opens', async () => {
  const { baseline, store, folder } = await place();
  const report = join(folder, 'r.csv');
  await audit(['--baseline', baseline, '--store', store, '--report', report], night(1, [22]));
  const ports = Array.from({ length: 1500 }, (_, index) => 1000 + index);
  const snapshots = Array.from({ length: 50 }, (_, index) => snapshotFile(night(2 + index, index % 2 === 0 ? ports : [22])));
  let time = performance.now();
  const whole = start(['--baseline', baseline, '--store', store, '--report', report, '--from', snapshots[0]!]);
  await once(whole, 'close');
  // From before the program stands to after it has ended; the machine's moods change it.
  let duration = performance.now() - time;
  let stored = readRuns(store, { machine: null, limit: null }).length;
  let killed = 0;
  for (const snapshot of snapshots.slice(1).concat(snapshotFile(night(60, ports)))) {
    time = performance.now();
    const child = start(['--baseline', baseline, '--store', store, '--report', report, '--from', snapshot]);
    const closed = once(child, 'close');
    const timer = setTimeout(() => void child.kill('SIGKILL'), Math.random() * duration * 1.1);
    const [, signal] = (await closed) as [number | null, string | null];
    clearTimeout(timer);
    if (signal !== null) killed++;
    else duration = performance.now() - time;
    const runs = readRuns(store, { machine: null, limit: null });
    assert.ok(runs.length === stored || runs.length === stored + 1, 'a run is there or not');
    stored = runs.length;
    const spans = readSpans(store, { machine: null, port: null, dynamic: true, owner: null });
    assert.is(spans.filter(({ IsOpen }) => IsOpen).length, runs[0]!.Listeners, 'the newest run is whole');
    const text = readFileSync(report, 'utf8');
    assert.match(text, /^\ufeffKind,/);
    assert.ok(text.endsWith('\r\n'), 'the report is whole');
  }
  assert.ok(killed >= 15, `only ${killed} of 50 were killed in time`);
  const database = new DatabaseSync(store);
  assert.is(Object.values(database.prepare('PRAGMA integrity_check').get()!)[0], 'ok');
  database.close();
});

test('a locked store is waited for', async () => {
  const { store } = await place();
  await audit(['--store', store], night(1, [22]));
  const database = new DatabaseSync(store);
  database.exec('BEGIN IMMEDIATE');
  const child = start(['--store', store, '--from', snapshotFile(night(2, [22]))]);
  const closed = once(child, 'close');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.is(child.exitCode, null, 'it waits');
  database.exec('ROLLBACK');
  database.close();
  assert.is((await closed)[0], 0);
  assert.is(readRuns(store, { machine: null, limit: null }).length, 2);
});

const mountable = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v unshare mount'], { stdio: 'ignore' }).status === 0;
/** Runs a shell script in a mount namespace of its own, in which $1 is a file system of a few hundred KB. */
function onSmallDisk(folder: string, script: string, ...args: string[]) {
  const outer = 'mount -t tmpfs -o size=$2 tmpfs "$1"; shift 2; eval "$1"';
  return spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', outer, 'sh', folder, '400k', script, ...args], { encoding: 'utf8' });
}

test('a disk that is full: one error, exit 69, and what was stored is still there', async (context: TestContext) => {
  if (!mountable) return skip('a full disk (needs root and mount namespaces)', context);
  const { folder } = await place();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const many = snapshotFile(
    night(
      2,
      Array.from({ length: 20_000 }, (_, index) => 1000 + index),
    ),
  );
  const portowner = ownProgram.map((word) => `"${word}"`).join(' ');
  const script = `cd "${disk}"
${portowner} audit --store audits.db --from "${snapshotFile(night(1, [22]))}" || exit 3
cp audits.db before.db
${portowner} audit --store audits.db --report r.csv --from "${many}"; echo "code $?"
cmp audits.db before.db || { ${portowner} history --store audits.db --format csv >/dev/null && echo usable; }
${portowner} history --store audits.db --count
ls`;
  const { stdout, stderr, status } = onSmallDisk(disk, script);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^code 69\n(?:usable\n|)1\naudits\.db\nbefore\.db\n/m);
  assert.match(stderr, /PO4201: the store audits\.db cannot be used: the disk is full/);
});

test('a read-only file system: one error for the store and one for the report', async (context: TestContext) => {
  if (!mountable) return skip('a read-only folder (needs root and mount namespaces)', context);
  const { folder } = await place();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const portowner = ownProgram.map((word) => `"${word}"`).join(' ');
  const script = `cd "${disk}"
${portowner} audit --store audits.db --from "${snapshotFile(night(1, [22]))}" || exit 3
mount -o remount,ro "${disk}"
${portowner} audit --store audits.db --report r.csv --from "${snapshotFile(night(2, [22]))}"; echo "code $?"
${portowner} history --store audits.db --count`;
  const { stdout, stderr, status } = onSmallDisk(disk, script);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^code 69\n1\n/m);
  assert.match(stderr, /PO4201: the store audits\.db cannot be used: it, or its folder, cannot be written/);
  assert.match(stderr, /PO2004: cannot write r\.csv: the file system is read-only/);
});

test.run();
