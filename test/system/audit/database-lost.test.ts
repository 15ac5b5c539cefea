// A database whose connection is lost, or that falls silent, while an audit is stored.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import type { StoredRun } from '../../../src/audit/store/contract.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { databaseError, withConnection } from '../../../src/audit/store/postgres-connection.ts';
import { root } from '../../../src/build/runtime.mjs';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { facts, socket } from '../../support/example.ts';
import { snapshotFile } from '../../support/harness.ts';
import { noDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { skip } from '../../support/skip.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('a lost database');

let server: DatabaseServer;
test.before(async () => {
  server = await startDatabase();
  server.sql('create database audits');
  await makeStore(databaseAddress(server.url('audits')), false);
});
test.after(() => server.stop());

const night = (number: number): string => new Date(Date.UTC(2026, 0, number, 3)).toISOString();

/** An audit by a process of its own, without a spool. */
async function audit(number: number, meanwhile: () => Promise<void>): Promise<{ code: number | null; err: string }> {
  const snapshot = snapshotFile({ ...facts([socket({ localPort: 443 })]), at: night(number) });
  const child = spawn(ownProgram[0], [...ownProgram.slice(1), 'audit', '--from', snapshot, '--store', server.url('audits')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const ended = once(child, 'close');
  await meanwhile();
  await ended;
  return { code: child.exitCode, err };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps the machine locked while `work` runs; returns what it returns. */
async function locked(work: () => Promise<void>): Promise<void> {
  const holder = spawn('/usr/bin/psql', ['-h', server.folder, '-p', String(server.port), '-U', 'postgres', '-qAtX', '-d', 'audits'], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write("begin; select 'locked' from portowner.machine for update;\n");
  await once(holder.stdout, 'data');
  await work();
  holder.stdin.end('rollback;\n');
  await once(holder, 'close');
}

/** Ends the connection that waits for the lock. */
async function terminateWaiting(): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portowner' and wait_event_type = 'Lock'") === 't\n') return;
    await pause(20);
  }
  throw new Error('no audit waits');
}

test('an audit whose connection is ended in its transaction is stored by the next attempt', async () => {
  assert.is((await audit(1, async () => {})).code, 0);
  const { code, err } = await audit(2, () => locked(terminateWaiting));
  assert.is(code, 0, err);
  assert.not.match(err, /TypeError/);
  const runs = await useStore(server.url('audits'), (store) => store.runs({ machine: null, limit: null }));
  assert.equal(
    runs.map(({ RunTime }) => RunTime),
    [night(2), night(1)],
  );
});

test('an audit whose server is gone says so', async () => {
  const { code, err } = await audit(3, () =>
    locked(async () => {
      for (let attempt = 1; attempt <= 6; attempt++) await terminateWaiting();
    }),
  );
  assert.is(code, 69, err);
  assert.match(err, /PO4201: .*the connection was lost/);
  assert.not.match(err, /PO9001|TypeError/);
});

test('a query after the loss of its connection fails: it does not run outside the transaction', async () => {
  const address = databaseAddress(server.url('audits'));
  const outcome = await withConnection(address, async (sql) => {
    await sql.unsafe('begin');
    const [row] = await sql`select pg_backend_pid() as pid`;
    server.sql(`select pg_terminate_backend(${row!['pid']})`);
    await pause(100);
    for (let tries = 0; tries < 3; tries++) await sql.unsafe('create table portowner.outside (a int)').catch(() => {});
  }).catch((error: Error & { code: string }) => error.code);
  assert.ok(['CONNECTION_CLOSED', 'ECONNRESET', '57P01'].includes(String(outcome)), String(outcome));
  assert.is(server.sql("select count(*) from pg_class where relname = 'outside'", 'audits'), '0\n');
});

test('a server that falls silent is given up, and named', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((near) => {
    const far = connect(server.port, '127.0.0.1');
    sockets.push(near, far);
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const address = databaseAddress(`postgres://postgres@127.0.0.1:${port}/audits`);
  const started = performance.now();
  const error = await withConnection(
    address,
    async (sql) => {
      await sql`select 1`;
      for (const one of sockets) one.unpipe().resume();
      await sql`select 2`;
    },
    500,
  ).catch((failure: unknown) => databaseError(address, failure));
  assert.ok(error instanceof PortOwnerError && error.code === 'PO4201', String(error));
  assert.match(error.message, /it stopped answering/);
  assert.ok(performance.now() - started < 5000);
  assert.ok(sockets[0]!.destroyed || (await Promise.race([once(sockets[0]!, 'close').then(() => true), pause(2000)])));
  silent.close();
  for (const one of sockets) one.destroy();
});

const run = (number: number, more: Partial<StoredRun> = {}): StoredRun => ({
  machine: 'later',
  at: night(number),
  tool: 'a test',
  listeners: [],
  findings: [],
  keepDays: null,
  partial: false,
  forgetLater: false,
  ...more,
});

test('what --forget-later removed is named, even if the connection is lost with the answer', async () => {
  for (const number of [1, 8, 9]) await useStore(server.url('audits'), (store) => store.add(run(number), new Date(night(9))));
  let lost = 0;
  const proxy = createServer((near) => {
    const far = connect(server.port, '127.0.0.1');
    let isCommitting = false;
    near.on('data', (bytes) => {
      isCommitting ||= lost === 0 && bytes.includes('commit');
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!isCommitting) return near.write(bytes);
      lost++;
      return near.destroy();
    });
    near.on('close', () => far.destroy()).on('error', () => {});
    far.on('close', () => near.destroy()).on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = `postgres://postgres@127.0.0.1:${(proxy.address() as { port: number }).port}/audits`;
  const { refused, forgotten, before } = await useStore(url, (store) => store.add(run(2, { forgetLater: true }), new Date(night(2))));
  proxy.close();
  assert.equal([lost, refused, forgotten, before], [1, null, 2, { first: night(8), last: night(9), copy: 'later.before-20260102T030000Z' }]);
  const runs = await useStore(server.url('audits'), (store) => store.runs({ machine: 'later', limit: null }));
  assert.equal(
    runs.map(({ RunTime }) => RunTime),
    [night(2), night(1)],
  );
});

test('an answer is of one moment, although it takes several queries', async () => {
  const url = server.url('audits');
  const listener = { protocol: 'TCP', address: '0.0.0.0', port: 1, ports: [1], scope: 'Any', program: '/a', services: [], user: null, sha256: null, signer: null } as const;
  await useStore(url, (store) => store.add(run(1, { machine: 'moment', listeners: [listener] }), new Date(night(9))));
  const holder = spawn('/usr/bin/psql', ['-h', server.folder, '-p', String(server.port), '-U', 'postgres', '-qAtX', '-d', 'audits'], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write("begin; lock table portowner.span in access exclusive mode; select 'locked';\n");
  await once(holder.stdout, 'data');
  const spans = useStore(url, (store) => store.spans({ machine: 'moment', port: null, dynamic: true, owner: null }));
  while (server.sql("select count(*) from pg_stat_activity where application_name = 'portowner' and wait_event_type = 'Lock'") === '0\n') await pause(20);
  holder.stdin.end(
    "insert into portowner.span select machine, 'other', first, last, numbered, protocol, 2, address, program, services from portowner.span where machine = 'moment'; commit;\n",
  );
  await once(holder, 'close');
  assert.is((await spans).length, 1);
  assert.is((await useStore(url, (store) => store.spans({ machine: 'moment', port: null, dynamic: true, owner: null }))).length, 2);
});

test('machines are in the order of their characters, whatever the language of the database', async () => {
  server.sql("create database worded template template0 locale_provider icu icu_locale 'en'");
  await makeStore(databaseAddress(server.url('worded')), false);
  for (const machine of ['a', 'B', 'A', 'b']) await useStore(server.url('worded'), (store) => store.add(run(1, { machine }), new Date(night(9))));
  const runs = await useStore(server.url('worded'), (store) => store.runs({ machine: null, limit: null }));
  assert.equal(
    runs.map((row) => row.ComputerName),
    ['A', 'B', 'a', 'b'],
  );
});

const connections = (): number => Number(server.sql("select count(*) from pg_stat_activity where application_name = 'portowner'"));

test('a store uses one connection for what comes one after the other, and none when it is closed', async () => {
  await useStore(server.url('audits'), async (store) => {
    for (const number of [1, 2, 3]) assert.is((await store.add(run(number, { machine: 'kept' }), new Date(night(9)))).refused, null);
    await store.spans({ machine: 'kept', port: null, dynamic: true, owner: null });
    assert.is(connections(), 1);
    const both = await Promise.all([
      store.runs({ machine: 'kept', limit: null }),
      store.runs({ machine: 'kept', limit: 2 }),
      store.add(run(4, { machine: 'kept' }), new Date(night(9))),
    ]);
    assert.ok(both[0].length >= 3 && both[0].length <= 4);
    assert.equal([both[1].length, both[2].refused], [2, null]);
    assert.ok(connections() <= 3);
    const failed = await store.add(run(5, { machine: 'kept', tool: null as unknown as string }), new Date(night(9))).catch((error: unknown) => error);
    assert.ok(failed instanceof PortOwnerError, String(failed));
    assert.is((await store.add(run(6, { machine: 'kept' }), new Date(night(9)))).refused, null, 'a failed transaction does not stay open');
  });
  for (let tries = 0; tries < 200 && connections() > 0; tries++) await pause(10);
  assert.is(connections(), 0);
});

test('a store goes on after its server was restarted, or ended its connection meanwhile', async () => {
  await useStore(server.url('audits'), async (store) => {
    assert.is((await store.add(run(1, { machine: 'restarted' }), new Date(night(9)))).refused, null);
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portowner'");
    assert.is((await store.add(run(2, { machine: 'restarted' }), new Date(night(9)))).refused, null);
    server.kill();
    server.start();
    assert.is((await store.add(run(3, { machine: 'restarted' }), new Date(night(9)))).refused, null);
    assert.is((await store.runs({ machine: 'restarted', limit: null })).length, 3);
  });
});

test('a row that has the key of a listener and other values does not hide the listener', async () => {
  const url = server.url('audits');
  const listener = {
    protocol: 'TCP',
    address: '0.0.0.0',
    port: 4444,
    ports: [4444],
    scope: 'Any',
    program: '/tmp/other',
    services: [],
    user: 'root',
    sha256: null,
    signer: null,
  } as const;
  const add = (number: number) => useStore(url, (store) => store.add(run(number, { machine: 'forged', listeners: [listener] }), new Date(night(9))));
  await add(1);
  server.sql("update portowner.span set program = '/usr/sbin/nginx' where machine = 'forged'", 'audits');
  await add(2);
  const spans = await useStore(url, (store) => store.spans({ machine: 'forged', port: null, dynamic: true, owner: null }));
  assert.equal(
    spans.map(({ Program, FirstSeen, IsOpen }) => [Program, FirstSeen, IsOpen]),
    [
      ['/usr/sbin/nginx', night(1), false],
      ['/tmp/other', night(2), true],
    ],
  );
});

test('an IPv6 address is one host', async () => {
  const version = await withConnection(
    databaseAddress(`postgres://postgres@[::1]:${server.port}/audits`),
    async (sql) => (await sql`select inet_server_addr()::text as address`)[0]!['address'],
  );
  assert.is(version, '::1/128');
});

if (noDatabase === null) test.run();
else skip(noDatabase);
