import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { temporaryBeside } from '../../io/temporary.ts';
import type { Finding } from '../../schema/finding.ts';
import type { Listener } from '../listeners.ts';
import { refuseFuture, type StoredRun, type StoreOutcome } from './contract.ts';
import {
  binaryKey,
  datedFindings,
  dynamicDifference,
  dynamicNumbers,
  findingDifference,
  keptSince,
  mostDynamicPorts,
  storedPort,
  runValues,
  spanDifference,
  storable,
  type OpenSpan,
  type SpanDifference,
} from './difference.ts';
import { defaultWaitMs, freeName, openDatabase, writeStore, type OpenStore } from './sqlite-file.ts';
import { storeVersion, upgrade } from './sqlite-schema.ts';
import { instant, ownerOf } from './values.ts';

function machineId(database: DatabaseSync, name: string): number {
  database.prepare('INSERT OR IGNORE INTO machine (name) VALUES (?)').run(name);
  return Number(database.prepare('SELECT id FROM machine WHERE name = ?').get(name)!.id);
}

/** A run that is being stored. */
interface Recording {
  readonly database: DatabaseSync;
  /** The ID of its machine. */
  readonly machine: number;
  readonly at: number;
  /** The time of the previous run; null for the first of its machine. */
  readonly previous: number | null;
  readonly run: StoredRun;
}

/** Returns a function that adds an unknown owner and returns its key. */
function ownerAdder(database: DatabaseSync): (listener: Listener) => string {
  const add = database.prepare(
    'INSERT OR IGNORE INTO owner (key, program, services, user, sha256, signer) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return (listener) => {
    const key = binaryKey(listener);
    const { program, services, user, sha256, signer } = listener;
    add.run(key, program, JSON.stringify(services), user, sha256, signer);
    return key;
  };
}

/** Ends the spans that were no longer seen, with the previous run, which saw them. */
function end(table: 'span' | 'dynamic_port' | 'finding', ids: Iterable<number>, recording: Recording): void {
  const ending = recording.database.prepare(`UPDATE ${table} SET last = ? WHERE rowid = ?`);
  for (const id of ids) ending.run(recording.previous ?? recording.at, id);
}

/** The open rows of a table of spans. */
function openSpans({ database, machine }: Recording, table: 'span' | 'dynamic_port'): OpenSpan<number>[] {
  return database
    .prepare(
      `SELECT ${table}.rowid AS id, protocol, port, address, program, services, user, sha256, signer FROM ${table} JOIN owner ON owner.id = ${table}.owner WHERE machine = ? AND last IS NULL`,
    )
    .all(machine)
    .map((row) => {
      const { id, protocol, port, address } = row;
      return { id: Number(id), protocol, port, address, owner: ownerOf(row) };
    });
}

function storeSpans(recording: Recording): SpanDifference<number> {
  const { database, machine, at, run } = recording;
  const difference = spanDifference(openSpans(recording, 'span'), run);
  const addOwner = ownerAdder(database);
  const addSpan = database.prepare(
    'INSERT INTO span (machine, protocol, port, address, owner, first) SELECT ?, ?, ?, ?, id, ? FROM owner WHERE key = ?',
  );
  const learn = database.prepare('UPDATE span SET owner = (SELECT id FROM owner WHERE key = ?) WHERE rowid = ?');
  for (const { id, listener } of difference.learned) learn.run(addOwner(listener), id);
  for (const listener of difference.added)
    addSpan.run(machine, listener.protocol, storedPort(listener), listener.address, at, addOwner(listener));
  end('span', difference.ended, recording);
  return difference;
}

/** Records the dynamic port numbers. */
function storeDynamicPorts(recording: Recording): void {
  const { database, machine, at, run } = recording;
  const { added, ended } = dynamicDifference(openSpans(recording, 'dynamic_port'), dynamicNumbers(run), run);
  const addOwner = ownerAdder(database);
  const add = database.prepare(
    'INSERT INTO dynamic_port (machine, protocol, port, address, owner, first) SELECT ?, ?, ?, ?, id, ? FROM owner WHERE key = ?',
  );
  for (const { listener, port } of added)
    add.run(machine, listener.protocol, port, listener.address, at, addOwner(listener));
  if (ended.length === 0) return;
  end('dynamic_port', ended, recording);
  database
    .prepare(
      'DELETE FROM dynamic_port WHERE rowid IN (SELECT rowid FROM dynamic_port WHERE machine = ? AND last IS NOT NULL ORDER BY last DESC LIMIT -1 OFFSET ?)',
    )
    .run(machine, mostDynamicPorts);
}

function storeFindings(recording: Recording): readonly Finding[] {
  const { database, machine, at, run } = recording;
  const open = database
    .prepare('SELECT rowid AS id, key, first FROM finding WHERE machine = ? AND last IS NULL')
    .all(machine)
    .map(({ id, key, first }) => ({ id: Number(id), key: String(key), first: Number(first) }));
  const { dated, added, ended } = findingDifference(open, run, at);
  const add = database.prepare('INSERT INTO finding (machine, key, severity, first) VALUES (?, ?, ?, ?)');
  for (const { key, severity } of added) add.run(machine, key, severity, at);
  end('finding', ended, recording);
  return dated;
}

/** The stored findings at a time. */
function findingsAt(database: DatabaseSync, machine: number, at: number): { key: string; first: number }[] {
  // The table has no index by key.
  return database
    .prepare('SELECT key, first FROM finding WHERE machine = ? AND first <= ? AND (last IS NULL OR last >= ?)')
    .all(machine, at, at)
    .map(({ key, first }) => ({ key: String(key), first: Number(first) }));
}

function newestRun(database: DatabaseSync, machine: number): number | null {
  const newest = database.prepare('SELECT max(at) AS at FROM run WHERE machine = ?').get(machine)?.at ?? null;
  return newest === null ? null : Number(newest);
}

/** Saves a copy of a store from before the open transaction. Returns its name. */
function keepCopy(path: string, now: Date): string {
  const temporary = temporaryBeside(path);
  try {
    closeSync(openSync(temporary, 'wx', statSync(path).mode & 0o777));
    // Do not copy bytes: closing the file would release the locks of this process.
    const database = openDatabase(path, { readOnly: true });
    try {
      database.prepare('VACUUM INTO ?').run(temporary);
    } finally {
      database.close();
    }
    const copy = freeName(path, 'before', now);
    renameSync(temporary, copy);
    return copy;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Deletes all runs of a machine after a time, and reopens what the newest remaining run saw. Returns their number. */
function forgetLater(database: DatabaseSync, machine: number, at: number): number {
  const { changes } = database.prepare('DELETE FROM run WHERE machine = ? AND at > ?').run(machine, at);
  const newest = newestRun(database, machine);
  for (const table of changes === 0 ? [] : ['span', 'dynamic_port', 'finding']) {
    database.prepare(`DELETE FROM ${table} WHERE machine = ? AND first > ?`).run(machine, at);
    database.prepare(`UPDATE ${table} SET last = NULL WHERE machine = ? AND last >= ?`).run(machine, newest ?? at);
  }
  return Number(changes);
}

function forget(database: DatabaseSync, machine: number, before: number): void {
  database.prepare('DELETE FROM run WHERE machine = ? AND at < ?').run(machine, before);
  for (const table of ['span', 'dynamic_port', 'finding'])
    database.prepare(`DELETE FROM ${table} WHERE machine = ? AND last < ?`).run(machine, before);
  database.exec('DELETE FROM owner WHERE id NOT IN (SELECT owner FROM span UNION SELECT owner FROM dynamic_port)');
}

/** Stores a run in the transaction of an open store. */
function record(
  { database, file, version }: OpenStore,
  run: StoredRun,
  now: Date,
): Omit<StoreOutcome, 'aside' | 'unpruned'> {
  const at = Date.parse(run.at);
  if (version < storeVersion) database.exec(upgrade);
  const machine = machineId(database, run.machine);
  const { count, first, last } = database
    .prepare('SELECT count(*) AS count, min(at) AS first, max(at) AS last FROM run WHERE machine = ? AND at > ?')
    .get(machine, now.getTime())!;
  const before =
    run.forgetLater && count !== 0 ? { first: instant(first), last: instant(last), copy: keepCopy(file, now) } : null;
  const forgotten = before === null ? 0 : forgetLater(database, machine, now.getTime());
  const previous = newestRun(database, machine);
  if (previous !== null && at <= previous) {
    const same = database.prepare('SELECT 1 FROM run WHERE machine = ? AND at = ?').get(machine, at) !== undefined;
    return {
      findings: datedFindings(findingsAt(database, machine, at), run.findings),
      refused: same ? 'same' : 'older',
      newest: instant(previous),
      forgotten,
      before,
    };
  }
  const recording: Recording = { database, machine, at, previous, run };
  const values = runValues(run, storeSpans(recording), previous === null);
  storeDynamicPorts(recording);
  const findings = storeFindings(recording);
  const { tool, listeners, appeared, disappeared, findings: found, worst, complete, problem } = values;
  database
    .prepare(
      'INSERT INTO run (machine, at, tool, listeners, appeared, disappeared, findings, worst, complete, problem) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    .run(machine, at, tool, listeners, appeared, disappeared, found, worst, Number(complete), problem);
  const since = keptSince(run);
  if (since !== null) forget(database, machine, since);
  return { findings, refused: null, newest: instant(at), forgotten, before };
}

/**
 * Stores an audit atomically. Creates a missing store; sets aside and replaces a damaged one. Throws PO4201 (cannot be used),
 * PO4202 (locked), PO4208 (a run from the future, which would block all others), PO2002 (another program's file), or PO2003
 * (newer). `waitMs`: how long to wait for other audits.
 */
export function storeRun(path: string, run: StoredRun, now: Date, waitMs = defaultWaitMs): StoreOutcome {
  refuseFuture(run, now);
  const { result, aside } = writeStore(path, { now, waitMs }, (store) => record(store, storable(run), now));
  return { ...result, aside, unpruned: null };
}
