import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { errorCode, errorWords } from '../../io/errors.ts';
import { destination } from '../../io/place.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { specialFile } from '../../io/special-file.ts';
import { temporaryBeside } from '../../io/temporary.ts';
import { applicationId, Damaged, Planted, schema, schemaMark, storeVersion, verifySchema } from './sqlite-schema.ts';

/*
 * The file of a store: how it is recognized, opened, created, and set aside if damaged. Only a file that was evidently a
 * store is ever renamed; any other file stays unchanged.
 */

/** How long to wait for another audit that is writing, in milliseconds. */
export const defaultWaitMs = 30_000;
/** How often to check whether another audit has replaced a damaged store. */
const attempts = 5;
const megabyte = 1024 * 1024;
/** The longest value that is read; values that are written are shorter than one megabyte. */
const maxValueBytes = 16 * megabyte;

/** SQLite's own result codes (sqlite3.h). */
const codes = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  interrupted: 9,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  notADatabase: 26,
} as const;

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return (
    code === codes.corrupt || code === codes.notADatabase || error instanceof Damaged || error instanceof SyntaxError
  );
}

function unusable(path: string, error: unknown): PortOwnerError {
  const code = sqliteCode(error);
  if (code === codes.busy || code === codes.locked) {
    return new PortOwnerError('PO4202', `the store ${path} is locked by another program`, {
      hint: 'Wait for the other audit to end, or close the program that has the store open.',
      target: path,
      cause: error,
    });
  }
  const why =
    code === codes.full
      ? 'the disk is full'
      : code === codes.readOnly
        ? 'it, or its folder, cannot be written'
        : code === codes.cannotOpen
          ? 'it cannot be opened: its folder does not exist, or access is denied'
          : code === codes.tooBig
            ? `it contains a value of more than ${maxValueBytes / megabyte} MB`
            : errorWords(error, 'write');
  return new PortOwnerError('PO4201', `the store ${path} cannot be used: ${why}`, {
    hint: 'Everything stored before is still there.',
    target: path,
    cause: error,
  });
}

/** The error for a file that is not a store, or contains foreign objects: it stays unchanged. */
function foreign(path: string, why: string, hint = 'Name another file for the store.'): PortOwnerError {
  return new PortOwnerError('PO2002', `${path} cannot be the store: ${why}`, { hint, target: path });
}

/** Throws PO4201 for anything that is not a file: a device is not a damaged store, and SQLite would wait for a pipe. */
function checkFile(path: string): void {
  const why = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'it is a folder' : specialFile(path);
  if (why !== null)
    throw new PortOwnerError('PO4201', `the store ${path} cannot be used: ${why}`, {
      hint: 'Name another file for the store.',
      target: path,
    });
}

/** The first bytes of a file, and its size. */
function head(path: string): { bytes: Buffer; size: number } {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(65_536);
    return { bytes: buffer.subarray(0, readSync(file, buffer)), size: statSync(path).size };
  } finally {
    closeSync(file);
  }
}

/**
 * Why a file is not a store, or null: checks the SQLite header (sqlite.org/fileformat.html), which contains our number. If
 * the beginning of the header is damaged, the number and the text of our tables identify a store.
 */
function whyForeign(path: string): string | null {
  const { bytes, size } = head(path);
  if (size === 0) return 'it is an empty file';
  const isDatabase = bytes.toString('latin1', 0, 16) === 'SQLite format 3\0';
  const isNumbered = bytes.length >= 72 && bytes.readUInt32BE(68) === applicationId;
  if (isDatabase && !isNumbered) return 'it is a database of another program';
  if (!isNumbered || !(isDatabase || bytes.includes(schemaMark))) return 'it is not a PortOwner store';
  // SQLite would treat a log next to such a file as part of it.
  return isDatabase && (bytes[18] === 2 || bytes[19] === 2) ? 'it is in WAL mode, which PortOwner never uses' : null;
}

/** Throws PO2002 for a file that is not a store. */
function checkStore(path: string, file: string): void {
  const why = whyForeign(file);
  if (why !== null) throw foreign(path, why);
}

/**
 * Throws PO2002 for files next to a store that SQLite would treat as part of it, and that no audit left: a log, or another
 * user's journal, whose pages SQLite would write to the store.
 */
function checkBeside(path: string, file: string): void {
  const remove = 'Remove that file if nothing needs it, or use another file for the store.';
  for (const end of ['-wal', '-shm'])
    if (lstatSync(file + end, { throwIfNoEntry: false }) !== undefined)
      throw foreign(path, `the file ${file}${end} next to it was not created by PortOwner`, remove);
  const journal = lstatSync(`${file}-journal`, { throwIfNoEntry: false });
  if (journal !== undefined) {
    const own = statSync(file, { throwIfNoEntry: false });
    if (own === undefined) throw foreign(path, `it does not exist, but the journal ${file}-journal does`, remove);
    if (journal.isSymbolicLink()) throw foreign(path, `the journal ${file}-journal next to it is a link`, remove);
    if (![own.uid, process.geteuid?.() ?? own.uid, 0].includes(journal.uid))
      throw foreign(path, `the journal ${file}-journal next to it belongs to another user`, remove);
  }
  const lock = lstatSync(`${file}.lock`, { throwIfNoEntry: false });
  if (lock !== undefined && !(lock.isFile() && lock.size === 0))
    throw foreign(path, `the file ${file}.lock next to it is not the lock of a store`, remove);
}

/** Opens an existing file: SQLite must not create one. */
export function openDatabase(
  path: string,
  { readOnly, waitMs = defaultWaitMs }: { readOnly: boolean; waitMs?: number },
): DatabaseSync {
  // SQLite treats the name of a server as part of the path.
  const address = pathToFileURL(path).href.replace(/^file:\/\/(?=[^/])/, 'file:////');
  const database = new DatabaseSync(new URL(`${address}?mode=${readOnly ? 'ro' : 'rw'}`), {
    readOnly,
    timeout: waitMs,
    enableForeignKeyConstraints: false,
    allowExtension: false,
    defensive: true,
    limits: { length: maxValueBytes, triggerDepth: 1 },
  });
  try {
    // Nothing in the file may run, such as functions in a manipulated schema.
    database.exec('PRAGMA trusted_schema = OFF');
    if (!readOnly) database.exec('PRAGMA synchronous = FULL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The latest time that JavaScript supports, in milliseconds. */
const latest = 8.64e15;

/** The columns that hold a time, by the version that first had their table. */
const times: readonly [version: number, table: string, columns: readonly string[]][] = [
  [1, 'run', ['at']],
  [1, 'span', ['first', 'last']],
  [1, 'finding', ['first', 'last']],
  [2, 'dynamic_port', ['first', 'last']],
];

/** Throws Damaged if the services of an owner are not in the form that an audit writes. */
function verifyServices(database: DatabaseSync): void {
  for (const { services } of database.prepare('SELECT DISTINCT services FROM owner').all()) {
    const value: unknown = JSON.parse(String(services));
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
      throw new Damaged('the services of an owner are not a list of names');
  }
}

/** Throws Damaged if the tables are inconsistent. */
function verifyValues(database: DatabaseSync, version: number): void {
  if (pragma(database, 'quick_check') !== 'ok') throw new Damaged('its pages are inconsistent');
  if (database.prepare('PRAGMA foreign_key_check').get() !== undefined) throw new Damaged('it refers to missing rows');
  for (const [, table, columns] of times.filter(([since]) => since <= version)) {
    const wrong = columns.map((column) => `${column} NOT BETWEEN ${-latest} AND ${latest}`).join(' OR ');
    if (database.prepare(`SELECT 1 FROM ${table} WHERE ${wrong}`).get() !== undefined)
      throw new Damaged('it contains an invalid time');
  }
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version' | 'quick_check'): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/**
 * Returns the version of a store. Throws Damaged, Planted, SQLite's errors, PO2003 for a newer store, and PO2002 for another
 * program's database. Call it in the transaction that uses the store, so that the store cannot change in between.
 */
function verify(database: DatabaseSync, path: string, isWhole: boolean): number {
  if (pragma(database, 'application_id') !== applicationId) throw foreign(path, 'it is a database of another program');
  const version = Number(pragma(database, 'user_version'));
  if (version > storeVersion)
    throw new PortOwnerError(
      'PO2003',
      `${path} has store version ${version}; this program knows version ${storeVersion}`,
      { hint: 'Use the PortOwner that wrote it, or a newer one.', target: path },
    );
  if (version < 1) throw new Planted(`it has the store version ${version}, which never existed`);
  verifySchema(database, version);
  verifyServices(database);
  if (isWhole) verifyValues(database, version);
  return version;
}

/** Creates a new store under another name and renames it: an empty file in its place would not be a store. */
function create(path: string, place: (temporary: string) => void): void {
  const temporary = temporaryBeside(path);
  try {
    closeSync(openSync(temporary, 'wx', 0o644));
    const database = openDatabase(temporary, { readOnly: false });
    try {
      // Only this process knows its name yet.
      database.exec(`BEGIN;${schema}COMMIT`);
    } finally {
      database.close();
    }
    place(temporary);
  } finally {
    for (const end of ['', '-journal']) rmSync(temporary + end, { force: true });
  }
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const noLinks: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'ENOSYS',
  'EOPNOTSUPP',
  'EINVAL',
  'EISDIR',
  'EACCES',
]);

/** Gives a file a second name; false on a file system without hard links. */
function linked(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (noLinks.has(errorCode(error))) return false;
    throw error;
  }
}

/** A new store, unless another audit was faster. */
function createFirst(path: string): void {
  create(path, (temporary) => {
    try {
      if (!linked(temporary, path) && !isThere(path)) renameSync(temporary, path);
    } catch (error) {
      if (!isThere(path)) throw error;
    }
  });
}

/** An unused name next to a store, with what happened to it and when. */
export function freeName(path: string, what: string, now: Date): string {
  const base = `${path}.${what}-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  let name = base;
  for (let number = 2; isThere(name); number++) name = `${base}-${number}`;
  return name;
}

/** Renames a damaged store with its journal, so that nothing is lost, and replaces it by a new one. Returns the new name. */
function setAside(path: string, now: Date): string {
  if (!lstatSync(path).isFile() || whyForeign(path) !== null) throw new Error('it is not a PortOwner store');
  const aside = freeName(path, 'damaged', now);
  create(path, (temporary) => {
    // Before the new store exists, which would use this journal.
    if (existsSync(`${path}-journal`)) renameSync(`${path}-journal`, `${aside}-journal`);
    // Other audits can find a store at any time.
    const both = linked(path, aside);
    if (!both) renameSync(path, aside);
    try {
      renameSync(temporary, path);
    } catch (error) {
      // It is still in its old place.
      if (both) rmSync(aside, { force: true });
      throw error;
    }
  });
  return aside;
}

/** Identifies a file, so that another file in its place can be detected. */
function identity(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}

/** Replaces a damaged store, one audit at a time; null if another audit has done so. */
function replaceDamaged(path: string, damaged: string | null, now: Date, waitMs: number): string | null {
  const guard = `${path}.lock`;
  // The system releases this lock if the audit is killed.
  const lock = new DatabaseSync(guard, { timeout: waitMs });
  let aside: string | null = null;
  try {
    lock.exec('BEGIN EXCLUSIVE');
    if (identity(path) === damaged) aside = setAside(path, now);
  } catch (error) {
    // The lock is gone: another audit has replaced the store in the meantime.
    if (sqliteCode(error) !== codes.io) throw error;
  } finally {
    lock.close();
  }
  try {
    // An audit that waits for it finds a new store. A later audit created the file again.
    rmSync(guard, { force: true });
  } catch {
    // On Windows, another audit may have it open: it stays, which is harmless.
  }
  return aside;
}

/** Runs `use` as one transaction; the process may end at any time. */
function transaction<T>(database: DatabaseSync, kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have ended the transaction.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Translates the error of a store for the user; `path` is the path that the user specified. */
function errorOf(path: string, error: unknown): PortOwnerError {
  if (error instanceof PortOwnerError) return error;
  if (error instanceof Planted)
    return foreign(
      path,
      error.message,
      'Somebody changed the store. Find out who, and then remove it with an SQLite tool, or restore the store from a backup.',
    );
  return unusable(path, error);
}

/** A store that is open, in a transaction, and verified. */
export interface OpenStore {
  readonly database: DatabaseSync;
  /** Its real path, without links. */
  readonly file: string;
  readonly version: number;
}

/**
 * Runs `work` to write to a store atomically; creates a missing store, and sets aside and replaces a damaged one. Throws
 * PO4201 (cannot be used), PO4202 (locked), PO2002 (not a store, or with foreign objects), or PO2003 (newer).
 */
export function writeStore<T>(
  path: string,
  { now, waitMs = defaultWaitMs }: { now: Date; waitMs?: number },
  work: (store: OpenStore) => T,
): { result: T; aside: string | null } {
  let aside: string | null = null;
  try {
    for (const end of ['', '-journal', '.lock']) checkFile(path + end);
    // Follow links, even to a path where no store exists yet.
    const file = destination(path);
    for (let attempt = 1; ; attempt++) {
      checkBeside(path, file);
      if (!isThere(file)) createFirst(file);
      const before = identity(file);
      checkStore(path, file);
      let database: DatabaseSync | undefined;
      try {
        const opened = (database = openDatabase(file, { readOnly: false, waitMs }));
        const result = transaction(opened, 'IMMEDIATE', () =>
          work({ database: opened, file, version: verify(opened, path, true) }),
        );
        return { result, aside };
      } catch (error) {
        if (!isDamage(error) || aside !== null || attempt === attempts) throw error;
      } finally {
        database?.close();
      }
      aside = replaceDamaged(file, before, now, waitMs);
    }
  } catch (error) {
    throw errorOf(path, error);
  }
}

/** Runs `work` to read a store. Throws the errors of writeStore; a damaged store is PO4203 and stays in place, a missing one PO2001. */
export function readStore<T>(path: string, work: (store: OpenStore) => T): T {
  let database: DatabaseSync | undefined;
  try {
    for (const end of ['', '-journal']) checkFile(path + end);
    if (statSync(path, { throwIfNoEntry: false }) === undefined)
      throw new PortOwnerError('PO2001', `cannot read ${path}: the file does not exist`, {
        hint: 'Use portowner audit --store to create it.',
        target: path,
      });
    const file = realpathSync(path);
    checkBeside(path, file);
    checkStore(path, file);
    // A killed audit left a journal: only a writer can roll back its transaction.
    const opened = (database = openDatabase(file, { readOnly: !existsSync(`${file}-journal`) }));
    return transaction(opened, 'DEFERRED', () =>
      work({ database: opened, file, version: verify(opened, path, false) }),
    );
  } catch (error) {
    // For numbers that are not valid times.
    if (!isDamage(error) && !(error instanceof RangeError)) throw errorOf(path, error);
    throw new PortOwnerError('PO4203', `the store ${path} is damaged: ${(error as Error).message}`, {
      hint: 'The next audit sets it aside and creates a new one; or restore it from a backup.',
      target: path,
      cause: error,
    });
  } finally {
    database?.close();
  }
}
