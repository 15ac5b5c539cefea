import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../src/audit/listeners.ts';
import { useStore } from '../../src/audit/store/open.ts';
import { pastTime } from '../../src/cli/past-time.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { run, temporaryFolder } from '../support/harness.ts';

const test = suite('portowner fleet');

const folder = temporaryFolder();
const store = join(folder, 'audits.db');
const now = new Date('2026-01-03T09:00:00Z');
const night = (number: number): string => `2026-01-0${number}T02:00:00.000Z`;
const hash = 'ab'.repeat(32);

const listener = (port: number, program: string, more: Partial<Listener> = {}): Listener => ({
  protocol: 'TCP',
  address: '0.0.0.0',
  port,
  ports: [port],
  scope: 'Any',
  program,
  services: [],
  user: 'www',
  sha256: null,
  signer: null,
  ...more,
});
const [ssh, web, door] = [listener(22, '/usr/sbin/sshd', { services: ['ssh.service'] }), listener(443, '/usr/sbin/nginx', { sha256: hash }), listener(4444, '/tmp/door')];

/** The nights of each machine, from the first one on. */
const fleet: Readonly<Record<string, readonly (readonly Listener[] | null)[]>> = {
  web1: [
    [ssh, web],
    [ssh, web],
    [ssh, web, door],
  ],
  web2: [
    [ssh, web],
    [ssh, web],
    [ssh, web],
  ],
  db1: [[ssh], null, null],
  new1: [null, null, [ssh]],
};

test.before(() =>
  useStore(store, async (audits) => {
    for (const [machine, nights] of Object.entries(fleet))
      for (const [index, listeners] of nights.entries())
        if (listeners !== null)
          await audits.add(
            { machine, at: night(index + 1), tool: 'a test', listeners, findings: [], keepDays: null, partial: machine === 'web2' && index === 2, forgetLater: false },
            now,
          );
  }),
);

type Row = Readonly<Record<string, unknown>>;
const ask = async (...args: string[]): Promise<{ code: number; rows: Row[]; err: string }> => {
  const { code, out, err } = await run(['fleet', '--store', store, '--format', 'json', ...args], { now: () => now });
  return { code, rows: out === '' ? [] : (JSON.parse(out) as Row[]), err };
};

const questions: readonly [args: string[], columns: string[], rows: unknown[][]][] = [
  [
    [],
    ['ComputerName', 'Status', 'LastAudit'],
    [
      ['db1', 'Missing', night(1)],
      ['new1', 'Current', night(3)],
      ['web1', 'Current', night(3)],
      ['web2', 'Current', night(3)],
    ],
  ],
  [
    ['--machine', 'WEB?'],
    ['ComputerName', 'Complete', 'Listeners', 'Tool'],
    [
      ['web1', true, 3, 'a test'],
      ['web2', false, 2, 'a test'],
    ],
  ],
  [['--missing'], ['ComputerName', 'Status'], [['db1', 'Missing']]],
  [['--missing', '--max-age', '7d'], [], []],
  [['--missing', '--max-age', '1h'], ['ComputerName'], [['db1'], ['new1'], ['web1'], ['web2']]],
  [
    ['443'],
    ['ComputerName', 'Port', 'FirstSeen', 'LastSeen', 'Program', 'Machines'],
    [
      ['web1', '443', night(1), night(3), '/usr/sbin/nginx', null],
      ['web2', '443', night(1), night(3), '/usr/sbin/nginx', null],
    ],
  ],
  [['https', '--machine', 'web2'], ['ComputerName'], [['web2']]],
  [['--program', 'door'], ['ComputerName'], [['web1']]],
  [['--service', 'ssh', '--machine', 'db*'], ['ComputerName'], [['db1']]],
  [
    ['--sha256', 'ABABABAB'],
    ['ComputerName', 'Sha256'],
    [
      ['web1', hash],
      ['web2', hash],
    ],
  ],
  [['444'], [], []],
  [['dynamic'], [], []],
  [['--new'], ['ComputerName', 'Port', 'Event', 'FirstSeen'], [['web1', '4444', 'Appeared', night(3)]]],
  [['--since', '2026-01-03'], ['Port'], [['4444']]],
  [['--since', '2026-01-03T04:00'], [], []],
  [['--since', '2026-01-03T04:00+02:01'], ['Port'], [['4444']]],
  [['--new', '443'], [], []],
  [['--rare'], ['ComputerName', 'Port', 'Machines'], [['web1', '4444', 1]]],
  [
    ['--rare', '--max-machines', '2'],
    ['ComputerName', 'Port', 'Machines'],
    [
      ['web1', '4444', 1],
      ['web1', '443', 2],
      ['web2', '443', 2],
    ],
  ],
  [['--versions', '--program', 'nginx'], ['Program', 'Machines', 'ComputerNames', 'Sha256'], [['nginx', 2, ['web1', 'web2'], hash]]],
  [['--versions', '22'], ['Program', 'Machines', 'Sha256'], [['sshd', 4, null]]],
  [['--machine', 'none*'], [], []],
];
for (const [args, columns, rows] of questions)
  test(`fleet ${args.join(' ')}`, async () => {
    const answer = await ask(...args);
    assert.equal(
      answer.rows.map((row) => columns.map((name) => row[name])),
      rows,
      answer.err,
    );
    assert.is(answer.code, rows.length > 0 ? 0 : 1);
  });

/** How an answer starts, and what comes after the rows. */
const sentences: readonly [args: string[], start: string, end?: string][] = [
  [[], '1 of 4 machines has not reported since 2026-01-02 08:00 UTC.\n\n'],
  [['--missing', '--machine', 'web*'], 'All 2 machines have reported since 2026-01-02 08:00 UTC.\n'],
  [['443'], '2 listeners on 2 of 4 machines.\n\n', '\n1 machine has not reported since 2026-01-02 08:00 UTC. The newest audit of 1 machine was incomplete.\n'],
  [['9'], 'No matching listeners in the newest audits of 4 machines. 1 machine has not reported since 2026-01-02 08:00 UTC. The newest audit of 1 machine was incomplete.\n'],
  [
    ['--new', '--machine', '*1'],
    '1 new listener on 1 machine since 2026-01-02 09:00 UTC.\n\n',
    '\n1 machine reported for the first time: what its first audit saw is not listed. 1 machine has not reported since 2026-01-02 08:00 UTC.\n',
  ],
  [['--rare', '--machine', 'web1'], '3 listeners are on one machine only, among 1 machine.\n\n'],
  [['--rare', '80'], 'No matching listener is on one machine only, among 4 machines. '],
  [['--versions', '--machine', 'db1', '--max-age', '7d'], '1 version of 1 program among 1 machine.\n\n', '\nNone of these audits has hashes: use portowner audit --hash.\n'],
];
for (const [args, start, end = ''] of sentences)
  test(`the sentences of ${args.join(' ')}`, async () => {
    const { out } = await run(['fleet', '--store', store, ...args], { now: () => now, terminal: { columns: 400, colors: false, unicode: true } });
    assert.is(out.slice(0, start.length), start);
    assert.is(out.slice(out.length - end.length), end);
  });

test('a list adds the machines that never reported', async () => {
  const list = join(folder, 'machines.txt');
  writeFileSync(list, '\ufeff# the servers\r\nWEB1\r\n  app%_1\t# planned\r\n\r\ndb1\napp%_1\nAPP%_1\nweb9\n');
  const { rows, code } = await ask('--missing', '--expected', list);
  assert.equal(
    rows.map(({ ComputerName, Status, LastAudit }) => [ComputerName, Status, LastAudit]),
    [
      ['app%_1', 'NeverReported', null],
      ['web9', 'NeverReported', null],
      ['db1', 'Missing', night(1)],
    ],
  );
  assert.is(code, 0);
  assert.equal(
    (await ask('--expected', list, '--machine', 'web*')).rows.map(({ ComputerName }) => ComputerName),
    ['web1', 'web2', 'web9'],
  );
  assert.match(
    (await run(['fleet', '--store', store, '--missing', '--expected', list], { now: () => now })).out,
    /^1 of 4 machines has not reported since .*\n\n[^]*\n2 expected machines never reported\.\n$/,
  );
});

test('a table says which machine each row is about', async () => {
  for (const columns of [80, 120])
    for (const args of [['443'], ['--new'], ['--rare'], []]) {
      const { out } = await run(['fleet', '--store', store, ...args], { now: () => now, terminal: { columns, colors: false, unicode: true } });
      assert.match(out, /\nComputerName /, args.join(' '));
      assert.ok(
        out.split('\n').every((line) => line.length <= columns),
        out,
      );
    }
  const history = await run(['history', '443', '--store', store], { now: () => now, terminal: { columns: 80, colors: false, unicode: true } });
  assert.match(history.out, /\nComputerName .*FirstSeen .*Program\n-.*\nweb1 /);
  const one = await run(['history', '443', '--machine', 'web1', '--store', store], { now: () => now });
  assert.not.match(one.out, /ComputerName/);
});

test('--redact hides the machines, also in lists of them', async () => {
  for (const args of [[], ['443'], ['--new'], ['--rare'], ['--versions']])
    for (const format of ['json', 'table', 'csv']) {
      const { out } = await run(['fleet', '--store', store, '--redact', '--format', format, ...args], { now: () => now });
      assert.not.match(out, /web1|web2|db1|new1/, args.join(' '));
      assert.match(out, /MACHINE1/, `${args.join(' ')} ${format}`);
    }
});

const mistakes: readonly [args: string[], message: RegExp][] = [
  [['--new', '--since', '7d'], /PO1005: --new cannot be combined with --since/],
  [['--rare', '--versions'], /PO1005: --rare cannot be combined with --versions/],
  [['--since', '7d', '--missing'], /PO1005: --since cannot be combined with --missing/],
  [['443', '--missing'], /PO1005: --missing cannot be combined with PORTS, --program, --service, and --sha256/],
  [['--max-machines', '2'], /PO1005: --max-machines needs --rare/],
  [['--rare', '--max-machines', '0'], /PO1001: unknown value "0" for --max-machines/],
  [['443', '--expected', store], /PO1005: --expected can be used only for the list of machines, and with --missing/],
  [['--missing', '--expected', join(folder, 'none.txt')], /PO2001: cannot read .*none\.txt: the file does not exist/],
  [['--sha256', 'abc'], /PO1001: unknown value "abc" for --sha256; expected a SHA-256 hash, or its first 8 or more hex digits/],
  [['--sha256', 'abcdefgh'], /PO1001/],
  [['--since', 'yesterday'], /PO1001: unknown value "yesterday" for --since; expected a time in the past, such as 24h/],
  [['--since', '24'], /PO1001: unknown value "24" for --since/],
  [['--since', '2026-02-30'], /PO1001/],
  [['--since', '2026-01-03T25:00'], /PO1001/],
  [['--since', '2027-01-01'], /PO1001: unknown value "2027-01-01" for --since; expected a time in the past/],
  [['--since', ''], /PO1001/],
  [['--max-age', '1m'], /PO1001: unknown value "1m" for --max-age/],
  [['--max-age', 'x'], /PO1001/],
  [['--machine', ''], /PO1001: missing value for --machine; expected the name of a machine/],
  [['--program', ''], /PO1001: missing value for --program/],
  [['--machine', `${'*a'.repeat(1000)}*`], /PO1001: a wildcard pattern has 2001 characters/],
  [['99999'], /PO1002/],
  [['tcp:443'], /PO1002: fleet takes only ports/],
];
for (const [args, message] of mistakes)
  test(`the mistake ${args.join(' ').slice(0, 60)}`, async () => {
    const { code, err, out } = await run(['fleet', '--store', store, ...args], { now: () => now });
    assert.match(err, message);
    assert.is(out, '');
    assert.is(code, err.includes('PO2001') ? 69 : 64);
  });

test('no store, a missing one, and one that is not a store', async () => {
  assert.match((await run(['fleet'])).err, /PO1001: missing --store: portowner fleet --store FILE/);
  assert.is((await run(['fleet', '443', '--store', `${store}.no`])).code, 69);
  const other = join(folder, 'other.db');
  writeFileSync(other, 'x'.repeat(10_000));
  const { code, err } = await run(['fleet', '--rare', '--store', other]);
  assert.is(code, 69);
  assert.match(err, /PO2002: .* it is not a PortOwner store/);
});

const moments: readonly [text: string, time: string | null][] = [
  ['24h', '2026-01-02T09:00:00.000Z'],
  ['90 d', '2025-10-05T09:00:00.000Z'],
  ['2026-01-01', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01 02:30 UTC', '2026-01-01T02:30:00.000Z'],
  ['2026-01-01T02:30:15.1234567Z', '2026-01-01T02:30:15.123Z'],
  [' 2026-01-01t02:30+05:30 ', '2025-12-31T21:00:00.000Z'],
  ['2026-01-01T02', null],
  ['2026-13-01', null],
  ['0000-00-00', null],
  ['36501d', null],
];
for (const [text, time] of moments)
  test(`the time ${text}`, () => {
    if (time === null)
      assert.throws(
        () => pastTime('--since', text, now),
        (error: unknown) => error instanceof PortOwnerError && error.problem.code === 'PO1001',
      );
    else assert.is(pastTime('--since', text, now).toISOString(), time);
  });

test.run();
