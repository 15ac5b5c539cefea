// A database whose disk is full, and one that lets only one of several transactions win: nothing is lost, and nothing half there.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import type { StoredRun } from '../../../src/audit/store/contract.ts';
import { useStore } from '../../../src/audit/store/open.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { facts, socket } from '../../support/example.ts';
import { run as program, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { databaseVersions, noDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { skip } from '../../support/skip.ts';

const test = suite('a database in trouble');

const night = (number: number): string => new Date(Date.UTC(2026, 0, number, 3)).toISOString();
const later = new Date('2026-11-01T00:00:00Z');

const listener = (port: number) =>
  ({ protocol: 'TCP', address: '0.0.0.0', port, ports: [port], scope: 'Any', program: '/a', services: [], user: null, sha256: null, signer: null }) as const;
const run = (machine: string, number: number): StoredRun => ({
  machine,
  at: night(number),
  tool: 'a test',
  listeners: [listener(443), listener(1000 + number)],
  findings: [],
  keepDays: null,
  partial: false,
  forgetLater: false,
});

const everything = { machine: null, port: null, dynamic: true, owner: null };

/** Runs `work` with a server of its own, in whose database is an empty store. */
async function withStore(work: (url: string, server: DatabaseServer) => Promise<void>, settings = ''): Promise<void> {
  const server = await startDatabase({ settings });
  try {
    server.sql('create database audits');
    const url = server.url('audits');
    await makeStore(databaseAddress(url), false);
    await work(url, server);
  } finally {
    server.stop();
  }
}

test('transactions that the database undoes for the sake of others are run again', () =>
  withStore(async (url, server) => {
    server.sql('alter database audits set default_transaction_isolation = serializable');
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
    // Four clients store the nights of one machine at the same time, and each those of another one.
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map((client) =>
        useStore(url, async (store) => {
          const refused: unknown[] = [];
          for (const number of numbers) {
            assert.is((await store.add(run(`own${client}`, number), later)).refused, null);
            refused.push((await store.add(run('shared', number), later)).refused);
          }
          return refused;
        }),
      ),
    );
    const undone = readFileSync(join(server.folder, 'log'), 'utf8').split('could not serialize access').length - 1;
    assert.ok(undone > 0, 'no transaction was undone: nothing was tested');
    await useStore(url, async (store) => {
      const runs = await store.runs({ machine: null, limit: null });
      for (const client of [0, 1, 2, 3]) assert.is(runs.filter(({ ComputerName }) => ComputerName === `own${client}`).length, 12);
      const stored = outcomes.flat().filter((refused) => refused === null).length;
      assert.is(runs.filter(({ ComputerName }) => ComputerName === 'shared').length, stored);
      const spans = await store.spans(everything);
      // Each night has a port of its own, beside 443.
      for (const client of [0, 1, 2, 3]) assert.is(spans.filter(({ ComputerName }) => ComputerName === `own${client}`).length, 13);
      assert.is(spans.filter(({ ComputerName, Port }) => ComputerName === 'shared' && Port === '443').length, 1);
      assert.is(spans.filter(({ ComputerName, IsOpen }) => ComputerName === 'shared' && IsOpen).length, 2);
    });
  }));

test('an audit that the database ends because of a deadlock is stored all the same', () =>
  withStore(async (url, server) => {
    await useStore(url, async (store) => {
      await store.add(run('box', 1), later);
      // It holds a row that the audit ends, and waits for the one that the audit has locked first. Of the two, the audit must notice the deadlock.
      const other = server.run(
        `begin; set local deadlock_timeout = '60s'; select 1 from portowner.span where port = 1001 for update;
        do $$ begin
          while not exists (select 1 from pg_stat_activity where application_name = 'portowner' and wait_event_type = 'Lock') loop
            perform pg_sleep(0.02); perform pg_stat_clear_snapshot();
          end loop;
        end $$;
        update portowner.machine set tool = tool; commit`,
        'audits',
      );
      while (server.sql("select count(*) from pg_locks where relation = 'portowner.span'::regclass and mode = 'RowShareLock'", 'audits') === '0\n') await setTimeout(10);
      const outcome = await store.add(run('box', 2), later);
      await other;
      assert.is(outcome.refused, null);
      assert.match(readFileSync(join(server.folder, 'log'), 'utf8'), /deadlock detected/);
      assert.equal(
        (await store.spans(everything)).map(({ Port, LastSeen, IsOpen }) => [Port, LastSeen, IsOpen]),
        [
          ['443', night(2), true],
          ['1001', night(1), false],
          ['1002', night(2), true],
        ],
      );
    });
  }));

test('a table that changes between two audits of a connection fails neither', () =>
  withStore(async (url, server) => {
    await useStore(url, async (store) => {
      for (const number of [1, 2, 3]) {
        assert.is((await store.add(run('box', number), later)).refused, null);
        server.sql(`alter table portowner.span add column more${number} text; alter table portowner.audit alter column problem type varchar`, 'audits');
      }
      assert.is((await store.runs({ machine: null, limit: null })).length, 3);
    });
  }));

test('the server is told how to group before it is asked', () =>
  withStore(async (url, server) => {
    await useStore(url, (store) => store.news({ ...everything, sha256: null }, { since: later, compared: later }));
    const log = readFileSync(join(server.folder, 'log'), 'utf8');
    const [told, asked] = [log.indexOf("'enable_sort', 'off'"), log.indexOf('array_to_json')];
    assert.ok(told > 0 && told < asked, log.slice(-5000));
  }, 'log_statement = all'));

test('a database with another encoding is refused', async () => {
  const server = await startDatabase();
  try {
    server.sql("create database latin encoding 'LATIN1' locale 'C' template template0");
    const refused = await program(['store', 'create', server.url('latin')]);
    assert.is(refused.code, 69, refused.err);
    assert.match(refused.err, /PO4201: .*the encoding of the database is LATIN1.*\n.*createdb --encoding=UTF8/);
    server.sql("create database bytes encoding 'SQL_ASCII' locale 'C' template template0");
    assert.is((await program(['store', 'create', server.url('bytes')])).code, 0);
  } finally {
    server.stop();
  }
});

/** The programs of a server that has a small disk in `folder`, which only it sees. */
function programsWithSmallDisk(folder: string): string {
  const bin = join(folder, 'bin');
  const disk = join(folder, 'disk');
  for (const one of [bin, disk]) mkdirSync(one);
  const real = Object.values(databaseVersions)[0]!;
  const inside = `mount -t tmpfs -o size=32m,mode=700 portowner-test "$0" && exec ${real}/pg_ctl "$@"`;
  const scripts = {
    initdb: `exec ${real}/initdb "$@"`,
    pg_ctl: `if [ "$1" = start ]; then exec unshare --user --map-current-user --keep-caps --mount sh -c '${inside}' ${disk} "$@"; fi\nexec ${real}/pg_ctl "$@"`,
  };
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return bin;
}

test('an audit that finds the disk of the database full changes nothing, and is stored when there is space', async (context) => {
  const can = spawnSync('setpriv', ['--reuid=65534', 'unshare', '--user', '--map-current-user', '--keep-caps', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  if (!can) return skip('no account but root can have a disk of its own (unshare --user --mount)', context);
  const folder = mkdtempSync(join(tmpdir(), 'portowner-disk-'));
  chmodSync(folder, 0o755);
  const server = await startDatabase({ bin: programsWithSmallDisk(folder) });
  try {
    server.sql(`create tablespace small location '${join(folder, 'disk')}'`);
    server.sql('create database audits tablespace small');
    const url = server.url('audits');
    await makeStore(databaseAddress(url), false);
    server.sql('create table filler (text text); alter table filler alter text set storage plain', 'audits');
    assert.throws(() => {
      for (let part = 0; part < 100; part++) server.sql("insert into filler select repeat('x', 7000) from generate_series(1, 100)", 'audits');
    }, /No space left on device|wrote only/);
    const spool = join(temporaryFolder(), 'spool');
    const audit = (number: number, ...more: string[]) => {
      const snapshot = snapshotFile({ ...facts([socket({ localPort: 443 })]), at: night(number) });
      return program(['audit', '--from', snapshot, '--store', url, ...more], { now: () => later });
    };
    const full = await audit(1);
    assert.is(full.code, 69, full.err);
    assert.match(full.err, /PO4201: .*its disk is full: .*(?:No space left on device|wrote only)/);
    for (const table of ['machine', 'audit', 'span', 'finding']) assert.is(server.sql(`select count(*) from portowner.${table}`, 'audits'), '0\n', table);
    const spooled = await audit(2, '--spool', spool);
    assert.is(spooled.code, 0, spooled.err);
    assert.match(spooled.err, 'PO4211: warning: 1 audit in the spool');
    server.sql('drop table filler', 'audits');
    const stored = await audit(3, '--spool', spool);
    assert.is(stored.code, 0, stored.err);
    assert.not.match(stored.err, 'PO4211');
    const runs = await useStore(url, (store) => store.runs({ machine: null, limit: null }));
    assert.equal(
      runs.map(({ RunTime }) => RunTime),
      [night(3), night(2)],
    );
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

if (noDatabase === null) test.run();
else skip(noDatabase);
