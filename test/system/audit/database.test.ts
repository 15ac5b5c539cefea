// A store in a real PostgreSQL server: both engines agree, roles, encryption, secrets.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../../src/audit/listeners.ts';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import type { AuditStore, SpanQuestion, StoredRun } from '../../../src/audit/store/contract.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import type { Finding } from '../../../src/schema/finding.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { facts, socket } from '../../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { databaseVersions, noDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { skip } from '../../support/skip.ts';

const test = suite('a store in a database');

const folder = mkdtempSync(join(tmpdir(), 'portowner-database-'));
const access = `
local all postgres trust
local all all trust
hostssl all certified 127.0.0.1/32 cert
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;
let server: DatabaseServer;

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('/usr/bin/openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** Makes an authority, and a certificate that it issues. */
function certificate(name: string, extension: string, authority = 'ca'): void {
  writeFileSync(join(folder, `${name}.ext`), extension);
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-days', '2', '-out', `${name}.pem`, '-extfile', `${name}.ext`);
}

test.before(async () => {
  for (const authority of ['ca', 'other'])
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${authority}.key`, '-out', `${authority}.pem`, '-days', '2', '-subj', `/CN=${authority}`);
  certificate('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  certificate('certified', 'extendedKeyUsage=clientAuth');
  server = await startDatabase({
    settings: "ssl = on\nssl_ca_file = 'ca.pem'\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\npassword_encryption = 'scram-sha-256'",
    access,
    prepare: (data, { uid, gid }) => {
      for (const name of ['ca.pem', 'server.pem', 'server.key']) {
        writeFileSync(join(data, name), readFileSync(join(folder, name)), { mode: 0o600 });
        chownSync(join(data, name), uid, gid);
      }
    },
  });
  server.sql('create database audits');
  await makeStore(databaseAddress(server.url('audits')), false);
  server.sql("create role web1 login password 'p@ss:w\\ord' in role portowner_writer");
  server.sql("create role collector login password 'c' in role portowner_collector");
  server.sql(
    'create role pruner login in role portowner_collector, portowner_pruner; create role reader login in role portowner_reader; create role nobody1 login; create role certified login in role portowner_reader',
  );
});
test.after(() => {
  server.stop();
  rmSync(folder, { recursive: true });
});

const night = (number: number): Date => new Date(Date.UTC(2026, 0, number, 3));
const everything: SpanQuestion = { machine: null, port: null, dynamic: true, owner: null };

/** A sequence of numbers that is the same in every run. */
function randomizer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const programs = ['/usr/sbin/nginx', 'C:\\a "b"\\{c},d.exe', "/opt/it's\ud800\0/x", null, 'NULL'];

function randomRun(random: (below: number) => number, number: number): StoredRun {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const listeners = new Map<string, Listener>();
  for (let count = random(7); count > 0; count--) {
    const isDynamic = random(4) === 0;
    const port = isDynamic ? ('dynamic' as const) : pick([80, 443, 5432]);
    const listener: Listener = {
      protocol: pick(['TCP', 'UDP']),
      port,
      address: isDynamic ? 'any' : pick(['0.0.0.0', '127.0.0.1']),
      scope: 'Any',
      program: pick(programs),
      services: pick([[], ['nginx.service'], ['a,b', '"c"']]),
      user: pick(['www', null, 'DOMAIN\\ann']),
      sha256: pick([null, 'aa', 'bb']),
      signer: pick([null, null, 'Example, Inc.']),
      ports: isDynamic ? [50_000 + random(4)] : [Number(port)],
    };
    listeners.set(JSON.stringify({ ...listener, ports: [] }), listener);
  }
  const findings = Array.from(
    { length: random(3) },
    () => ({ Kind: 'Unapproved', Severity: pick(['High', 'Low']), Protocol: 'TCP', LocalAddress: '0.0.0.0', LocalPort: String(pick([80, 443])) }) as unknown as Finding,
  );
  return {
    machine: pick(['box', 'Web1', 'web1']),
    at: night(number).toISOString(),
    tool: 'a test',
    listeners: [...listeners.values()],
    findings,
    keepDays: random(6) === 0 ? 8 : null,
    partial: random(4) === 0,
    forgetLater: random(8) === 0,
    ...(random(5) === 0 ? { problem: 'a "doubt"' } : {}),
  };
}

const questions: readonly SpanQuestion[] = [
  everything,
  { ...everything, dynamic: false },
  { ...everything, machine: 'WEB1' },
  { ...everything, port: [{ start: 80, end: 80 }], dynamic: false },
  {
    ...everything,
    port: [
      { start: 80, end: 80 },
      { start: 50_001, end: 50_002 },
    ],
  },
  { ...everything, port: [], dynamic: true },
  { ...everything, machine: 'box', owner: ({ program }) => program === '/usr/sbin/nginx' },
  { ...everything, port: [{ start: 1, end: 65_535 }], owner: ({ services }) => services.includes('a,b') },
];

/** The order of machines with the same endpoints is the engine's own. */
function assertSame(database: readonly object[], file: readonly object[], what: string): void {
  const [one, other] = [database, file].map((rows) => rows.map((row) => JSON.stringify(row)).toSorted());
  assert.equal({ database: one!.filter((row) => !other!.includes(row)), file: other!.filter((row) => !one!.includes(row)) }, { database: [], file: [] }, what);
  assert.is(one!.length, other!.length, what);
}

test('both engines give the same answers after the same audits', async () => {
  const found = new Map<string, number>();
  for (const seed of [1, 2]) {
    const random = randomizer(seed);
    const name = `pair${seed}`;
    server.sql(`create database ${name}`);
    await makeStore(databaseAddress(server.url(name)), false);
    const both = async <T>(ask: (store: AuditStore) => Promise<T>): Promise<[T, T]> => [await useStore(join(folder, `${name}.db`), ask), await useStore(server.url(name), ask)];
    for (let number = 1, stored = 0; number <= 30; number++) {
      // Sometimes an earlier night again, or a later one.
      const one = randomRun(random, Math.max(1, number + random(4) - 2));
      const [file, database] = await both((store) => store.add(one, night(number)).catch((error: PortOwnerError) => error.code));
      if (typeof file === 'string' || typeof database === 'string') {
        assert.is(database, file);
        continue;
      }
      stored += Number(file.refused === null);
      const told = ({ before, ...rest }: typeof file) => ({ ...rest, before: before === null ? null : { ...before, copy: '' } });
      assert.equal(told(database), told(file), `${seed} ${number}`);
      if (number === 30) assert.ok(stored > 12, String(stored));
    }
    for (const machine of [null, 'web1', 'none']) {
      const [file, database] = await both((store) => store.runs({ machine, limit: 1000 }));
      assertSame(database, file, String(machine));
    }
    for (const question of questions) {
      const [file, database] = await both((store) => store.spans(question));
      assert.ok(question.port?.length === 0 || file.length > 0);
      assertSame(database, file, JSON.stringify(question));
    }
    for (const [one, sha256] of [...questions.map((asked) => [asked, null] as const), [everything, 'bb'] as const]) {
      const question = { ...one, sha256 };
      const asks: Readonly<Record<string, (store: AuditStore) => Promise<readonly object[]>>> = {
        listeners: (store) => store.listeners(question),
        rare: (store) => store.rareListeners(question, 1),
        versions: (store) => store.versions(question),
        news: async (store) => (await store.news(question, { since: night(20), compared: night(10) })).spans,
      };
      for (const [what, ask] of Object.entries(asks)) {
        const [file, database] = await both(ask);
        found.set(what, (found.get(what) ?? 0) + file.length);
        assertSame(database, file, `${seed} ${what} ${JSON.stringify(question)}`);
      }
    }
  }
  assert.ok(
    ['listeners', 'rare', 'versions', 'news'].every((what) => found.get(what)! > 0),
    JSON.stringify([...found]),
  );
});

const example = (machine: string, number: number, more: Partial<StoredRun> = {}): StoredRun => ({
  machine,
  at: night(number).toISOString(),
  tool: 'a test',
  listeners: [{ protocol: 'TCP', address: '0.0.0.0', port: 443, ports: [443], scope: 'Any', program: '/usr/sbin/nginx', services: [], user: 'www', sha256: null, signer: null }],
  findings: [],
  keepDays: null,
  partial: false,
  forgetLater: false,
  ...more,
});

test('audits of one machine at the same time are stored one after the other, each once', async () => {
  const url = server.url('audits');
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, (_, index) => useStore(url, (store) => store.add(example('together', 1 + (index % 6), index % 2 === 0 ? { listeners: [] } : {}), night(9)))),
  );
  const runs = await useStore(url, (store) => store.runs({ machine: 'together', limit: null }));
  assert.is(outcomes.filter(({ refused }) => refused === null).length, runs.length);
  assert.is(new Set(runs.map(({ RunTime }) => RunTime)).size, runs.length);
  const spans = await useStore(url, (store) => store.spans({ ...everything, machine: 'together' }));
  assert.ok(spans.filter(({ IsOpen }) => IsOpen).length <= 1);
});

test('a path that is too long for an index is stored, and found again', async () => {
  const url = server.url('audits');
  const random = randomizer(7);
  const path = `/tmp/${Array.from({ length: 9000 }, () => String.fromCodePoint(0x4e00 + random(20_000))).join('')}`;
  const findings = [{ Kind: 'Unapproved', Severity: 'High', Protocol: 'TCP', LocalAddress: '0.0.0.0', LocalPort: '443', After: path } as unknown as Finding];
  const listeners = [{ ...example('long', 1).listeners[0]!, program: path }];
  for (const number of [1, 2]) {
    const outcome = await useStore(url, (store) => store.add(example('long', number, { findings, listeners }), night(9)));
    assert.equal([outcome.refused, outcome.findings[0]!.FirstSeen], [null, night(1).toISOString()]);
  }
  assert.is(server.sql("select count(*) from portowner.finding where machine = 'long'", 'audits'), '1\n');
});

test('the account of a machine stores and sees only its own audits, and nobody can change the tables', async () => {
  const add = (user: string, one: StoredRun) => useStore(server.url('audits', user), (store) => store.add(one, night(9)));
  const seen = async (user: string): Promise<string[]> => {
    const rows = await useStore(server.url('audits', user), (store) => store.runs({ machine: null, limit: null }));
    return [...new Set(rows.map((row) => row.ComputerName!))].filter((name) => /^(?:web|db)/i.test(name)).toSorted();
  };
  assert.is((await add('web1', example('WEB1', 1))).refused, null);
  const refusal = await add('web1', example('db1', 1)).catch((error: PortOwnerError) => error);
  assert.ok(refusal instanceof PortOwnerError);
  assert.is(refusal.code, 'PO4201');
  assert.match(refusal.message, /does not have the rights: .*row-level security/);
  assert.is((await add('collector', example('db1', 1))).refused, null);
  assert.equal(await seen('web1'), ['WEB1']);
  assert.equal(await seen('reader'), ['WEB1', 'db1']);
  for (const user of ['reader', 'nobody1']) {
    const denied = await add(user, example('web3', 1)).catch((error: PortOwnerError) => error);
    assert.ok(denied instanceof PortOwnerError && denied.code === 'PO4201', user);
  }
  for (const user of ['web1', 'collector', 'pruner', 'reader'])
    for (const statement of [
      'drop table portowner.audit',
      'create table portowner.x (a int)',
      'truncate portowner.span',
      'create trigger t before insert on portowner.span execute function x()',
      'select * from portowner.span_0',
      'update portowner.store set version = 0',
    ]) {
      const { status, stderr } = spawnSync('/usr/bin/psql', ['-h', server.folder, '-p', String(server.port), '-U', user, '-d', 'audits', '-c', statement], {
        encoding: 'utf8',
        env: {},
      });
      assert.is(status, 1, `${user}: ${statement}`);
      assert.match(stderr, /permission denied|must be owner/);
    }
});

test('the account of a machine has only its own audits, whatever other roles it has', async () => {
  server.sql('create role web5 login in role portowner_writer, portowner_pruner, portowner_reader');
  const url = server.url('audits', 'web5');
  await useStore(server.url('audits', 'collector'), (store) => store.add(example('db5', 1), night(9)));
  for (const number of [1, 20]) await useStore(url, (store) => store.add(example('WEB5', number), night(30)));
  const foreign = await useStore(url, (store) => store.add(example('db5', 2, { keepDays: 1 }), night(9))).catch((error: PortOwnerError) => error);
  assert.ok(foreign instanceof PortOwnerError && foreign.message.includes('row-level security'));
  assert.is(
    server.sql(
      "set role web5; delete from portowner.span where machine = 'db5'; select count(*) from portowner.span where machine = 'db5'; reset role; select count(*) from portowner.span where machine = 'db5'",
      'audits',
    ),
    '0\n1\n',
  );
  const { before, forgotten } = await useStore(url, (store) => store.add(example('WEB5', 2, { forgetLater: true, keepDays: 1 }), night(2)));
  assert.equal([forgotten, before?.copy], [1, 'WEB5.before-20260102T030000Z']);
  const rows = await useStore(url, (store) => store.runs({ machine: null, limit: null }));
  assert.equal([...new Set(rows.map((row) => row.ComputerName))], ['WEB5']);
  const { code, out } = await run(['store', 'check', url]);
  assert.is(code, 0, out);
  assert.match(out, /web5: portowner_\w+, portowner_\w+, portowner_\w+, only with the audits of its machine/);
  const none = await run(['store', 'check', server.url('audits', 'nobody1')]);
  assert.is(none.code, 69);
  assert.match(none.out, /permission denied/);
  assert.match(none.out, /nobody1: a member of none of the roles: grant it one of portowner_writer,/);
});

/** Runs statements as an account that connected itself; returns what psql prints, with its errors. */
function asAccount({ folder: socketFolder, port }: DatabaseServer, user: string, statements: string): string {
  const { stdout, stderr } = spawnSync('/usr/bin/psql', ['-h', socketFolder, '-p', String(port), '-U', user, '-d', 'audits', '-qAtX', '-c', statements], {
    encoding: 'utf8',
    env: {},
  });
  return stdout + stderr;
}

for (const [version, bin] of Object.entries(databaseVersions))
  test(`SET ROLE gives the account of a machine no other audits (${version})`, async () => {
    const own = await startDatabase({ bin });
    try {
      const add = (user: string, machineName: string) => useStore(own.url('audits', user), (store) => store.add(example(machineName, 1), night(9)));
      own.sql('create database audits');
      await makeStore(databaseAddress(own.url('audits')), false);
      own.sql(
        `create role web1 login in role portowner_writer, portowner_pruner, portowner_reader, portowner_collector;
        create role web2 login noinherit in role portowner_writer, portowner_pruner, portowner_reader, portowner_collector;
        create role web3 login in role portowner_writer; create role web4 login in role web1;
        create role collector login in role portowner_collector, portowner_pruner; create role reader login in role portowner_reader;
        create role operator login noinherit in role portowner_collector; grant portowner_writer to operator with admin option`,
      );
      for (const name of ['db1', 'web1']) await add('collector', name);
      await add('web3', 'web3');
      const names = "select coalesce(string_agg(machine, ' ' order by machine), 'none') from";
      for (const role of ['portowner_writer', 'portowner_pruner', 'portowner_reader', 'portowner_collector'])
        for (const table of ['portowner.machine', 'portowner.audit', 'portowner.span', 'portowner.finding'])
          for (const [user, seen] of [
            ['web1', 'web1'],
            ['web2', 'none'],
            ['web4', 'none'],
          ] as const) {
            const found = asAccount(own, user, `set role ${role}; ${names} (select machine from ${table}) as one`);
            assert.match(found, table.endsWith('finding') ? /^none$/m : role === 'portowner_writer' ? /^none$/m : new RegExp(`^${seen}$`, 'm'), `${user} as ${role}: ${table}`);
          }
      for (const user of ['web1', 'web2', 'web4']) {
        const deletion = 'delete from portowner.span where true returning machine';
        assert.is(asAccount(own, user, `begin; set role portowner_pruner; ${deletion}; rollback`), user === 'web1' ? 'web1\n' : '', user);
        assert.is(asAccount(own, user, `set role portowner_collector; update portowner.machine set tool = 'x' where machine = 'db1' returning machine`), '', user);
      }
      const stored = (name: string) => `insert into portowner.machine values ('${name}', now(), 0, true, 'x')`;
      for (const [user, role, name] of [
        ['web3', 'portowner_writer', 'portowner_writer'],
        ['web3', 'portowner_writer', 'db2'],
        ['web1', 'portowner_collector', 'db2'],
        ['web4', 'web1', 'web1'],
      ] as const)
        assert.match(asAccount(own, user, `set role ${role}; ${stored(name)}`), /violates row-level security/, `${user} as ${role}: ${name}`);
      // Nobody else has fewer audits than before: collectors, readers, who grants the role to machines, and an administrator in any role.
      for (const [user, role] of [
        ['collector', 'collector'],
        ['reader', 'reader'],
        ['operator', 'portowner_collector'],
      ] as const)
        assert.is(asAccount(own, user, `set role ${role}; ${names} portowner.machine`), 'db1 web1 web3\n', user);
      for (const role of ['collector', 'portowner_reader']) assert.is(own.sql(`set role ${role}; ${names} portowner.machine`, 'audits'), 'db1 web1 web3\n', role);
      assert.is(own.sql(`set role web3; ${names} portowner.machine`, 'audits'), 'web3\n');
      assert.is(asAccount(own, 'collector', "set role portowner_pruner; delete from portowner.span where machine = 'db1' returning machine"), 'db1\n');
      const checked = await run(['store', 'check', own.url('audits', 'web1')]);
      assert.match(checked.out, /Row-level security +ok[^]*web1: .*, only with the audits of its machine/);
    } finally {
      own.stop();
    }
  });

test('--keep needs the right to delete, without which the night is still stored', async () => {
  const url = (user: string) => server.url('audits', user);
  const add = (user: string, number: number) => useStore(url(user), (store) => store.add(example('keeper', number, { keepDays: 3 }), night(30)));
  await add('collector', 1);
  const { refused, unpruned } = await add('collector', 10);
  assert.is(refused, null);
  assert.match(unpruned!, /permission denied/);
  // Any other error of the deletion, too: the night is stored.
  server.sql(
    "create function public.stop() returns trigger language plpgsql as $$ begin raise 'no deletion today'; end $$; create trigger stop before delete on portowner.audit for each row execute function public.stop()",
    'audits',
  );
  const stopped = await add('pruner', 11);
  server.sql('drop trigger stop on portowner.audit', 'audits');
  assert.is(stopped.refused, null);
  assert.match(stopped.unpruned!, /cannot be used: no deletion today/);
  assert.is((await add('pruner', 12)).unpruned, null);
  assert.equal((await useStore(url('reader'), (store) => store.runs({ machine: 'keeper', limit: null }))).length, 3);
});

const machine = { source: undefined };
const snapshot = (): string => snapshotFile({ ...facts([socket({ localPort: 443 })]) }, folder);
const policy = join(folder, 'policy.yaml');
writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');

/** What the command line says of a store with this URL. */
const history = (url: string) => run(['history', '--store', url], machine as object);

function passwordFile(text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), 'pgpass');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('a server is verified: its authority, and its name', async () => {
  const file = passwordFile('*:*:*:*:c');
  const url = (host: string, more: string) => `postgres://collector@${host}:${server.port}/audits?sslmode=verify-full&passfile=${file}${more}`;
  for (const host of ['localhost', '127.0.0.1']) assert.is((await history(url(host, `&sslrootcert=${folder}/ca.pem`))).code, 0, host);
  const untrusted = await history(url('localhost', `&sslrootcert=${folder}/other.pem`));
  assert.is(untrusted.code, 69);
  assert.match(untrusted.err, /PO4201: .*no trusted authority issued its certificate/);
  assert.match((await history(url('localhost', ''))).err, /PO4201: .*no trusted authority issued its certificate/);
  // The certificate has no address of IPv6.
  const named = await history(url('[::1]', `&sslrootcert=${folder}/ca.pem`));
  assert.match(named.err, /PO4201: .*its certificate is for another name/);
  assert.match((await history(url('localhost', `&sslrootcert=${folder}/none.pem`))).err, /PO2001: cannot read .*none\.pem: the file does not exist/);
});

test('a server without encryption gets nothing when encryption is wanted', async () => {
  const plain = await startDatabase({ access: 'host all all 127.0.0.1/32 password\nlocal all all trust\n' });
  try {
    plain.sql("create role ann login password 'never-sent'");
    const { code, err } = await history(
      `postgres://ann@127.0.0.1:${plain.port}/postgres?sslmode=verify-full&passfile=${passwordFile('*:*:*:*:never-sent')}&sslrootcert=${folder}/ca.pem`,
    );
    assert.is(code, 69);
    assert.match(err, /PO4201/);
    assert.not.match(err, /never-sent|PO9001|ERR_/);
  } finally {
    plain.stop();
  }
});

test('if the last query of a transaction fails, nothing of the audit is stored', async () => {
  server.sql('create database refusing');
  const url = server.url('refusing');
  await makeStore(databaseAddress(url), false);
  const rows = (): string =>
    server.sql('select (select count(*) from portowner.machine), (select count(*) from portowner.audit), (select count(*) from portowner.span)', 'refusing').trim();
  await useStore(url, (store) => store.add(example('box', 1), night(1)));
  const before = rows();
  server.sql(
    "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$; create trigger refuse before insert on portowner.audit for each row execute function refuse()",
    'refusing',
  );
  for (const machine of ['box', 'other']) {
    const failed = await useStore(url, (store) => store.add(example(machine, 2, { listeners: [] }), night(2))).catch((error: PortOwnerError) => error);
    assert.match(String(failed), /refused/);
    assert.is(rows(), before);
  }
  server.sql('drop trigger refuse on portowner.audit', 'refusing');
  assert.is((await useStore(url, (store) => store.add(example('box', 2, { listeners: [] }), night(2)))).refused, null);
});

test('a password comes only from a file that nobody else can read, and is never shown', async () => {
  const url = (file: string, user = 'web1') => `postgres://${user}@127.0.0.1:${server.port}/audits?passfile=${file}`;
  const line = `127.0.0.1:${server.port}:audits:web1:p@ss\\:w\\\\ord`;
  assert.is((await history(url(passwordFile(line)))).code, 0);
  for (const mode of [0o640, 0o604, 0o644]) {
    const { code, err } = await history(url(passwordFile(line, mode)));
    assert.is(code, 69);
    assert.match(err, /PO4210: the password file .* was not used: other users can read it\n {2}To let only its owner read it: chmod 600/);
    assert.not.match(err, /p@ss/);
  }
  const foreign = passwordFile(line);
  chownSync(foreign, 65_534, 65_534);
  assert.match((await history(url(foreign))).err, process.getuid?.() === 0 ? /belongs to another user \(uid 65534\)/ : /PO2001/);
  for (const [text, what] of [
    ['*:*:*:*:wrong', /it rejected the account/],
    ['other:*:*:*:x', /it rejected the account/],
  ] as const) {
    const { code, err } = await history(url(passwordFile(text)));
    assert.is(code, 69);
    assert.match(err, what);
    assert.not.match(err, /wrong|PO9001/);
  }
  assert.match((await history(url(join(folder, 'none')))).err, /PO2001: cannot read .*none: the file does not exist/);
  const inUrl = await history(`postgres://web1:p%40ss@127.0.0.1:${server.port}/audits`);
  assert.is(inUrl.code, 64);
  assert.match(inUrl.err, /PO1001: unusable URL of the store: it contains a password/);
  assert.not.match(inUrl.err + inUrl.out, /p%40ss|p@ss/);
  const named = process.env['PGPASSFILE'];
  try {
    process.env['PGPASSFILE'] = passwordFile(line);
    assert.is((await history(`postgres://web1@127.0.0.1:${server.port}/audits`)).code, 0);
  } finally {
    if (named === undefined) delete process.env['PGPASSFILE'];
    else process.env['PGPASSFILE'] = named;
  }
});

test('a client certificate is enough, whose key nobody else can read', async () => {
  const url = `postgres://certified@localhost:${server.port}/audits?host=127.0.0.1&sslmode=verify-full&sslrootcert=${folder}/ca.pem&sslcert=${folder}/certified.pem&sslkey=${folder}/certified.key`;
  chmodSync(join(folder, 'certified.key'), 0o600);
  assert.is((await history(url)).code, 0);
  chmodSync(join(folder, 'certified.key'), 0o644);
  assert.match((await history(url)).err, /PO4210: the key of the client certificate .* was not used: other users can read it/);
  chmodSync(join(folder, 'certified.key'), 0o600);
  for (const [wrong, what] of [
    [url.replace('certified.key', 'server.key'), 'sslcert or sslkey'],
    [url.replace('certified.pem', 'certified.csr'), 'sslcert or sslkey'],
    [url.replace('/certified.pem', '/certified.ext'), 'sslcert or sslkey'],
  ] as const) {
    const { code, err } = await history(wrong);
    assert.is(code, 69, err);
    assert.match(err, new RegExp(`PO4201: .*${what} is unusable: `));
  }
  assert.match((await history(url.replace(/&sslcert.*/, ''))).err, /PO4201: .*it rejected the account/);
});

test('an audit is stored in a database, and shown with its history', async () => {
  const url = server.url('audits', 'collector');
  const audit = (...more: string[]) => run(['audit', '--from', snapshot(), '--store', url, ...more]);
  const first = await audit('--policy', policy);
  assert.is(first.code, 0, first.err);
  const again = await audit();
  assert.match(again.err, /PO4206: warning: the store postgres:.* already contains the audit/);
  const shown = await history(url);
  assert.is(shown.code, 0);
  assert.match(shown.out, /RunTime/);
  const spans = await run(['history', '443', '--store', url, '--format', 'json']);
  assert.is(JSON.parse(spans.out)[0].LocalAddress, '0.0.0.0');
  const page = join(folder, 'page.html');
  assert.is((await run(['audit', '--from', snapshot(), '--policy', policy, '--store', url, '--report', page])).code, 0);
  assert.not.match(readFileSync(page, 'utf8'), /PO4201/);
});

test('a database that cannot be used is named, with what to do', async () => {
  const cases: [string, RegExp][] = [
    [`postgres://postgres@localhost:1/audits`, /nothing listens there/],
    [`postgres://postgres@localhost/audits?host=${folder}`, /there is no socket in that folder/],
    [server.url('none'), /the database does not exist/],
    [server.url('postgres'), /it has no PortOwner store: .*\n {2}Create the store first: portowner store create URL/],
    [`postgres://postgres@no-such-host.invalid/audits`, /its name (?:is unknown|could not be resolved)/],
    [server.url('audits', 'nobody1'), /does not have the rights/],
  ];
  for (const [url, message] of cases) {
    const { code, err } = await history(url);
    assert.is(code, 69, err);
    assert.match(err, message);
    assert.not.match(err, /PO9001/);
  }
});

test('a store is created, checked, and upgraded from the command line', async () => {
  server.sql('create database made');
  const url = server.url('made');
  const before = await run(['store', 'check', url]);
  assert.is(before.code, 69);
  assert.match(before.out, /there is none/);
  assert.is((await run(['store', 'upgrade', url])).code, 69);
  const created = await run(['store', 'create', url]);
  assert.is(created.code, 0, created.err);
  assert.match(created.out, /^The store was created, with version 2 and the roles portowner_writer,/);
  assert.match(created.out, /Row-level security +ok/);
  const again = await run(['store', 'create', url]);
  assert.is(again.code, 69);
  assert.match(again.err, /PO4201: the store .* already exists, with version 2/);
  assert.match((await run(['store', 'upgrade', url])).out, /^The store has the newest version, 2\./);
  assert.is((await run(['store', 'check', server.url('made', 'collector')])).code, 0);
  assert.match((await run(['store', 'check', url])).out, /Account +differs +postgres: an administrator/);
  server.sql(
    'create function public.f() returns trigger language plpgsql as $$ begin return new; end $$; create trigger planted before insert on portowner.audit for each row execute function public.f(); alter table portowner.span disable row level security; alter table portowner.finding drop column severity; drop policy portowner_own_rows on portowner.audit; alter policy portowner_writer on portowner.machine using (true); create policy mine on portowner.span using (true)',
    'made',
  );
  const changed = await run(['store', 'check', server.url('made', 'collector'), '--format', 'json']);
  assert.is(changed.code, 1);
  const evidence = (JSON.parse(changed.out) as { Evidence: string[] | null }[]).flatMap(({ Evidence }) => Evidence ?? []);
  assert.equal(
    evidence,
    [
      'finding.severity is missing',
      'trigger planted on audit',
      'span has no row-level security',
      'policy portowner_own_rows on audit is missing or changed',
      'policy portowner_writer on machine is missing or changed',
      'policy mine on span is not of PortOwner',
    ].toSorted((a, b) => evidence.indexOf(a) - evidence.indexOf(b)),
  );
  assert.is((await run(['store', 'create', 'audits.db'])).code, 64);
  server.sql('update portowner.store set version = 3', 'made');
  for (const words of [
    ['store', 'upgrade', url],
    ['store', 'show-sql', url],
    ['history', '--store', url],
  ])
    assert.match((await run(words)).err, /PO2003: .* has store version 3; this program knows version 2/);
});

/** Makes the store of a database one of version 1, which had other indexes. */
const versionOne = (database: string): string =>
  server.sql(
    'drop index portowner.span_port; drop index portowner.span_last; drop index portowner.span_sha256; create index span_port on portowner.span (port) where last is null; update portowner.store set version = 1',
    database,
  );
const indexesOf = (database: string): string => server.sql("select indexdef from pg_indexes where schemaname = 'portowner' and indexname !~ '[0-9]' order by indexname", database);

test('a store of version 1 can be used, and is upgraded to what a new one is', async () => {
  server.sql('create database older');
  const url = server.url('older');
  await run(['store', 'create', url]);
  await useStore(url, (store) => store.add(example('kept', 1), night(1)));
  const indexes = indexesOf('older');
  versionOne('older');
  assert.not.equal(indexesOf('older'), indexes);
  assert.is((await run(['fleet', '--store', url])).code, 0);
  await useStore(url, (store) => store.add(example('kept', 2), night(2)));
  const { out } = await run(['store', 'check', url]);
  assert.match(out, /Store +differs +version 1; this program writes version 2/);
  const script = (await run(['store', 'show-sql', url])).out;
  const upgraded = await run(['store', 'upgrade', url]);
  assert.match(upgraded.out, /^The store was upgraded from version 1 to version 2\./, upgraded.err);
  assert.is(indexesOf('older'), indexes);
  assert.match((await run(['store', 'upgrade', url])).out, /^The store has the newest version, 2\./);
  versionOne('older');
  server.sql(script, 'older');
  assert.is(indexesOf('older'), indexes);
  assert.is((await useStore(url, (store) => store.runs({ machine: 'kept', limit: null }))).length, 2);
  // An account that does not own the tables cannot.
  versionOne('older');
  const denied = await run(['store', 'upgrade', server.url('older', 'collector')]);
  assert.is(denied.code, 69);
  assert.match(denied.err, /PO4201/);
});

/** The row-level security of the tables of a database. */
const policiesOf = (database: string): string =>
  server.sql(
    "select relname, relrowsecurity, p.* from pg_class join pg_namespace n on n.oid = relnamespace left join pg_policies p on schemaname = nspname and tablename = relname where nspname = 'portowner' and relkind in ('r', 'p') and relname !~ '[0-9]' order by relname, policyname",
    database,
  );

test('a store whose row-level security is not that of this version can be used, and is upgraded', async () => {
  server.sql('create database unprotected');
  const url = server.url('unprotected');
  await run(['store', 'create', url]);
  const policies = policiesOf('unprotected');
  assert.match(policies, /portowner_own_session/);
  /** Makes the policies those of an earlier PortOwner, and some that nobody had. */
  const damage = (): string =>
    server.sql(
      "do $$ declare one text; begin foreach one in array array['machine', 'audit', 'span', 'finding'] loop execute format('drop policy portowner_own_session on portowner.%I', one); end loop; end $$; alter policy portowner_writer on portowner.machine using (true); alter table portowner.span disable row level security",
      'unprotected',
    );
  for (const older of [damage, () => damage() + versionOne('unprotected')]) {
    older();
    assert.not.equal(policiesOf('unprotected'), policies);
    await useStore(server.url('unprotected', 'web1'), (store) => store.add(example('web1', 1), night(1)));
    const { out } = await run(['store', 'check', url, '--format', 'json']);
    const { Detail, Evidence } = (JSON.parse(out) as { Check: string; Detail: string; Evidence: string[] }[]).find(({ Check }) => Check === 'Row-level security')!;
    assert.is(Detail, 'it is not that of this version: portowner store upgrade URL');
    assert.equal(Evidence, [
      'span has no row-level security',
      'policy portowner_writer on machine is missing or changed',
      ...['machine', 'audit', 'span', 'finding'].map((table) => `policy portowner_own_session on ${table} is missing or changed`),
    ]);
    const script = (await run(['store', 'show-sql', url])).out;
    const denied = await run(['store', 'upgrade', server.url('unprotected', 'collector')]);
    assert.is(denied.code, 69);
    assert.match(denied.err, /PO4201/);
    const upgraded = await run(['store', 'upgrade', url]);
    const message =
      older === damage ? /^The row-level security of the store was upgraded; its tables have the newest version, 2\./ : /^The store was upgraded from version 1 to version 2\./;
    assert.match(upgraded.out, message, upgraded.err);
    assert.match(upgraded.out, /Row-level security +ok/);
    assert.is(policiesOf('unprotected'), policies);
    older();
    server.sql(script, 'unprotected');
    assert.is(policiesOf('unprotected'), policies);
    assert.match((await run(['store', 'upgrade', url])).out, /^The store has the newest version, 2\./);
  }
  // What somebody added is named, and stays.
  server.sql('create policy mine on portowner.span as restrictive using (true)', 'unprotected');
  assert.match((await run(['store', 'upgrade', url])).out, /^The store has the newest version, 2\./);
  const added = JSON.parse((await run(['store', 'check', url, '--format', 'json'])).out) as { Detail: string; Evidence: string[] | null }[];
  assert.equal(
    added.filter(({ Evidence }) => Evidence !== null).map(({ Detail, Evidence }) => [Detail, Evidence]),
    [['it is not that of this version', ['policy mine on span is not of PortOwner']]],
  );
  assert.match(policiesOf('unprotected'), /mine/);
});

test('the SQL that an administrator gets makes the same store', async () => {
  const { out } = await run(['store', 'show-sql']);
  // Without the roles, which this server has already.
  const script = out.replaceAll(/^create role .*\n/gm, '');
  assert.is(out.split('\n').length - script.split('\n').length, 4);
  server.sql('create database scripted');
  server.sql(script, 'scripted');
  assert.is((await run(['store', 'check', server.url('scripted', 'collector')])).code, 0);
  assert.is((await run(['store', 'show-sql', server.url('scripted')])).out, '-- The store has the newest version.\n');
  server.sql('create database planned');
  assert.is((await run(['store', 'show-sql', server.url('planned')])).out, script);
});

if (noDatabase === null) test.run();
else skip(noDatabase);
