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
import { databaseVersions, noDatabase, noNewestDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { skip } from '../../support/skip.ts';

const test = suite('the contract of stores');

const servers = new Map<string, DatabaseServer>();
test.before(async () => {
  const why = noDatabase ?? noNewestDatabase;
  if (why !== null) skip(why, { __suite__: 'the contract of stores', __test__: 'in a database' });
  if (noDatabase === null) for (const [name, bin] of Object.entries(databaseVersions)) servers.set(name, await startDatabase({ bin }));
});
test.after(() => {
  for (const server of servers.values()) server.stop();
});
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

async function newDatabase(server: DatabaseServer): Promise<string> {
  const name = `store${++databases}`;
  server.sql(`create database ${name}`);
  await makeStore(databaseAddress(server.url(name)), false);
  return name;
}

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
  for (const version of Object.keys(databaseVersions))
    stores[`a database of ${version}`] = async (work) => {
      const server = servers.get(version)!;
      await useStore(server.url(await newDatabase(server)), work);
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

  test(`${name} tells listeners apart by every value, whatever their names contain`, () =>
    withStore(async (store) => {
      const names = [
        '/a b',
        '/ab',
        '/a\x1Fb',
        '/a\x1Eb',
        '/a\nb',
        '/a"b',
        '/a\\b',
        '/aéb',
        '/ae\u0301b',
        '/a😀b',
        '-',
        '',
        '2:ab',
        '0 443 ',
        '/a\0b',
        '/a\ud800b',
        "/a'b",
        '/a,b}',
        'NULL',
        '/a\tb',
      ];
      const listeners = [...names, null].flatMap((program, index) => [
        { ...nginx, program, port: index, ports: [index] },
        // Only the owner differs.
        { ...nginx, program, user: '', port: 443, ports: [443] },
        { ...nginx, program, user: 'a', port: 443, ports: [443] },
      ]);
      // One value follows another without a border.
      const borders = ['ab|c', 'a|bc', 'abc|', '|abc', '1:a|', '|1:a'].map((both) => {
        const [program, user] = both.split('|') as [string, string];
        return Object.assign({}, nginx, { program, user, port: 5, ports: [5] });
      });
      const all = [...listeners, ...borders];
      const open = async (): Promise<number> => (await store.spans(everything)).filter(({ IsOpen }) => IsOpen).length;
      const appeared: unknown[] = [];
      // Each is taken away and comes back, among others that stay.
      const nights = [all, all, all.filter((_, index) => index % 3 !== 0), all, all.toReversed(), all.slice(1), all];
      for (const [index, some] of nights.entries()) {
        await store.add(run(index + 1, { listeners: some }), night(index + 1));
        assert.is(await open(), some.length, `night ${index + 1}`);
        const [newest] = await store.runs({ machine: null, limit: 1 });
        appeared.push([newest!.Appeared, newest!.Disappeared]);
      }
      const third = Math.ceil(all.length / 3);
      assert.equal(appeared, [
        [0, 0],
        [0, 0],
        [0, third],
        [third, 0],
        [0, 0],
        [0, 1],
        [1, 0],
      ]);
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

/** A program that has so many ports of the dynamic range from a number on. */
const program = (from: number, count: number): Listener => ({
  ...nginx,
  port: 'dynamic',
  address: 'any',
  ports: Array.from({ length: count }, (_, index) => from + index),
});

/** Stores nights on which a program takes other ports, and returns the numbers of ended and open ports that are kept. */
async function portsKept(store: AuditStore, nights: readonly (readonly [from: number, count: number])[]): Promise<[ended: number, open: number, newest: boolean]> {
  for (const [index, [from, count]] of nights.entries())
    assert.is((await store.add(run(index + 1, { listeners: count === 0 ? [] : [program(from, count)] }), night(index + 1))).refused, null);
  const rows = (await store.spans({ ...everything, port: [{ start: 1, end: 65_535 }] })).filter(({ Port }) => Port !== 'dynamic');
  const ended = rows.filter(({ IsOpen }) => !IsOpen);
  const last = ended.map(({ LastSeen }) => LastSeen!).toSorted();
  return [ended.length, rows.length - ended.length, last.at(-1) === night(nights.length - 1).toISOString()];
}

for (const [name, withStore] of Object.entries(stores))
  test(`${name} keeps 20,000 ended ports of the dynamic range, the newest ones`, () =>
    withStore(async (store) => {
      // The third night has new ports for those that the second one ended.
      assert.equal(
        await portsKept(store, [
          [32_768, 14_000],
          [47_000, 13_000],
          [32_768, 9_000],
          [50_000, 10],
          [0, 0],
        ]),
        [20_000, 0, true],
      );
    }));

test('a database keeps them for an account that must not delete, too', async (context) => {
  if (noDatabase !== null) return skip(noDatabase, context);
  const [server] = servers.values();
  const name = await newDatabase(server!);
  server!.sql('create role box login in role portowner_writer');
  await useStore(server!.url(name, 'box'), async (store) => {
    const nights = [
      [32_768, 14_000],
      [47_000, 13_000],
      [32_768, 9_000],
    ] as const;
    assert.equal(await portsKept(store, nights), [20_000, 9_000, true]);
    // Rows that were taken over are as good as new ones.
    const rows = await store.spans({ ...everything, port: [{ start: 32_768, end: 41_767 }] });
    assert.is(rows.filter(({ IsOpen, FirstSeen, Program }) => IsOpen && FirstSeen === night(3).toISOString() && Program === '/usr/sbin/nginx').length, 9_000);
  });
  const keys = server!.sql('select count(*), count(distinct key || first) from portowner.span where numbered', name);
  assert.is(keys.trim(), '29000|29000');
});

test('clocks differ by a day', () => {
  assert.not(isFuture(night(2).toISOString(), night(1)));
  assert.ok(isFuture(new Date(night(2).getTime() + 1).toISOString(), night(1)));
});

test.run();
