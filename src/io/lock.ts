import { closeSync, ftruncateSync } from 'node:fs';
import { openPrivate } from './private.ts';

/*
 * A lock between processes. It is the system's own lock on a file, by way of SQLite, as Node gives no other: the system
 * takes it back from a process that ends, however it ends, and knows nothing of process ids that somebody else has now.
 * On a network drive the file server does the same. SQLite leaves the file empty.
 */

/** Thrown when others had the lock all the time. */
export class LockBusy extends Error {}

/** SQLITE_BUSY. https://www.sqlite.org/rescode.html */
const busy = 5;

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

/** Makes the file where it is missing, and empties it where something else is in it: SQLite would refuse it. */
function prepare(path: string): void {
  const opened = openPrivate(path, 'write');
  try {
    // The file stays the same, because others may wait for it.
    if (opened.size > 0) ftruncateSync(opened.file);
  } finally {
    // Before it is locked: closing a file gives all of a process's locks on it back.
    closeSync(opened.file);
  }
}

/**
 * Takes the lock in this file, which must be in a private folder, and returns a function that releases it. Throws LockBusy
 * on a timeout, and the errors of the system.
 */
export function takeLock(path: string, waitMs: number): () => void {
  prepare(path);
  // Loading it costs time that only who needs a lock should pay.
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
