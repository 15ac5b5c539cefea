import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { PortOwnerError } from '../schema/problems.ts';
import type { AuditRun, PortSpanRow } from '../schema/audit-run.ts';
import type { Finding } from '../schema/finding.ts';
import { temporaryBeside } from '../io/temporary.ts';
import { findingKey, worst } from './findings.ts';
import { ownerKey, ownerText, type Listener } from './listeners.ts';
import { defaultWaitMs, freeName, openDatabase, readStore, writeStore, type OpenStore } from './store-file.ts';
import { storeVersion, upgrade } from './store-schema.ts';

/*
 * The history of audits in one SQLite file. It keeps spans: a listener, or a finding, and the first and last run that
 * saw it without a run in between that did not. A span that the newest run of its machine saw has no last run yet, so
 * that a night without changes writes one row. Times are milliseconds since 1970. Version 2 added whether a run could
 * tell all (null: made before), and the numbers of dynamic ports.
 */

const day = 86_400_000;
/** How far the clocks of two machines may be apart, in milliseconds. */
const clockSkew = day;

/** How many ended ones are kept of a machine: programs take other ones at each start. */
const mostDynamicPorts = 20_000;

/** What is stored of an audit. */
export interface StoredRun {
  readonly machine: string;
  /** The moment of the facts, ISO 8601. */
  readonly at: string;
  readonly tool: string;
  readonly listeners: readonly Listener[];
  readonly findings: readonly Finding[];
  /** Forget what ended more than so many days before this run; null keeps all. */
  readonly keepDays: number | null;
  /** Whether not all sockets could be read: what was not seen may be there still. */
  readonly partial: boolean;
  /** Why the audit could not tell all. */
  readonly problem?: string;
  /** First forget the runs of the machine that are later than now, and keep a copy of the store. */
  readonly forgetLater: boolean;
}

export interface StoreOutcome {
  /** The findings, with when each was first found. */
  readonly findings: readonly Finding[];
  /** Where the damaged store that was there is now; null when there was none. */
  readonly aside: string | null;
  /** Why the run was not stored: it is there already (`same`), or a later one of its machine is; null when it was. */
  readonly refused: 'same' | 'older' | null;
  /** The time of the machine's newest run in the store, ISO 8601. */
  readonly newest: string;
  /** How many later runs were forgotten. */
  readonly forgotten: number;
  /** Of those the first and the last, ISO 8601, and the copy of the store as it was before; null when there were none. */
  readonly before: { readonly first: string; readonly last: string; readonly copy: string } | null;
}

const dynamicPort = 0;
const portOf = ({ port }: Listener): number => (port === 'dynamic' ? dynamicPort : port);
const instant = (milliseconds: unknown): string => new Date(Number(milliseconds)).toISOString();

/** An open span, by what is known of its owner besides the key. */
interface OpenSpan {
  readonly id: number;
  readonly sha256: string | null;
  readonly signer: string | null;
}

const unknownOrSame = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;

/** An owner with its executable; only some audits know that. */
function binaryKey(listener: Listener): string {
  return JSON.stringify([ownerKey(listener), listener.sha256, listener.signer]);
}

/** SQLite's text is UTF-8, which has no half characters: they are written out, so that two names do not become one. */
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

function storeSpans(
  database: DatabaseSync,
  machine: number,
  at: number,
  previous: number | null,
  { listeners, partial }: StoredRun,
): { appeared: number; disappeared: number } {
  const open = new Map<string, OpenSpan>();
  const seen = new Set(
    listeners
      .filter(({ port }) => port !== 'dynamic')
      .map(({ protocol, port, address }) => `${protocol} ${port} ${address}`),
  );
  const gone = new Set<number>();
  const rows = database
    .prepare(
      'SELECT span.rowid AS id, protocol, port, address, program, services, user, sha256, signer FROM span JOIN owner ON owner.id = span.owner WHERE machine = ? AND last IS NULL',
    )
    .all(machine);
  for (const { id, protocol, port, address, program, services, user, sha256, signer } of rows) {
    const key = ownerKey({
      program: program as string | null,
      services: JSON.parse(String(services)) as string[],
      user: user as string | null,
    });
    // An endpoint that was seen has whom it was seen with; dynamic ones are many behind one name.
    if (!partial || seen.has(`${protocol} ${port} ${address}`)) gone.add(Number(id));
    open.set(`${protocol} ${port} ${address} ${key}`, {
      id: Number(id),
      sha256: sha256 as string | null,
      signer: signer as string | null,
    });
  }
  const addOwner = database.prepare(
    'INSERT OR IGNORE INTO owner (key, program, services, user, sha256, signer) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const addSpan = database.prepare(
    'INSERT INTO span (machine, protocol, port, address, owner, first) SELECT ?, ?, ?, ?, id, ? FROM owner WHERE key = ?',
  );
  const learn = database.prepare('UPDATE span SET owner = (SELECT id FROM owner WHERE key = ?) WHERE rowid = ?');
  const unmatched = new Set([...open.values()].map(({ id }) => id));
  let appeared = 0;
  for (const listener of listeners) {
    const key = binaryKey(listener);
    const span = open.get(`${listener.protocol} ${portOf(listener)} ${listener.address} ${ownerKey(listener)}`);
    const same =
      span !== undefined &&
      unmatched.has(span.id) &&
      unknownOrSame(span.sha256, listener.sha256) &&
      unknownOrSame(span.signer, listener.signer);
    if (same) {
      unmatched.delete(span.id);
      gone.delete(span.id);
    }
    const learnt =
      same &&
      ((span.sha256 === null && listener.sha256 !== null) || (span.signer === null && listener.signer !== null));
    if (same && !learnt) continue;
    addOwner.run(
      key,
      listener.program,
      JSON.stringify(listener.services),
      listener.user,
      listener.sha256,
      listener.signer,
    );
    if (learnt) {
      learn.run(key, span.id);
      continue;
    }
    addSpan.run(machine, listener.protocol, portOf(listener), listener.address, at, key);
    appeared++;
  }
  const end = database.prepare('UPDATE span SET last = ? WHERE rowid = ?');
  for (const id of gone) end.run(previous ?? at, id);
  return { appeared: previous === null ? 0 : appeared, disappeared: gone.size };
}

/** Notes which numbers the dynamic ports have. */
function storeDynamicPorts(
  database: DatabaseSync,
  machine: number,
  at: number,
  previous: number | null,
  { listeners, partial }: StoredRun,
): void {
  const gone = new Map<string, number>();
  const rows = database
    .prepare(
      'SELECT dynamic_port.rowid AS id, protocol, port, address, program, services, user FROM dynamic_port JOIN owner ON owner.id = dynamic_port.owner WHERE machine = ? AND last IS NULL',
    )
    .all(machine);
  for (const { id, protocol, port, address, program, services, user } of rows) {
    gone.set(
      `${protocol} ${port} ${address} ${ownerKey({ program: program as string | null, services: JSON.parse(String(services)) as string[], user: user as string | null })}`,
      Number(id),
    );
  }
  const addOwner = database.prepare(
    'INSERT OR IGNORE INTO owner (key, program, services, user, sha256, signer) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const add = database.prepare(
    'INSERT INTO dynamic_port (machine, protocol, port, address, owner, first) SELECT ?, ?, ?, ?, id, ? FROM owner WHERE key = ?',
  );
  for (const listener of listeners) {
    for (const port of listener.port === 'dynamic' ? listener.ports : []) {
      if (gone.delete(`${listener.protocol} ${port} ${listener.address} ${ownerKey(listener)}`)) continue;
      const key = binaryKey(listener);
      addOwner.run(
        key,
        listener.program,
        JSON.stringify(listener.services),
        listener.user,
        listener.sha256,
        listener.signer,
      );
      add.run(machine, listener.protocol, port, listener.address, at, key);
    }
  }
  if (partial || gone.size === 0) return;
  const end = database.prepare('UPDATE dynamic_port SET last = ? WHERE rowid = ?');
  for (const id of gone.values()) end.run(previous ?? at, id);
  database
    .prepare(
      'DELETE FROM dynamic_port WHERE rowid IN (SELECT rowid FROM dynamic_port WHERE machine = ? AND last IS NOT NULL ORDER BY last DESC LIMIT -1 OFFSET ?)',
    )
    .run(machine, mostDynamicPorts);
}

function storeFindings(
  database: DatabaseSync,
  machine: number,
  at: number,
  previous: number | null,
  { findings, partial }: StoredRun,
): Finding[] {
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
    return { ...finding, FirstSeen: instant(known?.first ?? at) };
  });
  const end = database.prepare('UPDATE finding SET last = ? WHERE rowid = ?');
  for (const { id } of partial ? [] : open.values()) end.run(previous ?? at, id);
  return dated;
}

/** The findings of a run that is not stored, dated by those that are. */
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

/** Keeps a copy of a store as it was before the transaction that is open. Gives its name. */
function keepCopy(path: string, now: Date): string {
  const temporary = temporaryBeside(path);
  try {
    closeSync(openSync(temporary, 'wx', statSync(path).mode & 0o777));
    // Not as bytes: a file that is closed takes the locks of its process with it.
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

/** Takes back all runs of a machine after a moment: what the newest of the others saw is there again. Gives how many they were. */
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

/** Stores a run in an open store, whose transaction this is. */
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
  const { appeared, disappeared } = storeSpans(database, machine, at, previous, run);
  storeDynamicPorts(database, machine, at, previous, run);
  const findings = storeFindings(database, machine, at, previous, run);
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

/** Whether a time lies further ahead than clocks differ. */
export function isFuture(at: string, now: Date): boolean {
  return Date.parse(at) > now.getTime() + clockSkew;
}

/**
 * Stores an audit, all of it or nothing, in a store that is made when it is missing. A damaged store is set aside, and
 * a new one begun. Throws PO4201 (cannot be used), PO4202 (locked), PO4208 (a run of the future, which would keep all
 * others out), PO2002 (another program's) or PO2003 (newer). `waitMs`: for other audits.
 */
export function storeRun(path: string, run: StoredRun, now: Date, waitMs = defaultWaitMs): StoreOutcome {
  if (isFuture(run.at, now)) {
    throw new PortOwnerError(
      'PO4208',
      `the audit of ${run.machine} is dated ${run.at}, and it is ${now.toISOString()}: it is not stored`,
      { hint: 'Set the clock of that machine, or of this one, and make the snapshot again.', target: run.at },
    );
  }
  const whole = { ...run, listeners: run.listeners.map(storable) };
  const { result, aside } = writeStore(path, { now, waitMs }, (store) => record(store, whole, now));
  return { ...result, aside };
}

/** The audits of a store, newest first; `limit` is how many at most, null for all. */
export function readRuns(
  path: string,
  { machine, limit }: { machine: string | null; limit: number | null },
): AuditRun[] {
  return readStore(path, ({ database }) =>
    database
      .prepare(
        'SELECT run.*, name FROM run JOIN machine ON machine.id = run.machine WHERE ?1 IS NULL OR name = ?1 COLLATE NOCASE ORDER BY at DESC, name LIMIT ?2',
      )
      .all(machine, limit ?? -1)
      .map((row): AuditRun => ({
        RunTime: instant(row.at),
        Listeners: Number(row.listeners),
        Appeared: Number(row.appeared),
        Disappeared: Number(row.disappeared),
        Findings: Number(row.findings),
        WorstSeverity: row.worst as string | null,
        Complete: row.complete == null ? null : row.complete === 1,
        Problem: (row.problem ?? null) as string | null,
        Tool: row.tool as string,
        ComputerName: row.name as string,
      })),
  );
}

/** What of the history is wanted. */
export interface SpanQuestion {
  readonly machine: string | null;
  /** A test for port numbers; null wants all. */
  readonly port: ((port: number) => boolean) | null;
  /** Whether listeners in the dynamic range are wanted. */
  readonly dynamic: boolean;
  /** A test for an owner; null wants all. */
  readonly owner: ((owner: Pick<Listener, 'program' | 'services'>) => boolean) | null;
}

/** The ports that a question is about, as far as its owners and ports tell; null for all. */
function portsOf(
  database: DatabaseSync,
  { port, dynamic }: SpanQuestion,
  owners: ReadonlyMap<number, Owner> | null,
): number[] | null {
  if (port === null && owners === null) return null;
  const wanted = owners === null ? [] : [...owners].filter(([, owner]) => owner.wanted).map(([id]) => id);
  const rows =
    owners === null
      ? database.prepare('SELECT DISTINCT port FROM span').all()
      : database
          .prepare('SELECT DISTINCT port FROM span WHERE owner IN (SELECT value FROM json_each(?))')
          .all(JSON.stringify(wanted));
  return rows
    .map((row) => Number(row.port))
    .filter((number) => (number === dynamicPort ? dynamic : (port?.(number) ?? true)));
}

interface Owner extends Pick<Listener, 'program' | 'services' | 'user' | 'sha256' | 'signer'> {
  /** Besides its executable. */
  readonly key: string;
  readonly wanted: boolean;
}

const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Of times in which something was held, in the order of their beginnings: the latest of those before each that had
 * ended when it began.
 */
function previousHolders<T extends { readonly first: number; readonly last: number }>(times: readonly T[]): [T, T][] {
  const ended = times.map((_, index) => index).sort((a, b) => compareNumbers(times[a]!.last, times[b]!.last));
  let next = 0;
  let latest = -1;
  return times.flatMap((time, index): [T, T][] => {
    for (; next < ended.length && times[ended[next]!]!.last < time.first; next++)
      if (ended[next]! < index) latest = Math.max(latest, ended[next]!);
    return latest < 0 ? [] : [[time, times[latest]!]];
  });
}

/** The times in which listeners stayed the same, by endpoint and time. */
export function readSpans(path: string, question: SpanQuestion): PortSpanRow[] {
  return readStore(path, ({ database, version }) => {
    const owners = new Map<number, Owner>();
    for (const { id, program, services, user, sha256, signer } of database
      .prepare('SELECT id, program, services, user, sha256, signer FROM owner')
      .all()) {
      const owner = {
        program: program as string | null,
        services: services === '[]' ? [] : (JSON.parse(String(services)) as string[]),
        user: user as string | null,
        sha256: sha256 as string | null,
        signer: signer as string | null,
      };
      owners.set(Number(id), { ...owner, key: ownerKey(owner), wanted: question.owner?.(owner) ?? true });
    }
    const numbered = version >= 2;
    const machines = new Map<number, { name: string; first: number; firstNumbers: number; newest: number }>();
    const found = database
      .prepare(
        `SELECT id, name, min(at) AS first, ${numbered ? 'min(at) FILTER (WHERE complete IS NOT NULL)' : 'NULL'} AS numbers, max(at) AS newest FROM machine JOIN run ON run.machine = id WHERE ?1 IS NULL OR name = ?1 COLLATE NOCASE GROUP BY id`,
      )
      .all(question.machine);
    for (const { id, name, first, numbers, newest } of found)
      machines.set(Number(id), {
        name: String(name),
        first: Number(first),
        firstNumbers: Number(numbers ?? first),
        newest: Number(newest),
      });
    const rows: PortSpanRow[] = [];
    const ports = portsOf(database, question, question.owner === null ? null : owners);
    const columns = 'machine, protocol, port, address, owner, first, last';
    const selected = [
      `SELECT ${columns}, 0 AS numbered FROM span ${ports === null ? '' : 'WHERE port IN (SELECT value FROM json_each(?))'}`,
    ];
    const wanted = ports === null ? [] : [JSON.stringify(ports)];
    if (numbered && question.port !== null) {
      const numbers = database
        .prepare('SELECT DISTINCT port FROM dynamic_port')
        .all()
        .map((row) => Number(row.port));
      selected.push(`SELECT ${columns}, 1 FROM dynamic_port WHERE port IN (SELECT value FROM json_each(?))`);
      wanted.push(JSON.stringify(numbers.filter(question.port)));
    }
    const spans = database
      .prepare(
        `SELECT * FROM (${selected.join(' UNION ALL ')}) ORDER BY port = 0, port, numbered, protocol, address, machine, first, last IS NULL`,
      )
      .all(...wanted);
    const held = spans.flatMap((row) => {
      const port = Number(row.port);
      const machine = machines.get(Number(row.machine));
      const owner = owners.get(Number(row.owner));
      if ((port === dynamicPort && !question.dynamic) || machine === undefined || owner === undefined) return [];
      const last = row.last === null ? Infinity : Number(row.last);
      return [{ row, port, machine, owner, first: Number(row.first), last }];
    });
    // Dynamic listeners are not one another's heirs, and their numbers have none.
    const endpoints = Map.groupBy(held, ({ row, port, owner }) =>
      row.numbered === 1
        ? null
        : `${row.machine} ${row.protocol} ${row.port} ${row.address} ${port === dynamicPort ? owner.key : ''}`,
    );
    endpoints.delete(null);
    const previousOwners = new Map([...endpoints.values()].flatMap(previousHolders));
    for (const one of held) {
      const { row, port, machine, owner, first } = one;
      const previous = previousOwners.get(one)?.owner;
      const changed = previous !== undefined && previous.key !== owner.key;
      const replaced =
        previous !== undefined &&
        !changed &&
        !(unknownOrSame(previous.sha256, owner.sha256) && unknownOrSame(previous.signer, owner.signer));
      if (!owner.wanted) continue;
      rows.push({
        Protocol: String(row.protocol),
        LocalAddress: String(row.address),
        Port: port === dynamicPort ? 'dynamic' : String(port),
        Event:
          first <= (row.numbered === 1 ? machine.firstNumbers : machine.first)
            ? 'Known'
            : changed
              ? 'ChangedHands'
              : replaced
                ? 'BinaryChanged'
                : 'Appeared',
        FirstSeen: instant(first),
        LastSeen: instant(row.last ?? machine.newest),
        IsOpen: row.last === null,
        Program: owner.program,
        Services: owner.services.length === 0 ? null : owner.services,
        UserName: owner.user,
        PreviousOwner: changed ? ownerText(previous) : null,
        // A number of a dynamic port stays the program's when that is replaced.
        Sha256: row.numbered === 1 ? null : owner.sha256,
        ComputerName: machine.name,
      });
    }
    return rows;
  });
}
