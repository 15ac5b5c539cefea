// Audits go through a spool: nothing is lost or stored twice, whenever the client or the server is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addThroughSpool } from '../../../src/audit/spool.ts';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import type { StoredRun, StoreOutcome } from '../../../src/audit/store/contract.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { takeLock } from '../../../src/io/lock.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { facts, socket } from '../../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { noDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite<TestContext>('a spool of audits');

const night = (number: number): string => new Date(Date.UTC(2026, 0, number, 3)).toISOString();

/** A snapshot of a night, each with one more or one fewer listener than the one before. */
const snapshotOf = (number: number): string =>
  snapshotFile({ ...facts([socket({ localPort: 443 }), ...(number % 2 === 0 ? [] : [socket({ localPort: 1000 + number })])]), at: night(number) });

const waiting = (spool: string): string[] => (existsSync(spool) ? readdirSync(spool).filter((name) => name.endsWith('.json')) : []);
const audit = (number: number, store: string, spool: string) =>
  run(['audit', '--from', snapshotOf(number), '--store', store, '--spool', spool], { now: () => new Date('2026-11-01T00:00:00Z') });
const nights = async (store: string): Promise<string[]> => (await useStore(store, (one) => one.runs({ machine: null, limit: null }))).map(({ RunTime }) => RunTime!).toSorted();

test('an audit waits in the spool until the store can be used, and is stored with the next one, in order', async () => {
  const spool = join(temporaryFolder(), 'spool');
  const folder = join(temporaryFolder(), 'later');
  const store = join(folder, 'audits.db');
  for (const number of [1, 2]) {
    const { code, err } = await audit(number, store, spool);
    assert.is(code, 0, err);
    assert.match(err, `PO4211: warning: ${number === 1 ? '1 audit' : '2 audits'} in the spool`);
  }
  assert.is(waiting(spool).length, 2);
  mkdirSync(folder);
  assert.is((await audit(3, store, spool)).err.includes('PO4211'), false);
  assert.equal([waiting(spool), await nights(store)], [[], [1, 2, 3].map(night)]);
  const alone = join(temporaryFolder(), 'alone.db');
  for (const number of [1, 2, 3]) await run(['audit', '--from', snapshotOf(number), '--store', alone], { now: () => new Date('2026-11-01T00:00:00Z') });
  const spans = (path: string) => useStore(path, (one) => one.spans({ machine: null, port: null, dynamic: true, owner: null }));
  assert.equal(await spans(store), await spans(alone));
});

test('an audit that is already there is stored once, and one that came too late is kept', async () => {
  const spool = join(temporaryFolder(), 'spool');
  const store = join(temporaryFolder(), 'audits.db');
  await audit(1, store, spool);
  const bytes = join(temporaryFolder(), 'no', 'audits.db');
  for (const number of [1, 2]) await audit(number, bytes, spool);
  await run(['audit', '--from', snapshotOf(3), '--store', store], { now: () => new Date('2026-11-01T00:00:00Z') });
  const { code, err } = await audit(4, store, spool);
  assert.is(code, 0, err);
  assert.match(err, /PO4206: warning: the audit of .* at 2026-01-02.* was not stored: the store contains an audit of 2026-01-03.*; it was kept as .*\.refused/);
  assert.equal(await nights(store), [1, 3, 4].map(night));
  assert.is(readdirSync(spool).filter((name) => name.endsWith('.refused')).length, 1);
});

test('a file that is not an audit is set aside, and the others are sent', async () => {
  const spool = join(temporaryFolder(), 'spool');
  const store = join(temporaryFolder(), 'audits.db');
  await audit(1, join(temporaryFolder(), 'no', 'audits.db'), spool);
  writeFileSync(join(spool, 'a.json'), '{}');
  writeFileSync(join(spool, 'b.json'), '{"kind":');
  writeFileSync(join(spool, 'c.json'), JSON.stringify({ kind: 'PortOwner.SpooledAudit', version: 2, run: {} }));
  const { code, err } = await audit(2, store, spool);
  assert.is(code, 0, err);
  assert.match(err, /PO2002: warning: .*a\.json is not an audit of this program; it was kept as .*a\.json\.refused/);
  assert.match(err, /PO2002: warning: .*b\.json cannot be read: .*; it was kept as/);
  assert.match(err, /PO2003: warning: .*c\.json has version 2/);
  assert.equal([waiting(spool), await nights(store)], [[], [1, 2].map(night)]);
  assert.is(readdirSync(spool).filter((name) => name.endsWith('.refused')).length, 3);
});

test('a spool that others can write to is refused', async (context) => {
  const spool = join(temporaryFolder(), 'spool');
  assert.match((await run(['audit', '--from', snapshotOf(1), '--policy', 'p.yaml', '--spool', spool])).err, /PO1005: --spool needs --store/);
  if (process.platform === 'win32') return skip('Windows has no mode', context);
  mkdirSync(spool);
  chmodSync(spool, 0o777);
  assert.match((await audit(3, join(spool, 'a.db'), spool)).err, /PO2004: the spool .* cannot be used: .* can be written by every user/);
});

const stored: StoreOutcome = { findings: [], aside: null, refused: null, newest: night(1), forgotten: 0, before: null, unpruned: null };
const example: StoredRun = { machine: 'box', at: night(1), tool: 'a test', listeners: [], findings: [], keepDays: null, partial: false, forgetLater: false };
const databaseRefusal = (code: string, more: object = {}) => new PortOwnerError('PO4201', `refused with ${code}`, { cause: Object.assign(new Error(code), { code, ...more }) });
const failing = (error: Error) => async (): Promise<StoreOutcome> => {
  throw error;
};

test('an audit stays in the spool after any error that is not its own', async () => {
  const spool = join(temporaryFolder(), 'spool');
  await addThroughSpool(spool, example, failing(new TypeError('a defect'))).catch((error: unknown) => assert.instance(error, TypeError));
  assert.is(waiting(spool).length, 1);
  for (const code of ['CONNECTION_DESTROYED', 'ECONNREFUSED', 'ERR_SSL_WRONG_VERSION_NUMBER']) {
    const lost = await addThroughSpool(spool, example, failing(databaseRefusal(code)));
    assert.equal([lost.failure, lost.problems.map((problem) => problem.code)], [null, ['PO4211']], code);
  }
  // Somebody must act: that is not a clean audit.
  const certificates = ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'];
  for (const code of ['42501', '42P01', '3F000', '28P01', ...certificates]) {
    const { failure, problems } = await addThroughSpool(spool, example, failing(databaseRefusal(code)));
    assert.equal([failure?.severity, failure?.code, problems], ['Error', 'PO4201', []], code);
    assert.match(failure!.message, `1 audit in the spool ${spool} until the store can be used: refused with ${code}`);
  }
  assert.is(waiting(spool).length, 1);
  await addThroughSpool(spool, example, failing(new PortOwnerError('PO1001', 'the URL is wrong'))).catch((error: unknown) => assert.instance(error, PortOwnerError));
  assert.is(waiting(spool).length, 0);
});

test('an audit that the store can never take does not keep the others waiting', async () => {
  for (const [code, more] of [
    ['54000', {}],
    ['22021', {}],
    ['42501', { routine: 'ExecWithCheckOptions' }],
  ] as const) {
    const spool = join(temporaryFolder(), 'spool');
    await addThroughSpool(spool, { ...example, machine: 'bad' }, failing(databaseRefusal('08006')));
    const add = ({ machine }: StoredRun) => (machine === 'bad' ? Promise.reject(databaseRefusal(code, more)) : Promise.resolve(stored));
    const later = await addThroughSpool(spool, { ...example, at: night(2) }, add);
    assert.equal([later.outcome, later.failure], [stored, null]);
    assert.match(later.problems[0]!.message, /the audit of bad at .* was not stored: refused with .*; it was kept as .*\.refused/);
    const own = await addThroughSpool(spool, { ...example, machine: 'bad' }, add);
    assert.is(own.failure?.severity, 'Error');
    assert.is(waiting(spool).length, 0);
  }
});

test('of audits at the same time with one spool, each has an outcome', async () => {
  const spool = join(temporaryFolder(), 'spool');
  await addThroughSpool(spool, example, () => Promise.resolve(stored));
  let release = takeLock(join(spool, 'lock'), 0);
  const busy = await addThroughSpool(spool, example, () => Promise.resolve(stored), 10);
  assert.equal([busy.outcome, busy.failure, busy.problems.map(({ code }) => code)], [null, null, ['PO4211']]);
  const names = waiting(spool);
  // Another process takes the audit from the spool while this one waits for the lock, which the attempt of this process released.
  release();
  release = takeLock(join(spool, 'lock'), 0);
  const child = spawn(process.execPath, [...nodeFlags, '--input-type=module', '-e', sender, spool, JSON.stringify(example)], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 300));
  rmSync(join(spool, names[0]!));
  release();
  const [answer] = await once(child.stdout, 'data');
  assert.equal(JSON.parse(String(answer)), { outcome: stored, problems: [], failure: null });
});

/** A process that sends an audit that the store already has. */
const sender = `
  import { addThroughSpool } from './src/audit/spool.ts';
  const [spool, run] = process.argv.slice(-2);
  console.log('started');
  const outcome = await addThroughSpool(spool, JSON.parse(run), () => Promise.resolve({ ...${JSON.stringify(stored)}, refused: 'same' }));
  console.log(JSON.stringify(outcome));
`;

let server: DatabaseServer | undefined;
test.after(() => server?.stop());

/** How often the client and the server are killed: each needs seconds. PORTOWNER_KILLS=50 asks for more. */
const kills = Number(process.env['PORTOWNER_KILLS'] ?? 4);

test('nothing is lost or stored twice, whenever the client or the server is killed', async (context) => {
  if (noDatabase !== null) return skip(noDatabase, context);
  server = await startDatabase();
  server.sql('create database audits');
  const url = server.url('audits');
  await makeStore(databaseAddress(url), false);
  const spool = join(temporaryFolder(), 'spool');
  const seen = new Set<string>();
  const start = (number: number) =>
    spawn(ownProgram[0], [...ownProgram.slice(1), 'audit', '--from', snapshotOf(number), '--store', url, '--spool', spool], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  // How long an audit takes from its spool to its end, on this machine.
  const first = start(1);
  let spooled = 0;
  while (first.exitCode === null) {
    if (spooled === 0 && waiting(spool).length > 0) spooled = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const lasts = spooled === 0 ? 100 : performance.now() - spooled;
  for (let number = 2; number <= kills + 1; number++) {
    const child = start(number);
    const ended = once(child, 'close');
    let err = '';
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    while (waiting(spool).every((name) => !name.startsWith(night(number).replaceAll(':', '-'))) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
    seen.add(night(number));
    // The moments are spread over everything that happens after the audit is in the spool.
    await new Promise((resolve) => setTimeout(resolve, (lasts * 1.1 * (number - 2)) / kills));
    if (number % 2 === 0) child.kill('SIGKILL');
    else {
      server.kill();
      await ended;
      server.start();
      // Stored before, or kept in the spool; findings and reports do not depend on it.
      assert.is(child.exitCode, 0, err);
      assert.not.match(err, /PO9001|TypeError/);
    }
    await ended;
    for (const name of waiting(spool)) assert.ok(readFileSync(join(spool, name), 'utf8').endsWith('}'), name);
  }
  const last = kills + 2;
  const end = await audit(last, url, spool);
  assert.is(end.code, 0, end.err);
  assert.equal(waiting(spool), []);
  assert.equal(await nights(url), [night(1), ...seen, night(last)]);
  const file = join(temporaryFolder(), 'audits.db');
  for (let number = 1; number <= last; number++) await run(['audit', '--from', snapshotOf(number), '--store', file], { now: () => new Date('2026-11-01T00:00:00Z') });
  const spans = async (store: string) =>
    (await useStore(store, (one) => one.spans({ machine: null, port: null, dynamic: true, owner: null }))).map((row) => JSON.stringify(row)).toSorted();
  assert.equal(await spans(url), await spans(file));
});

test.run();
