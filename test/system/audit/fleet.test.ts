// What every store answers about its machines, in each engine: SQLite, and a real PostgreSQL server.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../../src/audit/listeners.ts';
import { machineChoice } from '../../../src/audit/selection.ts';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import type { AuditStore, ListenerQuestion, MachineChoice } from '../../../src/audit/store/contract.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import type { FleetListener } from '../../../src/schema/fleet.ts';
import { databaseVersions, noDatabase, noNewestDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { root } from '../../../src/build/runtime.mjs';
import { skip } from '../../support/skip.ts';

const test = suite('the fleet in a store');

const night = (number: number): Date => new Date(Date.UTC(2026, 0, number, 3));

const listener = (port: number | 'dynamic', program: string | null, more: Partial<Listener> = {}): Listener => ({
  protocol: 'TCP',
  address: port === 'dynamic' ? 'any' : '0.0.0.0',
  port,
  ports: port === 'dynamic' ? [50_000] : [port],
  scope: 'Any',
  program,
  services: [],
  user: null,
  sha256: null,
  signer: null,
  ...more,
});

const [old, newer] = ['a'.repeat(64), 'b'.repeat(64)];
const sshd = listener(22, '/usr/sbin/sshd', { services: ['ssh.service'] });
const nginx = (sha256: string, folder = '/usr/sbin') => listener(443, `${folder}/nginx`, { sha256, services: ['nginx.service'] });
const evil = 'x\u0001\u001b[31m"\'\\%_*?[a]\n日本';

/** The listeners of each machine in each night; null: it did not report. */
const fleet: Readonly<Record<string, readonly (readonly Listener[] | null)[]>> = {
  web1: [
    [sshd, nginx(old)],
    [sshd, nginx(newer)],
    [sshd, nginx(newer)],
  ],
  // The same program in another folder, with a version in its name.
  WEB2: [
    [sshd, nginx(old, '/opt/nginx-1.25')],
    [sshd, nginx(old, '/opt/nginx-1.26')],
    [sshd, nginx(old, '/opt/nginx-1.26'), listener(9000, '/opt/node20.1')],
  ],
  db1: [[sshd, listener(5432, 'C:\\PG\\postgres.exe')], [sshd, listener(5432, 'C:\\PG\\postgres.exe')], null],
  // The port of sshd changed hands.
  db2: [[sshd], [sshd], [listener(22, '/tmp/sshd'), listener('dynamic', '/usr/bin/agent')]],
  // It reported for the first time.
  new1: [null, null, [sshd, nginx(newer)]],
  '100%_sure\\box': [[listener(8080, '/opt/node-22.1')], [listener(8080, '/opt/node-22.1')], [listener(8080, '/opt/node-24.0')]],
  [evil]: [[listener(6666, evil, { services: [evil] })], [listener(6666, evil, { services: [evil] })], [listener(6666, evil, { services: [evil] })]],
};

const servers: DatabaseServer[] = [];
const folder = mkdtempSync(join(tmpdir(), 'portowner-fleet-'));
const urls: Record<string, string> = { 'a file': join(folder, 'audits.db') };
const empty: Record<string, string> = { 'a file': join(folder, 'empty.db') };

const run = (machine: string, number: number, listeners: readonly Listener[]) => ({
  machine,
  at: night(number).toISOString(),
  tool: 'a test',
  listeners,
  findings: [],
  keepDays: null,
  partial: machine === 'db2',
  forgetLater: false,
});

test.before(async () => {
  const why = noDatabase ?? noNewestDatabase;
  if (why !== null) skip(why, { __suite__: 'the fleet in a store', __test__: 'in a database' });
  for (const [version, bin] of noDatabase === null ? Object.entries(databaseVersions) : []) {
    const server = await startDatabase({ bin });
    servers.push(server);
    for (const [of, name] of [
      [urls, 'audits'],
      [empty, 'empty'],
    ] as const) {
      server.sql(`create database ${name}`);
      await makeStore(databaseAddress(server.url(name)), false);
      of[version] = server.url(name);
    }
  }
  for (const url of Object.values(urls))
    await useStore(url, async (store) => {
      for (const [machine, nights] of Object.entries(fleet))
        for (const [index, listeners] of nights.entries()) if (listeners !== null) await store.add(run(machine, index + 1, listeners), night(3));
    });
  // A store that forgot its only audit has none.
  await useStore(empty['a file']!, async (store) => {
    await store.add(run('box', 3, []), night(3));
    await store.add({ ...run('box', 2, []), forgetLater: true }, night(2));
  });
});
test.after(() => {
  for (const server of servers) server.stop();
  rmSync(folder, { recursive: true });
});

const everything: ListenerQuestion = { machine: null, port: null, dynamic: true, owner: null, sha256: null };
const port = (number: number): Partial<ListenerQuestion> => ({ port: [{ start: number, end: number }], dynamic: false });

const engines = ['a file', ...(noDatabase === null ? Object.keys(databaseVersions) : [])];

/** Every engine gives the same answer. */
function both<T>(name: string, ask: (store: AuditStore) => Promise<T>, expected: T): void {
  for (const engine of engines) test(`${engine}: ${name}`, async () => assert.equal(await useStore(urls[engine]!, ask), expected));
}

const text = ({ ComputerName, Protocol, LocalAddress, Port, Program }: FleetListener): string => `${ComputerName} ${Protocol} ${LocalAddress} ${Port} ${Program}`;
const listed = (question: Partial<ListenerQuestion>) => async (store: AuditStore) => (await store.listeners({ ...everything, ...question })).map(text);

both('who has a port now', listed(port(443)), ['WEB2 TCP 0.0.0.0 443 /opt/nginx-1.26/nginx', 'new1 TCP 0.0.0.0 443 /usr/sbin/nginx', 'web1 TCP 0.0.0.0 443 /usr/sbin/nginx']);
both('an unknown port', listed(port(444)), []);
both('a port that only a dynamic listener took', listed(port(50_000)), ['db2 TCP any 50000 /usr/bin/agent']);
both('dynamic listeners', listed({ port: [], dynamic: true }), ['db2 TCP any dynamic /usr/bin/agent']);
both(
  'two ports, and not what is between them',
  listed({
    port: [
      { start: 22, end: 22 },
      { start: 5432, end: 9000 },
    ],
    dynamic: false,
    machine: machineChoice(['db1', 'WEB2']),
  }),
  ['WEB2 TCP 0.0.0.0 22 /usr/sbin/sshd', 'db1 TCP 0.0.0.0 22 /usr/sbin/sshd', 'db1 TCP 0.0.0.0 5432 C:\\PG\\postgres.exe', 'WEB2 TCP 0.0.0.0 9000 /opt/node20.1'],
);
both(
  'the versions on two ports, and dynamic ones',
  async (store) =>
    (
      await store.versions({
        ...everything,
        port: [
          { start: 22, end: 22 },
          { start: 5432, end: 5432 },
        ],
      })
    ).map(({ Program }) => Program),
  ['agent', 'postgres', 'sshd'],
);
both('how much the newest audits say', async (store) => await store.coverage(null, night(3)), { machines: 7, missing: 1, incomplete: 1 });
both('how much those of some machines say', async (store) => await store.coverage(machineChoice(['web*']), night(4)), { machines: 2, missing: 2, incomplete: 0 });
both('a program', listed({ owner: ({ program }) => program === '/tmp/sshd' }), ['db2 TCP 0.0.0.0 22 /tmp/sshd']);
both('a service on a port', listed({ ...port(22), owner: ({ services }) => services.includes('ssh.service') }), [
  'WEB2 TCP 0.0.0.0 22 /usr/sbin/sshd',
  'db1 TCP 0.0.0.0 22 /usr/sbin/sshd',
  'new1 TCP 0.0.0.0 22 /usr/sbin/sshd',
  'web1 TCP 0.0.0.0 22 /usr/sbin/sshd',
]);
both('a hash, or its beginning', listed({ sha256: 'aaaaaaaa' }), ['WEB2 TCP 0.0.0.0 443 /opt/nginx-1.26/nginx']);
both('a hash that is longer than any', listed({ sha256: `${old}0` }), []);
both('a hostile program', listed({ owner: ({ program }) => program === evil }), [`${evil} TCP 0.0.0.0 6666 ${evil}`]);
both(
  'when a listener was first seen, and its machine last',
  async (store) => {
    const rows = await store.listeners({ ...everything, ...port(5432) });
    return rows.map(({ FirstSeen, LastSeen, Machines, Services, Sha256 }) => [FirstSeen, LastSeen, Machines, Services, Sha256]);
  },
  [[night(1).toISOString(), night(2).toISOString(), null, null, null]],
);

const machines: readonly [patterns: string[] | null, names: string[]][] = [
  [null, ['100%_sure\\box', 'WEB2', 'db1', 'db2', 'new1', 'web1', evil]],
  [['web1'], ['web1']],
  [['WEB1'], ['web1']],
  [['web*'], ['WEB2', 'web1']],
  [['?B1'], ['db1']],
  [
    ['web1', 'db?'],
    ['db1', 'db2', 'web1'],
  ],
  // What LIKE would take for wildcards.
  [['100%*'], ['100%_sure\\box']],
  [['%'], []],
  [['%*'], []],
  [['web_'], []],
  [['100%_sure\\*'], ['100%_sure\\box']],
  [['*\\b?x'], ['100%_sure\\box']],
  [['100%?sure*'], ['100%_sure\\box']],
  [['*日?'], [evil]],
  [['*"\'*'], [evil]],
  [["'; drop table portowner.machine; --*"], []],
  [['none'], []],
];
for (const [patterns, names] of machines) {
  const choice = (): MachineChoice => machineChoice(patterns);
  const what = JSON.stringify(patterns);
  both(
    `the machines ${what}, with their audits, histories, and listeners`,
    async (store) => {
      const [runs, spans, listeners] = await Promise.all([
        store.runs({ machine: choice(), limit: null }),
        store.spans({ ...everything, machine: choice() }),
        store.listeners({ ...everything, machine: choice() }),
      ]);
      const of = (rows: readonly { readonly ComputerName: string | null }[]) => [...new Set(rows.map(({ ComputerName }) => ComputerName!))].toSorted();
      return [(await store.newest(choice())).map(({ machine }) => machine), of(runs), of(spans), of(listeners)];
    },
    [names, names.toSorted(), names.toSorted(), names.toSorted()],
  );
}

both('the newest audits', async (store) => await store.newest('DB2'), [{ machine: 'db2', at: night(3).toISOString(), listeners: 2, complete: false, tool: 'a test' }]);
both(
  'the newest audits of some machines',
  async (store) => (await store.runs({ machine: machineChoice(['web*']), limit: 2 })).map(({ ComputerName, RunTime }) => `${ComputerName} ${RunTime}`),
  [`WEB2 ${night(3).toISOString()}`, `web1 ${night(3).toISOString()}`],
);

const rare =
  (most: number, more: Partial<ListenerQuestion> = {}) =>
  async (store: AuditStore) =>
    (await store.rareListeners({ ...everything, ...more }, most)).map((row) => `${row.Machines} ${row.ComputerName} ${row.Port} ${row.Program}`);
both('what is on one machine only', rare(1), [
  '1 db1 5432 C:\\PG\\postgres.exe',
  `1 ${evil} 6666 ${evil}`,
  '1 100%_sure\\box 8080 /opt/node-24.0',
  '1 WEB2 9000 /opt/node20.1',
  '1 db2 dynamic /usr/bin/agent',
]);
both('what is on one of some machines only', rare(1, { machine: machineChoice(['web*', 'db1']) }), ['1 db1 5432 C:\\PG\\postgres.exe', '1 WEB2 9000 /opt/node20.1']);
both('what is on three machines at most', rare(3, port(443)), ['3 WEB2 443 /opt/nginx-1.26/nginx', '3 new1 443 /usr/sbin/nginx', '3 web1 443 /usr/sbin/nginx']);
both('a filter does not make a listener rare', rare(1, { owner: ({ program }) => program === '/tmp/sshd' }), []);
both('nor does a hash', rare(1, { sha256: old }), []);
both('a rare listener with a hash', rare(3, { sha256: old }), ['3 WEB2 443 /opt/nginx-1.26/nginx']);

both('which version is where', async (store) => await store.versions({ ...everything, ...port(443) }), [
  { Program: 'nginx', Machines: 2, ComputerNames: ['new1', 'web1'], FirstSeen: night(2).toISOString(), Sha256: newer, Paths: ['/usr/sbin/nginx'], Signer: null },
  { Program: 'nginx', Machines: 1, ComputerNames: ['WEB2'], FirstSeen: night(2).toISOString(), Sha256: old, Paths: ['/opt/nginx-1.26/nginx'], Signer: null },
]);
both('programs by name', async (store) => (await store.versions(everything)).map(({ Program, Machines, Paths }) => [Program, Machines, Paths]), [
  [evil.slice(evil.indexOf('\\') + 1).toLowerCase(), 1, [evil]],
  ['agent', 1, ['/usr/bin/agent']],
  ['nginx', 2, ['/usr/sbin/nginx']],
  ['nginx', 1, ['/opt/nginx-1.26/nginx']],
  ['node', 2, ['/opt/node-24.0', '/opt/node20.1']],
  ['postgres', 1, ['C:\\PG\\postgres.exe']],
  ['sshd', 5, ['/tmp/sshd', '/usr/sbin/sshd']],
]);

const news =
  (since: number, compared: number, more: Partial<ListenerQuestion> = {}) =>
  async (store: AuditStore) => {
    const { spans, newMachines } = await store.news({ ...everything, ...more }, { since: night(since), compared: night(compared) });
    return [newMachines, ...spans.map(({ ComputerName, Port, Event, Program, PreviousOwner }) => `${ComputerName} ${Port} ${Event} ${Program} ${PreviousOwner}`)];
  };
both('what appeared in the last night', news(2, 1), [
  1,
  'db2 22 ChangedHands /tmp/sshd /usr/sbin/sshd (ssh.service)',
  '100%_sure\\box 8080 ChangedHands /opt/node-24.0 /opt/node-22.1',
  'WEB2 9000 Appeared /opt/node20.1 null',
  'db2 dynamic Appeared /usr/bin/agent null',
]);
both('what appeared in two nights', news(1, 1, port(443)), [
  1,
  'WEB2 443 ChangedHands /opt/nginx-1.26/nginx /opt/nginx-1.25/nginx (nginx.service)',
  'web1 443 BinaryChanged /usr/sbin/nginx null',
]);
both('previous owners from before the period are not compared', news(2, 3, port(22)), [1, 'db2 22 Appeared /tmp/sshd null']);
both('what the first audit of a machine saw is never new', news(-100, -200), [
  7,
  'db2 22 ChangedHands /tmp/sshd /usr/sbin/sshd (ssh.service)',
  'WEB2 443 ChangedHands /opt/nginx-1.26/nginx /opt/nginx-1.25/nginx (nginx.service)',
  'web1 443 BinaryChanged /usr/sbin/nginx null',
  '100%_sure\\box 8080 ChangedHands /opt/node-24.0 /opt/node-22.1',
  'WEB2 9000 Appeared /opt/node20.1 null',
  'db2 dynamic Appeared /usr/bin/agent null',
]);
both('what appeared on some machines', news(2, 1, { machine: machineChoice(['web*']) }), [0, 'WEB2 9000 Appeared /opt/node20.1 null']);
both('what appeared of a program', news(2, 1, { owner: ({ program }) => program === '/tmp/sshd' }), [1, 'db2 22 ChangedHands /tmp/sshd /usr/sbin/sshd (ssh.service)']);
both('what appeared with a hash', news(1, 1, { sha256: newer.slice(0, 8) }), [1, 'web1 443 BinaryChanged /usr/sbin/nginx null']);
both('a port number from the dynamic range that is new', news(2, 1, port(50_000)), [1, 'db2 50000 Appeared /usr/bin/agent null']);
both('nothing is new after the last night', news(3, 2), [0]);

for (const engine of engines)
  test(`${engine}: a machine whose old audits were deleted is not new`, () =>
    useStore(empty[engine]!, async (store) => {
      for (const number of [1, 2, 3]) await store.add({ ...run('kept', number, number < 3 ? [sshd] : [sshd, nginx(old)]), keepDays: 0 }, night(3));
      assert.is((await store.runs({ machine: 'kept', limit: null })).length, 1);
      const { spans, newMachines } = await store.news({ ...everything, machine: 'kept' }, { since: night(2), compared: night(1) });
      assert.equal([newMachines, ...spans.map(({ Port }) => Port)], [0, '443']);
    }));

for (const engine of engines)
  test(`${engine}: a machine whose audits are weeks apart is not new`, () =>
    useStore(empty[engine]!, async (store) => {
      await store.add(run('weekly', -20, [sshd]), night(3));
      await store.add(run('weekly', 3, [sshd, nginx(old)]), night(3));
      const { spans, newMachines } = await store.news({ ...everything, machine: 'weekly' }, { since: night(2), compared: night(1) });
      assert.equal([newMachines, ...spans.map(({ Port, Event }) => `${Port} ${Event}`)], [0, '443 Appeared']);
    }));

for (const engine of engines)
  test(`${engine}: the hash that a later audit adds is that of its machine`, () =>
    useStore(empty[engine]!, async (store) => {
      const plain = listener(8443, '/usr/sbin/late');
      for (const machine of ['late1', 'late2', 'late3']) await store.add(run(machine, 1, [plain]), night(3));
      for (const [machine, sha256] of [
        ['late1', old],
        ['late2', newer],
        ['late3', null],
      ] as const)
        await store.add(run(machine, 2, [{ ...plain, sha256 }]), night(3));
      const found = await store.listeners({ ...everything, ...port(8443) });
      assert.equal(
        found.map(({ ComputerName, Sha256 }) => [ComputerName, Sha256]),
        [
          ['late1', old],
          ['late2', newer],
          ['late3', null],
        ],
      );
      await store.add(run('late2', 3, [{ ...plain, sha256: old }]), night(3));
      const { spans } = await store.news({ ...everything, ...port(8443) }, { since: night(2), compared: night(1) });
      assert.equal(
        spans.map(({ ComputerName, Event, Sha256 }) => [ComputerName, Event, Sha256]),
        [['late2', 'BinaryChanged', old]],
      );
    }));

for (const engine of engines)
  test(`${engine} without audits answers every question`, () =>
    useStore(empty[engine]!, async (store) => {
      const machine = machineChoice(['none*']);
      assert.equal(await store.newest(machine), []);
      assert.equal(await store.listeners({ ...everything, machine }), []);
      assert.equal(await store.rareListeners({ ...everything, machine }, 1), []);
      assert.equal(await store.versions({ ...everything, machine }), []);
      assert.equal(await store.news({ ...everything, machine }, { since: night(2), compared: night(1) }), { spans: [], newMachines: 0 });
    }));

/** The SQL that the guide shows, by its comments. */
function guideQueries(): Map<string, string> {
  const guide = readFileSync(join(root, 'docs/guide/fleet.md'), 'utf8');
  const blocks = Array.from(guide.matchAll(/^```sql\n([^]*?)^```$/gm), ([, block]) => block!);
  assert.is(blocks.length, 2);
  return new Map(
    blocks
      .flatMap((block) => block.split(/;\n/))
      .filter((query) => query.trim() !== '')
      .map((query): [string, string] => [/^-- (.*)/.exec(query)?.[1] ?? query, query]),
  );
}

/** What the queries of the guide find in the morning after the last night. */
const guideAnswers: Readonly<Record<string, readonly string[]>> = {
  'Which machines have a listener on port 443 now, and which program owns it': [
    `WEB2|0.0.0.0|/opt/nginx-1.26/nginx|${old}`,
    `new1|0.0.0.0|/usr/sbin/nginx|${newer}`,
    `web1|0.0.0.0|/usr/sbin/nginx|${newer}`,
  ],
  'What is new since yesterday, without the first audit of a machine': [
    '100%_sure\\box|TCP|8080|/opt/node-24.0|2026-01-03 03:00:00+00',
    'WEB2|TCP|9000|/opt/node20.1|2026-01-03 03:00:00+00',
    'db2|TCP|0|/usr/bin/agent|2026-01-03 03:00:00+00',
    'db2|TCP|22|/tmp/sshd|2026-01-03 03:00:00+00',
  ],
  'Which machines did not report': ['db1|2026-01-02 03:00:00+00'],
  'Which ports only one machine has': [`TCP|0|db2`, 'TCP|5432|db1', `TCP|6666|${evil}`, 'TCP|8080|100%_sure\\box', 'TCP|9000|WEB2'],
  'Which executables of a program are on how many machines': [`${newer}|2`, `${old}|1`],
  'For Power BI: each machine with its newest audit, and how many of its listeners are new in a week': [
    '100%_sure\\box|2026-01-03 03:00:00+00|t|1|1',
    'WEB2|2026-01-03 03:00:00+00|t|3|3',
    'db1|2026-01-02 03:00:00+00|t|2|2',
    'db2|2026-01-03 03:00:00+00|f|2|2',
    'new1|2026-01-03 03:00:00+00|t|2|2',
    'web1|2026-01-03 03:00:00+00|t|2|2',
    `${evil}|2026-01-03 03:00:00+00|t|1|1`,
  ],
  'For Excel: the listeners on ports below 1024, with their owners': [
    '22|TCP|0.0.0.0|WEB2|/usr/sbin/sshd||2026-01-01 03:00:00+00',
    '22|TCP|0.0.0.0|db1|/usr/sbin/sshd||2026-01-01 03:00:00+00',
    '22|TCP|0.0.0.0|db2|/tmp/sshd||2026-01-03 03:00:00+00',
    '22|TCP|0.0.0.0|new1|/usr/sbin/sshd||2026-01-03 03:00:00+00',
    '22|TCP|0.0.0.0|web1|/usr/sbin/sshd||2026-01-01 03:00:00+00',
    '443|TCP|0.0.0.0|WEB2|/opt/nginx-1.26/nginx||2026-01-02 03:00:00+00',
    '443|TCP|0.0.0.0|new1|/usr/sbin/nginx||2026-01-03 03:00:00+00',
    '443|TCP|0.0.0.0|web1|/usr/sbin/nginx||2026-01-02 03:00:00+00',
  ],
  'For a graph in Grafana: findings for each night': ['2026-01-01 00:00:00+00|0', '2026-01-02 00:00:00+00|0', '2026-01-03 00:00:00+00|0'],
};

if (noDatabase === null)
  test('the SQL of the guide runs, and answers what it says', () => {
    const queries = guideQueries();
    for (const [comment, query] of queries) {
      // The macro is Grafana's own.
      const sql = query.replaceAll('now()', "timestamptz '2026-01-03 09:00Z'").replace('$__timeFilter(at)', "at between '2026-01-01' and '2026-02-01'");
      const rows = servers[0]!.sql(`set timezone = 'UTC'; ${sql}`, 'audits').trimEnd();
      const expected = guideAnswers[comment];
      if (expected === undefined) assert.match(query, /^create role /);
      else assert.equal(rows.split(/\n(?!日)/).toSorted(), [...expected].toSorted(), comment);
    }
    assert.equal(
      Object.keys(guideAnswers).filter((comment) => !queries.has(comment)),
      [],
    );
  });

if (noDatabase === null)
  for (const [index, version] of Object.keys(databaseVersions).entries())
    test(`${version}: what the account of a machine stores changes no other machine's rows, and breaks no answer`, () =>
      useStore(empty[version]!, async (store) => {
        const shared = listener(7443, '/usr/sbin/shared');
        for (const machine of ['honest1', 'honest2', 'forger']) await store.add(run(machine, 1, [shared]), night(3));
        const before = await store.listeners({ ...everything, ...port(7443), machine: 'honest1' });
        servers[index]!.sql(
          "insert into portowner.span (machine, key, first, numbered, protocol, port, address, program, services) select 'forger', key, '2026-01-02', false, 'TCP', 1, '0.0.0.0', '/a', 'not JSON' from portowner.span where machine = 'honest1'; update portowner.span set first = '-infinity' where machine = 'forger' and port = 7443; update portowner.machine set last_audit = 'infinity' where machine = 'forger'",
          'empty',
        );
        assert.equal(await store.listeners({ ...everything, ...port(7443), machine: 'honest1' }), before);
        const found = await store.listeners({ ...everything, machine: machineChoice(['honest*', 'forger']) });
        assert.equal(found.map(text).toSorted(), ['forger TCP 0.0.0.0 1 /a', ...['forger', 'honest1', 'honest2'].map((machine) => `${machine} TCP 0.0.0.0 7443 /usr/sbin/shared`)]);
        await store.news(everything, { since: night(1), compared: night(1) });
        const asks: readonly ((store: AuditStore) => Promise<unknown>)[] = [
          (audits) => audits.spans(everything),
          (audits) => audits.versions(everything),
          (audits) => audits.rareListeners(everything, 1),
          (audits) => audits.newest(null),
          (audits) => audits.runs({ machine: null, limit: null }),
        ];
        for (const ask of asks) await ask(store);
      }));

test.run();
