/**
 * The audits of a fleet in a database: how fast they are stored, and how long a question takes. As a script, it prints that. A year of
 * nights takes six minutes and 7 GB; PORTOWNER_NIGHTS=30 makes a month, in one.
 */
import { totalmem } from 'node:os';
import { databaseAddress } from '../../src/audit/store/address.ts';
import type { AuditStore, ListenerQuestion } from '../../src/audit/store/contract.ts';
import { makeStore } from '../../src/audit/store/postgres-admin.ts';
import { postgresStore } from '../../src/audit/store/postgres.ts';
import { fillFleet, machineName, nightOf, runAt, type FleetSize } from '../support/fleet-store.ts';
import { noDatabase, startDatabase, type DatabaseServer } from '../support/postgres-server.ts';
import type { HistoryLine } from './history.ts';

const clients = 4;
const least = 500;

const count = (number: number): string => number.toLocaleString('en');
const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const everything: ListenerQuestion = { machine: null, port: null, dynamic: true, owner: null, sha256: null };

/** Why a fleet cannot be measured here; null if it can. */
export const fleetMissing = noDatabase;

/** Stores the next night of some machines. Returns how many are stored in a second. */
async function storedPerSecond(url: string, { listeners, nights }: FleetSize, from: number, to: number): Promise<number> {
  const runs = Array.from({ length: to - from }, (_, index) => runAt({ listeners }, from + index, nights));
  const start = performance.now();
  const client = async (): Promise<void> => {
    const store = postgresStore(databaseAddress(url));
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
      const { refused } = await store.add(run, nightOf(nights));
      if (refused !== null) throw new Error(`the audit of ${run.machine} was not stored: ${refused}`);
    }
    await store.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (to - from) / ((performance.now() - start) / 1000);
}

/** The middle of the times of a question, in milliseconds, after some that the server and the compiler need to be warm. */
async function timeOf(store: AuditStore, ask: (store: AuditStore) => Promise<{ readonly length: number }>): Promise<{ time: number; rows: number }> {
  const times: number[] = [];
  let rows = 0;
  for (let time = 0; time < 15; time++) {
    const start = performance.now();
    rows = (await ask(store)).length;
    if (time >= 5) times.push(performance.now() - start);
    if (rows === 0) throw new Error('nothing was found');
  }
  return { time: middle(times), rows };
}

async function measured(server: DatabaseServer, size: FleetSize, report: (text: string) => void): Promise<HistoryLine[]> {
  const url = server.url('fleet');
  server.sql('create database fleet');
  await makeStore(databaseAddress(url), false);
  const start = performance.now();
  await fillFleet(server, 'fleet', size, 2);
  const bytes = Number(server.sql("select pg_database_size('fleet')"));
  const spans = Number(server.sql('select count(*) from portowner.span', 'fleet'));
  report(`${count(spans)} spans, ${(bytes / 1e9).toFixed(1)} GB, made in ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  server.sql('alter system set fsync = on');
  server.sql('select pg_reload_conf()');
  server.sql('checkpoint');
  const what = `${count(size.machines)} machines × ${size.listeners} listeners × ${size.nights} nights`;
  const store = postgresStore(databaseAddress(url));
  // From the day before the last night, as portowner fleet --since asks.
  const since = new Date(nightOf(size.nights - 1).getTime() - 12 * 3_600_000);
  const compared = new Date(since.getTime() - 2 * 86_400_000);
  const questions: [name: string, budget: number, ask: (store: AuditStore) => Promise<{ readonly length: number }>][] = [
    ["one machine's history of a port", 10, (all) => all.spans({ machine: machineName(7), port: [{ start: 443, end: 443 }], dynamic: false, owner: null })],
    ["one machine's audits", 10, (all) => all.runs({ machine: machineName(7), limit: 60 })],
    ['who has port 443 now', 100, (all) => all.listeners({ ...everything, port: [{ start: 443, end: 443 }], dynamic: false })],
    ["last night's changes", 500, async (all) => (await all.news(everything, { since, compared })).spans],
  ];
  const lines: HistoryLine[] = [];
  for (const [name, budget, ask] of questions) {
    const { time, rows } = await timeOf(store, ask);
    lines.push({ name: `${what}: ${name}`, seen: `${time.toFixed(1)} ms for ${count(rows)} rows`, peer: `${budget} ms`, ratio: time / budget, budget: 1 });
    report(`${name}: ${time.toFixed(1)} ms, ${rows} rows\n`);
  }
  // The server writes its statistics and its journal meanwhile.
  await storedPerSecond(url, size, 0, size.machines / 10);
  const rate = await storedPerSecond(url, size, size.machines / 10, size.machines);
  lines.push({
    name: `${what}: storing the next night with ${clients} connections`,
    seen: `${rate.toFixed(0)} machines/s`,
    peer: `${least} machines/s`,
    ratio: least / rate,
    budget: 1,
  });
  return lines;
}

/** Measures a fleet. `report` gets what is done. */
export async function measureFleet(report: (text: string) => void = () => {}): Promise<HistoryLine[]> {
  const size = { machines: Number(process.env['PORTOWNER_MACHINES'] ?? 10_000), listeners: 200, nights: Number(process.env['PORTOWNER_NIGHTS'] ?? 365) };
  // A quarter of the memory, as https://www.postgresql.org/docs/current/runtime-config-resource.html recommends.
  const buffers = Math.floor(totalmem() / 4 / 2 ** 20);
  const server = await startDatabase({
    settings: `fsync = off\nshared_buffers = ${buffers}MB\nmax_wal_size = 8GB\ncheckpoint_timeout = 30min\nwork_mem = 32MB\nmaintenance_work_mem = 512MB`,
  });
  try {
    return await measured(server, size, report);
  } finally {
    server.stop();
  }
}

if (import.meta.main) {
  const report = (text: string): void => void process.stdout.write(text);
  if (fleetMissing === null) for (const { name, seen, peer, ratio } of await measureFleet(report)) report(`${name}: ${seen}, ${ratio.toFixed(2)} × ${peer}\n`);
}
