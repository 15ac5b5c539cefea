import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { temporaryBeside } from '../../io/temporary.ts';
import type { Finding } from '../../schema/finding.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { findingKey, worst } from '../findings.ts';
import { ownerKey, type Listener } from '../listeners.ts';
import { isFuture, type StoredRun, type StoreOutcome } from './contract.ts';
import { defaultWaitMs, freeName, openDatabase, writeStore, type OpenStore } from './sqlite-file.ts';
import { storeVersion, upgrade } from './sqlite-schema.ts';
import { dynamicPort, instant, ownerOf, spanKey, unknownOrSame } from './sqlite-values.ts';

const day = 86_400_000;
/** How many ended spans to keep for a machine: programs take different ports at each start. */
const mostDynamicPorts = 20_000;

const portOf = ({ port }: Listener): number => (port === 'dynamic' ? dynamicPort : port);
/** An owner with its executable, which only some audits know. */
function binaryKey(listener: Listener): string {
  return JSON.stringify([ownerKey(listener), listener.sha256, listener.signer]);
}

/** SQLite stores UTF-8, which has no lone surrogates: escapes them, so that two names do not become one. */
const stored = (text: string): string => text.replace(/\p{Cs}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);

const storable = (listener: Listener): Listener => ({
  ...listener,
  program: listener.program && stored(listener.program),
  services: listener.services.map(stored),
  user: listener.user && stored(listener.user),
  signer: listener.signer && stored(listener.signer),
});

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

/** An open span, with the details of its owner that are not in the key. */
interface OpenSpan {
  readonly id: number;
  readonly sha256: string | null;
  readonly signer: string | null;
}

/** The spans that continue, by endpoint and owner, and those that were not seen. */
function openSpans({ database, machine, run }: Recording): { open: Map<string, OpenSpan>; gone: Set<number> } {
  const open = new Map<string, OpenSpan>();
  const gone = new Set<number>();
  const seen = new Set(
    run.listeners
      .filter(({ port }) => port !== 'dynamic')
      .map(({ protocol, port, address }) => `${protocol} ${port} ${address}`),
  );
  const rows = database
    .prepare(
      'SELECT span.rowid AS id, protocol, port, address, program, services, user, sha256, signer FROM span JOIN owner ON owner.id = span.owner WHERE machine = ? AND last IS NULL',
    )
    .all(machine);
  for (const row of rows) {
    const { protocol, port, address } = row;
    const { sha256, signer, ...owner } = ownerOf(row);
    const id = Number(row.id);
    // An endpoint that was seen has the owner it was seen with; several dynamic ones share one name.
    if (!run.partial || seen.has(`${protocol} ${port} ${address}`)) gone.add(id);
    open.set(spanKey({ protocol, port, address }, owner), { id, sha256, signer });
  }
  return { open, gone };
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

const isSame = (span: OpenSpan, { sha256, signer }: Listener): boolean =>
  unknownOrSame(span.sha256, sha256) && unknownOrSame(span.signer, signer);

/** Whether a run knows more about an executable than earlier runs. */
const isLearnt = (span: OpenSpan, { sha256, signer }: Listener): boolean =>
  (span.sha256 === null && sha256 !== null) || (span.signer === null && signer !== null);

function storeSpans(recording: Recording): { appeared: number; disappeared: number } {
  const { database, machine, at, previous, run } = recording;
  const { open, gone } = openSpans(recording);
  const addOwner = ownerAdder(database);
  const addSpan = database.prepare(
    'INSERT INTO span (machine, protocol, port, address, owner, first) SELECT ?, ?, ?, ?, id, ? FROM owner WHERE key = ?',
  );
  const learn = database.prepare('UPDATE span SET owner = (SELECT id FROM owner WHERE key = ?) WHERE rowid = ?');
  const unmatched = new Set([...open.values()].map(({ id }) => id));
  let appeared = 0;
  for (const listener of run.listeners) {
    const { protocol, address } = listener;
    const port = portOf(listener);
    const span = open.get(spanKey({ protocol, port, address }, listener));
    if (span !== undefined && unmatched.has(span.id) && isSame(span, listener)) {
      unmatched.delete(span.id);
      gone.delete(span.id);
      if (isLearnt(span, listener)) learn.run(addOwner(listener), span.id);
      continue;
    }
    addSpan.run(machine, protocol, port, address, at, addOwner(listener));
    appeared++;
  }
  end('span', gone, recording);
  return { appeared: previous === null ? 0 : appeared, disappeared: gone.size };
}

/** Records the dynamic port numbers. */
function storeDynamicPorts(recording: Recording): void {
  const { database, machine, at, run } = recording;
  const rows = database
    .prepare(
      'SELECT dynamic_port.rowid AS id, protocol, port, address, program, services, user FROM dynamic_port JOIN owner ON owner.id = dynamic_port.owner WHERE machine = ? AND last IS NULL',
    )
    .all(machine);
  const gone = new Map(
    rows.map((row) => {
      const { id, protocol, port, address } = row;
      return [spanKey({ protocol, port, address }, ownerOf(row)), Number(id)];
    }),
  );
  const addOwner = ownerAdder(database);
  const add = database.prepare(
    'INSERT INTO dynamic_port (machine, protocol, port, address, owner, first) SELECT ?, ?, ?, ?, id, ? FROM owner WHERE key = ?',
  );
  for (const listener of run.listeners) {
    const { protocol, address } = listener;
    for (const port of listener.port === 'dynamic' ? listener.ports : [])
      if (!gone.delete(spanKey({ protocol, port, address }, listener)))
        add.run(machine, protocol, port, address, at, addOwner(listener));
  }
  if (run.partial || gone.size === 0) return;
  end('dynamic_port', gone.values(), recording);
  database
    .prepare(
      'DELETE FROM dynamic_port WHERE rowid IN (SELECT rowid FROM dynamic_port WHERE machine = ? AND last IS NOT NULL ORDER BY last DESC LIMIT -1 OFFSET ?)',
    )
    .run(machine, mostDynamicPorts);
}

function storeFindings(recording: Recording): Finding[] {
  const {
    database,
    machine,
    at,
    run: { findings, partial },
  } = recording;
  const open = new Map<string, { id: number; first: number }>();
  for (const { id, key, first } of database
    .prepare('SELECT rowid AS id, key, first FROM finding WHERE machine = ? AND last IS NULL')
    .all(machine)) {
    open.set(String(key), { id: Number(id), first: Number(first) });
  }
  const add = database.prepare('INSERT INTO finding (machine, key, severity, first) VALUES (?, ?, ?, ?)');
  const dated = findings.map((finding) => {
    const key = findingKey(finding);
    const known = open.get(key);
    if (known === undefined) add.run(machine, key, finding.Severity, at);
    else open.delete(key);
    return Object.assign({}, finding, { FirstSeen: instant(known?.first ?? at) });
  });
  if (!partial)
    end(
      'finding',
      [...open.values()].map(({ id }) => id),
      recording,
    );
  return dated;
}

/** The findings of a run that is not stored, with the dates of stored findings. */
function datedFindings(database: DatabaseSync, machine: number, at: number, findings: readonly Finding[]): Finding[] {
  // The table has no index by key.
  const known = new Map<string, number>();
  for (const { key, first } of database
    .prepare('SELECT key, first FROM finding WHERE machine = ? AND first <= ? AND (last IS NULL OR last >= ?)')
    .all(machine, at, at))
    if (!known.has(String(key))) known.set(String(key), Number(first));
  return findings.map((finding) => {
    const first = known.get(findingKey(finding));
    return first === undefined ? finding : { ...finding, FirstSeen: instant(first) };
  });
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
function record({ database, file, version }: OpenStore, run: StoredRun, now: Date): Omit<StoreOutcome, 'aside'> {
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
      findings: datedFindings(database, machine, at, run.findings),
      refused: same ? 'same' : 'older',
      newest: instant(previous),
      forgotten,
      before,
    };
  }
  const recording: Recording = { database, machine, at, previous, run };
  const { appeared, disappeared } = storeSpans(recording);
  storeDynamicPorts(recording);
  const findings = storeFindings(recording);
  database
    .prepare(
      'INSERT INTO run (machine, at, tool, listeners, appeared, disappeared, findings, worst, complete, problem) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    .run(
      machine,
      at,
      run.tool,
      run.listeners.length,
      appeared,
      disappeared,
      run.findings.length,
      worst(run.findings),
      run.partial || run.problem !== undefined ? 0 : 1,
      run.problem ?? null,
    );
  if (run.keepDays !== null) forget(database, machine, at - run.keepDays * day);
  return { findings, refused: null, newest: instant(at), forgotten, before };
}

/**
 * Stores an audit atomically. Creates a missing store; sets aside and replaces a damaged one. Throws PO4201 (cannot be used),
 * PO4202 (locked), PO4208 (a run from the future, which would block all others), PO2002 (another program's file), or PO2003
 * (newer). `waitMs`: how long to wait for other audits.
 */
export function storeRun(path: string, run: StoredRun, now: Date, waitMs = defaultWaitMs): StoreOutcome {
  if (isFuture(run.at, now)) {
    throw new PortOwnerError(
      'PO4208',
      `the audit of ${run.machine} is dated ${run.at}, but it is ${now.toISOString()} now: it was not stored`,
      { hint: 'Correct the clock of that machine, or of this one, and take the snapshot again.', target: run.at },
    );
  }
  const whole = { ...run, listeners: run.listeners.map(storable) };
  const { result, aside } = writeStore(path, { now, waitMs }, (store) => record(store, whole, now));
  return { ...result, aside };
}
