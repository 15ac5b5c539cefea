import { closeSync, existsSync, linkSync, lstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { PortOwnerError } from '../problems.ts';
import type { AuditRun, PortSpanRow } from '../schema/audit-run.ts';
import type { Finding } from '../schema/finding.ts';
import { specialFile } from '../special-file.ts';
import { temporaryBeside } from '../temporary.ts';
import { findingKey, worst } from './findings.ts';
import { ownerKey, ownerText, type Listener } from './listeners.ts';

/*
 * The history of audits in one SQLite file. It keeps spans: a listener, or a finding, and the first and last run that
 * saw it without a run in between that did not. A span that the newest run of its machine saw has no last run yet, so
 * that a night without changes writes one row. Times are milliseconds since 1970. Version 2 added whether a run could
 * tell all (null: made before), and the numbers of dynamic ports.
 */

/** `PORT` in ASCII: tells a store from other programs' databases. */
const applicationId = 0x504f5254;
const storeVersion = 2;
/** How long one waits for another audit that is writing, in milliseconds. */
const patience = 30_000;
/** How often one looks whether another audit has replaced a damaged store. */
const attempts = 5;
const day = 86_400_000;
/** How far the clocks of two machines may be apart, in milliseconds. */
const clockSkew = day;

/** The number that a program had of a dynamic port, and when. */
const dynamicPorts = `
CREATE TABLE dynamic_port (
  machine INTEGER NOT NULL REFERENCES machine, protocol TEXT NOT NULL, port INTEGER NOT NULL, address TEXT NOT NULL,
  owner INTEGER NOT NULL REFERENCES owner, first INTEGER NOT NULL, last INTEGER
) STRICT;
CREATE INDEX dynamic_port_open ON dynamic_port (machine) WHERE last IS NULL;
CREATE INDEX dynamic_port_number ON dynamic_port (port);
`;
/** How many ended ones are kept of a machine: programs take other ones at each start. */
const mostDynamicPorts = 20_000;

const schema = `
CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE run (
  machine INTEGER NOT NULL REFERENCES machine, at INTEGER NOT NULL, tool TEXT NOT NULL, listeners INTEGER NOT NULL,
  appeared INTEGER NOT NULL, disappeared INTEGER NOT NULL, findings INTEGER NOT NULL, worst TEXT,
  complete INTEGER, problem TEXT,
  PRIMARY KEY (machine, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE owner (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, program TEXT, services TEXT NOT NULL, user TEXT, sha256 TEXT, signer TEXT) STRICT;
CREATE TABLE span (
  machine INTEGER NOT NULL REFERENCES machine, protocol TEXT NOT NULL, port INTEGER NOT NULL, address TEXT NOT NULL,
  owner INTEGER NOT NULL REFERENCES owner, first INTEGER NOT NULL, last INTEGER
) STRICT;
CREATE INDEX span_open ON span (machine) WHERE last IS NULL;
CREATE INDEX span_port ON span (port);
CREATE INDEX span_owner ON span (owner);
CREATE TABLE finding (machine INTEGER NOT NULL REFERENCES machine, key TEXT NOT NULL, severity TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER) STRICT;
CREATE INDEX finding_open ON finding (machine) WHERE last IS NULL;
${dynamicPorts}
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${storeVersion};
`;

/** What makes a store of version 1 one of version 2. */
const upgrade = `
ALTER TABLE run ADD COLUMN complete INTEGER;
ALTER TABLE run ADD COLUMN problem TEXT;
${dynamicPorts}
PRAGMA user_version = ${storeVersion};
`;

/** SQLite's own result codes (sqlite3.h). */
const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  interrupted: 9,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

const isDamage = (error: unknown): boolean => {
  const code = sqliteCode(error);
  return (
    code === codes.corrupt || code === codes.notADatabase || error instanceof Damaged || error instanceof SyntaxError
  );
};

/** What SQLite itself does not call damage: a file of ours that is empty, or in which something does not add up. */
class Damaged extends Error {}

function unusable(path: string, error: unknown): PortOwnerError {
  const code = sqliteCode(error);
  if (code === codes.busy || code === codes.locked) {
    return new PortOwnerError('PO4202', `the store ${path} is locked by another program`, {
      hint: 'Wait for the other audit to end, or close the program that has the store open.',
      target: path,
      cause: error,
    });
  }
  const system = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why =
    code === codes.full || system === 'ENOSPC'
      ? 'the disk is full'
      : code === codes.readOnly || system === 'EROFS'
        ? 'it, or its folder, cannot be written'
        : code === codes.cannotOpen || ['EACCES', 'ENOENT', 'ENOTDIR', 'EPERM'].includes(system)
          ? 'it cannot be opened: its folder does not exist, or access is denied'
          : error instanceof Error
            ? error.message
            : String(error);
  return new PortOwnerError('PO4201', `the store ${path} cannot be used: ${why}`, {
    hint: 'What was stored before is still there.',
    target: path,
    cause: error,
  });
}

/** Throws PO4201 for what is there and no file: a device is no damaged store, and SQLite would wait for a pipe. */
function checkFile(path: string): void {
  const why = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'it is a folder' : specialFile(path);
  if (why !== null)
    throw new PortOwnerError('PO4201', `the store ${path} cannot be used: ${why}`, {
      hint: 'Name another file for the store.',
      target: path,
    });
}

function open(path: string, readOnly: boolean, wait = patience): DatabaseSync {
  const database = new DatabaseSync(path, {
    readOnly,
    timeout: wait,
    enableForeignKeyConstraints: false,
    allowExtension: false,
  });
  try {
    // Nothing in the file may run: no functions in a schema that somebody planted.
    database.exec('PRAGMA trusted_schema = OFF');
    if (!readOnly) database.exec('PRAGMA synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What this program reads from each table, by the version that first had it. */
const contents: readonly [version: number, table: string, columns: string][] = [
  [1, 'machine', 'id, name'],
  [1, 'run', 'machine, at, tool, listeners, appeared, disappeared, findings, worst'],
  [1, 'owner', 'id, key, program, services, user, sha256, signer'],
  [1, 'span', 'machine, protocol, port, address, owner, first, last'],
  [1, 'finding', 'machine, key, severity, first, last'],
  [2, 'run', 'complete, problem'],
  [2, 'dynamic_port', 'machine, protocol, port, address, owner, first, last'],
];

/** What JavaScript takes for a time, in milliseconds. */
const latest = 8.64e15;

/** Throws Damaged where tables or columns are not there, or cannot be read. */
function verifyTables(database: DatabaseSync, version: number): void {
  for (const [, table, columns] of contents.filter(([since]) => since <= version)) {
    try {
      database.prepare(`SELECT ${columns} FROM ${table} LIMIT 0`).all();
    } catch (error) {
      // SQLITE_ERROR: no such table, or column.
      throw sqliteCode(error) === 1 ? new Damaged((error as Error).message) : error;
    }
  }
  for (const { services } of database.prepare('SELECT DISTINCT services FROM owner').all()) {
    const value: unknown = JSON.parse(String(services));
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
      throw new Damaged('the services of an owner are no list of names');
  }
}

/** Throws Damaged where what is in the tables does not fit together. */
function verifyValues(database: DatabaseSync, version: number): void {
  if (pragma(database, 'quick_check') !== 'ok') throw new Damaged('its pages do not fit together');
  if (database.prepare('PRAGMA foreign_key_check').get() !== undefined)
    throw new Damaged('it refers to what is not there');
  for (const [, table, columns] of contents.filter(([since]) => since <= version)) {
    const times = columns.split(', ').filter((column) => ['at', 'first', 'last'].includes(column));
    const wrong = times.map((column) => `${column} NOT BETWEEN ${-latest} AND ${latest}`).join(' OR ');
    if (wrong !== '' && database.prepare(`SELECT 1 FROM ${table} WHERE ${wrong}`).get() !== undefined)
      throw new Damaged('a time in it is none');
  }
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version' | 'quick_check'): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** Throws Damaged, what SQLite says, PO2003 for a newer store and PO2002 for somebody else's database. */
function verify(database: DatabaseSync, path: string, whole: boolean): void {
  const id = pragma(database, 'application_id');
  const version = Number(pragma(database, 'user_version'));
  if (id !== applicationId) {
    if (id === 0 && version === 0 && statSync(path).size === 0) throw new Damaged('it is empty');
    throw new PortOwnerError('PO2002', `${path} is a database of another program`, {
      hint: 'Name another file for the store.',
      target: path,
    });
  }
  if (version > storeVersion)
    throw new PortOwnerError(
      'PO2003',
      `${path} has store version ${version}; this program knows version ${storeVersion}`,
      { hint: 'Use the PortOwner that wrote it, or a newer one.', target: path },
    );
  verifyTables(database, version);
  if (whole) verifyValues(database, version);
}

/** Makes a whole new store under another name, and has it take its place: an empty file in that place is a damaged store. */
function create(path: string, place: (temporary: string) => void): void {
  const temporary = temporaryBeside(path);
  try {
    closeSync(openSync(temporary, 'wx', 0o644));
    const database = open(temporary, false);
    try {
      // Only this file's own program knows its name yet.
      database.exec(`BEGIN;${schema}COMMIT`);
    } finally {
      database.close();
    }
    place(temporary);
  } finally {
    for (const end of ['', '-journal']) rmSync(temporary + end, { force: true });
  }
}

const noLinks: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'ENOSYS',
  'EOPNOTSUPP',
  'EINVAL',
  'EISDIR',
  'EACCES',
]);

/** Gives a file a second name; false on a file system without such. */
function linked(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && noLinks.has(String(error.code))) return false;
    throw error;
  }
}

/** A new store, unless another audit was faster. */
function createFirst(path: string): void {
  create(path, (temporary) => {
    try {
      if (!linked(temporary, path) && !existsSync(path)) renameSync(temporary, path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  });
}

/** A name beside a store that nothing has yet, with what became of it and when. */
function freeName(path: string, what: string, now: Date): string {
  const base = `${path}.${what}-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  let name = base;
  for (let number = 2; existsSync(name); number++) name = `${base}-${number}`;
  return name;
}

/** Gives a damaged store, with its journal, another name, so that nothing of it is lost, and its place to a new one. Gives the other name. */
function setAside(path: string, now: Date): string {
  if (!statSync(path).isFile()) throw new Error('it is not a file');
  const aside = freeName(path, 'damaged', now);
  create(path, (temporary) => {
    // Before there is a new store, whose journal it would be taken for.
    if (existsSync(`${path}-journal`)) renameSync(`${path}-journal`, `${aside}-journal`);
    // Other audits find a store at any moment: SQLite would make an empty one.
    const both = linked(path, aside);
    if (!both) renameSync(path, aside);
    try {
      renameSync(temporary, path);
    } catch (error) {
      // It is in its old place still.
      if (both) rmSync(aside, { force: true });
      throw error;
    }
  });
  return aside;
}

/** Tells a file from another that took its place. */
function identity(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}

/** Replaces a damaged store, one audit at a time; null when another one has done so. */
function replaceDamaged(path: string, damaged: string | null, now: Date, wait: number): string | null {
  const guard = `${path}.lock`;
  // The system takes this lock back from an audit that is killed.
  const lock = new DatabaseSync(guard, { timeout: wait });
  let aside: string | null = null;
  try {
    lock.exec('BEGIN EXCLUSIVE');
    if (identity(path) === damaged) aside = setAside(path, now);
  } catch (error) {
    // The lock is gone: another audit has replaced the store meanwhile.
    if (sqliteCode(error) !== codes.io) throw error;
  } finally {
    lock.close();
  }
  try {
    // Who waits for it still finds another store in its place.
    if (aside !== null) rmSync(guard, { force: true });
  } catch {
    // On Windows another audit has it open: it stays, and does no harm.
  }
  return aside;
}

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

/** Runs what writes as one transaction; the process may end at any moment. */
function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have ended the transaction by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

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
  const first = database.prepare(
    'SELECT first FROM finding WHERE machine = ? AND key = ? AND first <= ? AND (last IS NULL OR last >= ?)',
  );
  return findings.map((finding) => {
    const known = first.get(machine, findingKey(finding), at, at);
    return known === undefined ? finding : { ...finding, FirstSeen: instant(known.first) };
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
    const database = open(path, true);
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

function record(database: DatabaseSync, run: StoredRun, path: string, now: Date): Omit<StoreOutcome, 'aside'> {
  const at = Date.parse(run.at);
  return transaction(database, () => {
    if (Number(pragma(database, 'user_version')) < storeVersion) database.exec(upgrade);
    const machine = machineId(database, run.machine);
    const { count, first, last } = database
      .prepare('SELECT count(*) AS count, min(at) AS first, max(at) AS last FROM run WHERE machine = ? AND at > ?')
      .get(machine, now.getTime())!;
    const before =
      run.forgetLater && count !== 0 ? { first: instant(first), last: instant(last), copy: keepCopy(path, now) } : null;
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
  });
}

/** Whether a time lies further ahead than clocks differ. */
export function isFuture(at: string, now: Date): boolean {
  return Date.parse(at) > now.getTime() + clockSkew;
}

/**
 * Stores an audit, all of it or nothing, in a store that is made when it is missing. A damaged store is set aside, and
 * a new one begun. Throws PO4201 (cannot be used), PO4202 (locked), PO4208 (a run of the future, which would keep all
 * others out), PO2002 (another program's) or PO2003 (newer). `wait`: for other audits, in milliseconds.
 */
export function storeRun(path: string, run: StoredRun, now: Date, wait = patience): StoreOutcome {
  if (isFuture(run.at, now)) {
    throw new PortOwnerError(
      'PO4208',
      `the audit of ${run.machine} is dated ${run.at}, and it is ${now.toISOString()}: it is not stored`,
      { hint: 'Set the clock of that machine, or of this one, and make the snapshot again.', target: run.at },
    );
  }
  let aside: string | null = null;
  try {
    for (const end of ['', '-journal', '.lock']) checkFile(path + end);
    for (let attempt = 1; ; attempt++) {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) createFirst(path);
      const file = identity(path);
      let database: DatabaseSync | undefined;
      try {
        database = open(path, false, wait);
        verify(database, path, true);
        return { ...record(database, run, path, now), aside };
      } catch (error) {
        if (!isDamage(error) || aside !== null || attempt === attempts) throw error;
      } finally {
        database?.close();
      }
      aside = replaceDamaged(path, file, now, wait);
    }
  } catch (error) {
    throw error instanceof PortOwnerError ? error : unusable(path, error);
  }
}

/** Opens a store to read. Throws as storeRun; a damaged one is PO4203 and stays where it is. */
function reading<T>(path: string, read: (database: DatabaseSync) => T): T {
  let database: DatabaseSync | undefined;
  try {
    for (const end of ['', '-journal']) checkFile(path + end);
    if (statSync(path, { throwIfNoEntry: false }) === undefined)
      throw new PortOwnerError('PO2001', `cannot read ${path}: there is no such file`, {
        hint: 'portowner audit --store makes it.',
        target: path,
      });
    // An audit that was killed left a journal: only a writer can take back what it had begun.
    database = open(path, !existsSync(`${path}-journal`));
    verify(database, path, false);
    return read(database);
  } catch (error) {
    if (error instanceof PortOwnerError) throw error;
    // Of numbers that are no times.
    if (!isDamage(error) && !(error instanceof RangeError)) throw unusable(path, error);
    throw new PortOwnerError('PO4203', `the store ${path} is damaged: ${(error as Error).message}`, {
      hint: 'The next audit sets it aside and begins a new one; or bring it back from a backup.',
      target: path,
      cause: error,
    });
  } finally {
    database?.close();
  }
}

/** The audits of a store, newest first; `limit` is how many at most, null for all. */
export function readRuns(
  path: string,
  { machine, limit }: { machine: string | null; limit: number | null },
): AuditRun[] {
  return reading(path, (database) =>
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

/** The times in which listeners stayed the same, by endpoint and time. */
export function readSpans(path: string, question: SpanQuestion): PortSpanRow[] {
  return reading(path, (database) => {
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
    const numbered = Number(pragma(database, 'user_version')) >= 2;
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
    // Who had an endpoint last, and until when.
    let endpoint = '';
    let before: { owner: Owner; last: number }[] = [];
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
    for (const row of spans) {
      const port = Number(row.port);
      const machine = machines.get(Number(row.machine));
      const owner = owners.get(Number(row.owner));
      if ((port === dynamicPort && !question.dynamic) || machine === undefined || owner === undefined) continue;
      const first = Number(row.first);
      const key = `${row.numbered} ${row.machine} ${row.protocol} ${row.port} ${row.address}`;
      if (key !== endpoint) before = [];
      endpoint = key;
      // Dynamic listeners are not one another's heirs.
      const heirs =
        row.numbered === 1 ? [] : port === dynamicPort ? before.filter((one) => one.owner.key === owner.key) : before;
      const previous = heirs.findLast(({ last }) => last < first)?.owner;
      const changed = previous !== undefined && previous.key !== owner.key;
      const replaced =
        previous !== undefined &&
        !changed &&
        !(unknownOrSame(previous.sha256, owner.sha256) && unknownOrSame(previous.signer, owner.signer));
      before.push({ owner, last: row.last === null ? Infinity : Number(row.last) });
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
