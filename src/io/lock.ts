import { closeSync, ftruncateSync } from 'node:fs';
import { openPrivate } from './private.ts';

/*
 * A lock between processes. It is a file lock of the system, taken through SQLite because Node has no other: the system
 * releases it when its process ends, however it ends, and reused process IDs do not matter. On a network drive, the
 * file server does the same. SQLite leaves the file empty.
 */

/** Thrown if another process holds the lock until the timeout. */
export class LockBusy extends Error {}

/** SQLITE_BUSY. https://www.sqlite.org/rescode.html */
const busy = 5;

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

/** Creates the file if it is missing, and empties it if it has contents, which SQLite would reject. */
function prepare(path: string): void {
  const opened = openPrivate(path, 'write');
  try {
    // Truncate instead of replacing the file, because other processes may wait for its lock.
    if (opened.size > 0) ftruncateSync(opened.file);
  } finally {
    // Close before locking: closing a file releases all of this process's locks on it.
    closeSync(opened.file);
  }
}

/**
 * Takes the lock in this file, which must be in a private folder, and returns a function that releases it. Throws
 * LockBusy on a timeout, and system errors.
 */
export function takeLock(path: string, waitMs: number): () => void {
  prepare(path);
  // Loaded only here, because loading takes time.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const lock = new DatabaseSync(path, { timeout: waitMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    if (sqliteCode(error) !== busy) throw error;
    throw new LockBusy(`another process has kept the lock ${path} for more than ${waitMs / 1000} seconds`, {
      cause: error,
    });
  }
}
