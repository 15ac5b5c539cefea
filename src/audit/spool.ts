import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '../io/counted.ts';
import { LockBusy, takeLock } from '../io/lock.ts';
import { NotAFile, NotPrivate, readPrivate } from '../io/private.ts';
import { ownFolder } from '../io/secret.ts';
import { errorCode, errorWords, isSystemError } from '../io/errors.ts';
import { removeLeftovers, replaceFile } from '../io/temporary.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import { isMistrust } from './secure-connection.ts';
import type { StoredRun, StoreOutcome } from './store/contract.ts';

/*
 * Audits on their way to the store. An audit is first written to a folder, and removed from it when the store has it: it
 * survives a store that cannot be used, and a process that is killed at any time. A store takes an audit only once.
 */

const kind = 'PortOwner.SpooledAudit';
const version = 1;
const maxBytes = 256 * 1024 * 1024;
/** How long to wait for another audit that sends, in milliseconds. */
const patienceMs = 120_000;

/** What became of an audit that went through a spool. */
export interface SpoolOutcome {
  /** Null if the audit waits in the spool. */
  readonly outcome: StoreOutcome | null;
  readonly problems: readonly Problem[];
  /** Why the audit was not stored, if somebody must act first; null if it was stored, or will be by itself. */
  readonly failure: Problem | null;
}

function unusable(folder: string, error: unknown): unknown {
  const why =
    error instanceof NotPrivate || error instanceof NotAFile
      ? error.message
      : isSystemError(error) || errorCode(error) === 'ERR_INVALID_ARG_VALUE'
        ? errorWords(error, 'write')
        : null;
  if (why === null) return error;
  return new PortOwnerError('PO2004', `the spool ${folder} cannot be used: ${why}`, {
    hint:
      error instanceof NotPrivate && error.remedy !== null
        ? `Choose another folder, or remove what others put into this one, and let only this account use it: ${error.remedy}`
        : 'Choose a folder that only this account can write to.',
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

/** Classes of SQLSTATE: the values of an audit, of which the store takes none of them at any time. */
const finalClasses: ReadonlySet<string> = new Set(['22', '23', '54']);
/** Classes of SQLSTATE: the account, its rights, and the tables, which somebody must change. */
const accessClasses: ReadonlySet<string> = new Set(['28', '3D', '3F', '42']);

/** Why an audit could not be sent: the store will never take it, somebody must act first, or it may be taken later. */
function hindrance({ code, cause }: PortOwnerError): 'final' | 'access' | 'passing' {
  const causeCode = errorCode(cause);
  const sqlClass = causeCode.slice(0, 2);
  // Row-level security refused the machine. The text of the error is in the language of the server.
  const isForeign = cause instanceof Error && 'routine' in cause && cause.routine === 'ExecWithCheckOptions';
  if (code === 'PO4208' || isForeign || finalClasses.has(sqlClass)) return 'final';
  const isAccess = accessClasses.has(sqlClass) || isMistrust(causeCode) || (code !== 'PO4201' && code !== 'PO4202');
  return isAccess ? 'access' : 'passing';
}

/** Keeps the file of an audit that the store will never take under another name. */
function setAside(path: string, problem: Pick<Problem, 'code' | 'message'>): Problem {
  if (existsSync(path)) renameSync(path, `${path}.refused`);
  const message = `${problem.message}; it was kept as ${path}.refused`;
  return { severity: 'Warning', code: problem.code, message, target: `${path}.refused` };
}

const refused = ({ machine, at }: StoredRun, why: string): Pick<Problem, 'code' | 'message'> => ({
  code: 'PO4206',
  message: `the audit of ${machine} at ${at} was not stored: ${why}`,
});

/** Reads an earlier audit; a file that cannot be read is set aside, because it would keep all others waiting. */
function readOrSetAside(path: string, problems: Problem[]): StoredRun | null {
  try {
    return readRun(path);
  } catch (error) {
    const code = error instanceof PortOwnerError ? error.code : 'PO2002';
    const why =
      error instanceof PortOwnerError ? error.message : `${path} cannot be read: ${errorWords(error, 'read')}`;
    problems.push(setAside(path, { code, message: why }));
    return null;
  }
}

/** Sends the audits of a locked folder in the order of their times. */
async function send(
  folder: string,
  current: StoredRun,
  add: (run: StoredRun) => Promise<StoreOutcome>,
): Promise<SpoolOutcome> {
  const own = fileName(current);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  // Another audit may have sent this one while it waited for the lock.
  const names = [...new Set([...files, own])].toSorted();
  const problems: Problem[] = [];
  let outcome: StoreOutcome | null = null;
  for (const [index, name] of names.entries()) {
    const path = join(folder, name);
    const run = name === own ? current : readOrSetAside(path, problems);
    if (run === null) continue;
    try {
      const result = await add(run);
      if (name === own)
        outcome = result.refused === 'same' && !files.includes(own) ? { ...result, refused: null } : result;
      else if (result.refused === 'older') {
        problems.push(setAside(path, refused(run, `the store contains an audit of ${result.newest}`)));
        continue;
      }
    } catch (error) {
      if (!(error instanceof PortOwnerError)) throw error;
      // The URL is wrong, or this audit is from the future.
      if (error.code === 'PO1001' || (error.code === 'PO4208' && name === own)) {
        rmSync(join(folder, own), { force: true });
        throw error;
      }
      const why = hindrance(error);
      if (why === 'final') {
        const problem = setAside(path, refused(run, error.message));
        if (name === own) return { outcome, problems, failure: { ...problem, severity: 'Error' } };
        problems.push(problem);
        continue;
      }
      const message = `${counted(names.length - index, 'audit')} in the spool ${folder} until the store can be used: ${error.message}`;
      if (why === 'access') return { outcome, problems, failure: { ...error.nonTerminating, message } };
      problems.push({ ...error.nonTerminating, severity: 'Warning', code: 'PO4211', message });
      return { outcome, problems, failure: null };
    }
    rmSync(path, { force: true });
  }
  return { outcome, problems, failure: null };
}

/** Stores an audit by way of a folder, together with earlier ones that are still there. Throws PO2004, and PO1001 and PO4208. */
export async function addThroughSpool(
  spool: string,
  run: StoredRun,
  add: (run: StoredRun) => Promise<StoreOutcome>,
  waitMs = patienceMs,
): Promise<SpoolOutcome> {
  let release: (() => void) | undefined;
  try {
    const folder = await ownFolder(spool);
    removeLeftovers(folder);
    // Before the lock, so that the audit is not lost if this process is killed while it waits.
    replaceFile(join(folder, fileName(run)), JSON.stringify({ kind, version, run }), 0o600);
    try {
      release = takeLock(join(folder, 'lock'), waitMs);
    } catch (error) {
      if (!(error instanceof LockBusy)) throw error;
      const message = `the audit waits in the spool ${folder}: ${error.message}`;
      return {
        outcome: null,
        problems: [{ severity: 'Warning', code: 'PO4211', message, target: folder }],
        failure: null,
      };
    }
    return await send(folder, run, add);
  } catch (error) {
    throw unusable(spool, error);
  } finally {
    release?.();
  }
}
