// What every store of audits promises, in each engine: SQLite, and a real PostgreSQL server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Listener } from '../../../src/audit/listeners.ts';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import { isFuture, type AuditStore, type StoredRun } from '../../../src/audit/store/contract.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { PortOwnerError } from '../../../src/schema/problems.ts';
import { noDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { skip } from '../../support/skip.ts';

const test = suite('the contract of stores');

let server: DatabaseServer | undefined;
test.before(async () => {
  if (noDatabase === null) server = await startDatabase();
  else skip(noDatabase, { __suite__: 'the contract of stores', __test__: 'in a database' });
});
test.after(() => server?.stop());
let databases = 0;

const night = (number: number): Date => new Date(Date.UTC(2026, 0, number, 3));
const everything = { machine: null, port: null, dynamic: true, owner: null };
const nginx: Listener = {
  protocol: 'TCP',
  address: '0.0.0.0',
  port: 443,
  ports: [443],
  scope: 'Any',
  program: '/usr/sbin/nginx',
  services: [],
  user: 'www',
  sha256: null,
  signer: null,
};

const run = (number: number, more: Partial<StoredRun> = {}): StoredRun => ({
  machine: 'box',
  at: night(number).toISOString(),
  tool: 'a test',
  listeners: [nginx],
  findings: [],
  keepDays: null,
  partial: false,
  forgetLater: false,
  ...more,
});

/** Each lets `work` ask a new store. */
const stores: Record<string, (work: (store: AuditStore) => Promise<void>) => Promise<void>> = {
  'a file': async (work) => {
    const folder = mkdtempSync(join(tmpdir(), 'portowner-store-'));
    try {
      await useStore(join(folder, 'audits.db'), work);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
if (noDatabase === null)
  stores['a database'] = async (work) => {
    const name = `store${++databases}`;
    server!.sql(`create database ${name}`);
    await makeStore(databaseAddress(server!.url(name)), false);
    await useStore(server!.url(name), work);
  };

for (const [name, withStore] of Object.entries(stores)) {
  test(`${name} gives the runs newest first, and spans from first to last`, () =>
    withStore(async (store) => {
      for (const number of [1, 2, 3]) assert.is((await store.add(run(number), night(number))).refused, null);
      await store.add(run(4, { listeners: [] }), night(4));
      const runs = await store.runs({ machine: 'BOX', limit: 3 });
      assert.equal(
        runs.map(({ RunTime, Disappeared }) => [RunTime, Disappeared]),
        [
          [night(4).toISOString(), 1],
          [night(3).toISOString(), 0],
          [night(2).toISOString(), 0],
        ],
      );
      const [span, ...others] = await store.spans(everything);
      assert.equal(others, []);
      assert.equal([span!.FirstSeen, span!.LastSeen, span!.IsOpen], [night(1).toISOString(), night(3).toISOString(), false]);
      assert.equal(await store.spans({ ...everything, port: [{ start: 80, end: 80 }], dynamic: false }), []);
      assert.equal(await store.runs({ machine: 'other', limit: null }), []);
    }));

  test(`${name} keeps the order of the audits of a machine`, () =>
    withStore(async (store) => {
      await store.add(run(2), night(2));
      assert.is((await store.add(run(2), night(2))).refused, 'same');
      assert.is((await store.add(run(1), night(2))).refused, 'older');
      const refusal = await store.add(run(9), night(2)).catch((error: unknown) => error);
      assert.ok(refusal instanceof PortOwnerError);
      assert.is(refusal.problem.code, 'PO4208');
      assert.is((await store.runs({ machine: null, limit: null })).length, 1);
    }));

  test(`${name} forgets later runs where that is asked for, and what ended long ago`, () =>
    withStore(async (store) => {
      await store.add(run(1, { listeners: [] }), night(1));
      await store.add(run(20), night(20));
      const { forgotten, before } = await store.add(run(2, { forgetLater: true, listeners: [] }), night(2));
      assert.is(forgotten, 1);
      assert.ok(before!.copy.length > 0);
      assert.equal(await store.spans(everything), []);
      await store.add(run(30, { keepDays: 5 }), night(30));
      assert.equal(
        (await store.runs({ machine: null, limit: null })).map(({ RunTime }) => RunTime),
        [night(30).toISOString()],
      );
    }));
}

test('clocks differ by a day', () => {
  assert.not(isFuture(night(2).toISOString(), night(1)));
  assert.ok(isFuture(new Date(night(2).getTime() + 1).toISOString(), night(1)));
});

test.run();
