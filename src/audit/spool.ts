import { createHash } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '../io/counted.ts';
import { LockBusy, takeLock } from '../io/lock.ts';
import { NotAFile, NotPrivate, privateFolder, readPrivate } from '../io/private.ts';
import { errorWords, isSystemError } from '../io/errors.ts';
import { removeLeftovers, replaceFile } from '../io/temporary.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { StoredRun, StoreOutcome } from './store/contract.ts';

/*
 * Audits on their way to the store. An audit is first written to a folder, and removed from it when the store has it: it
 * survives a store that cannot be used, and a process that is killed at any time. A store takes an audit only once.
 */

const kind = 'PortOwner.SpooledAudit';
const version = 1;
const maxBytes = 256 * 1024 * 1024;
/** How long to wait for another audit that sends, in milliseconds. */
const waitMs = 120_000;

/** What became of an audit that went through a spool. */
export interface SpoolOutcome {
  /** Null if the audit waits in the spool. */
  readonly outcome: StoreOutcome | null;
  readonly problems: readonly Problem[];
}

function unusable(folder: string, error: unknown): unknown {
  const why =
    error instanceof NotPrivate || error instanceof NotAFile || error instanceof LockBusy
      ? error.message
      : isSystemError(error)
        ? errorWords(error, 'write')
        : null;
  if (why === null) return error;
  return new PortOwnerError('PO2004', `the spool ${folder} cannot be used: ${why}`, {
    hint: 'Choose a folder that only this account can write to.',
    target: folder,
    cause: error,
  });
}

/** The name of the file of an audit: the names are in the order of their times. */
function fileName({ machine, at }: StoredRun): string {
  const mark = createHash('sha256').update(machine).digest('hex').slice(0, 16);
  return `${at.replaceAll(':', '-')}-${mark}.json`;
}

function readRun(path: string): StoredRun {
  const read = readPrivate(path, maxBytes);
  const value =
    read === null
      ? null
      : (JSON.parse(read.bytes.toString('utf8')) as { kind?: unknown; version?: unknown; run?: StoredRun });
  if (value?.kind !== kind || value.run === undefined)
    throw new PortOwnerError('PO2002', `${path} is not an audit of this program`, {
      hint: 'Remove the file from the spool.',
      target: path,
    });
  if (value.version !== version)
    throw new PortOwnerError(
      'PO2003',
      `${path} has version ${String(value.version)}; this program knows version ${version}`,
      {
        hint: 'Use the PortOwner that wrote it, or a newer one.',
        target: path,
      },
    );
  return value.run;
}

/** Whether the store may take an audit later. */
const isPassing = (error: unknown): error is PortOwnerError =>
  error instanceof PortOwnerError && error.code !== 'PO4208' && error.code !== 'PO1001';

/** Reports an earlier audit that the store will never take, and keeps its file under another name. */
function keepRefused(path: string, { machine, at }: StoredRun, why: string): Problem {
  renameSync(path, `${path}.refused`);
  return {
    severity: 'Warning',
    code: 'PO4206',
    message: `the audit of ${machine} at ${at} was not stored: ${why}; it was kept as ${path}.refused`,
    target: `${path}.refused`,
  };
}

/** Sends the audits of a locked folder in the order of their times. */
async function send(
  folder: string,
  current: string,
  add: (run: StoredRun) => Promise<StoreOutcome>,
): Promise<SpoolOutcome> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted();
  const problems: Problem[] = [];
  let outcome: StoreOutcome | null = null;
  for (const [index, name] of names.entries()) {
    const path = join(folder, name);
    const run = readRun(path);
    try {
      const result = await add(run);
      if (name === current) outcome = result;
      else if (result.refused === 'older') {
        problems.push(keepRefused(path, run, `the store contains an audit of ${result.newest}`));
        continue;
      }
    } catch (error) {
      if (isPassing(error)) {
        problems.push({
          ...error.nonTerminating,
          severity: 'Warning',
          code: 'PO4211',
          message: `${counted(names.length - index, 'audit')} in the spool ${folder} until the store can be used: ${error.message}`,
        });
        return { outcome, problems };
      }
      if (name === current) {
        rmSync(path);
        throw error;
      }
      if (!(error instanceof PortOwnerError)) throw error;
      problems.push(keepRefused(path, run, error.message));
      continue;
    }
    rmSync(path);
  }
  return { outcome, problems };
}

/** Stores an audit by way of a folder, together with earlier ones that are still there. Throws PO2002 to PO2004. */
export async function addThroughSpool(
  spool: string,
  run: StoredRun,
  add: (run: StoredRun) => Promise<StoreOutcome>,
): Promise<SpoolOutcome> {
  let release: (() => void) | undefined;
  try {
    const folder = privateFolder(spool, { make: true })!;
    removeLeftovers(folder);
    const name = fileName(run);
    // Before the lock, so that the audit is not lost if this process is killed while it waits.
    replaceFile(join(folder, name), JSON.stringify({ kind, version, run }), 0o600);
    release = takeLock(join(folder, 'lock'), waitMs);
    return await send(folder, name, add);
  } catch (error) {
    throw unusable(spool, error);
  } finally {
    release?.();
  }
}
