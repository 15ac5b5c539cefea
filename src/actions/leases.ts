import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { errorWords } from '../io/errors.ts';
import { LockBusy, takeLock } from '../io/lock.ts';
import { NotAFile, NotPrivate, privateFolder, readPrivate } from '../io/private.ts';
import { replaceFile } from '../io/temporary.ts';
import { parseJson } from '../io/nesting.ts';
import { PortOwnerError } from '../schema/problems.ts';

/*
 * Ports that were held with --hold, in one file in a private folder of the user. A writer holds the lock next to it; readers
 * need no lock, because the file is replaced atomically.
 */

/** A port that is held until a time. */
export interface Lease {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The longest hold, in seconds; a longer one in the file is not ours. */
export const longestHold = 86_400;
const longestHoldMs = longestHold * 1000;
/** Fifty calls at the same time on a busy machine need half a minute, one after the other. */
const lockWaitMs = 120_000;
/** Twice the size needed for all ports of both protocols. */
const maxBytes = 16 * 1024 * 1024;

const fileName = 'leases.json';
const fileKind = 'PortOwner.Leases';
const fileVersion = 1;
const lockName = 'leases.lock';

function hintOf(error: unknown): string {
  if (error instanceof LockBusy) return 'End that process, or try again when it has ended.';
  if (error instanceof SyntaxError || error instanceof NotAFile) return 'Remove it to release all held ports.';
  if (error instanceof NotPrivate)
    return 'Only you and root must be able to change it: correct its owner and mode, or set XDG_STATE_HOME to another folder.';
  return 'Make the folder writable for you, or remove it to release all held ports.';
}

function unusable(path: string, error: unknown): PortOwnerError {
  return new PortOwnerError('PO4101', `the held ports in ${path} cannot be used: ${errorWords(error, 'write')}`, {
    hint: hintOf(error),
    target: path,
    cause: error,
  });
}

/** Runs code that uses the file or its folder, and turns its errors into PO4101. */
function using<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PortOwnerError) throw error;
    throw unusable(path, error);
  }
}

function isLease(value: unknown): value is Lease {
  const { protocol, port, until } = (value ?? {}) as Partial<Record<keyof Lease, unknown>>;
  const isPort = Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
  return (protocol === 'TCP' || protocol === 'UDP') && isPort && Number.isFinite(until);
}

/** The contents of the file; before it had a version, it contained only the list. */
interface LeaseFile {
  readonly kind: typeof fileKind;
  readonly version: number;
  readonly leases: readonly Lease[];
}

function isLeaseFile(data: unknown): data is LeaseFile {
  const { kind, version } = (data ?? {}) as Partial<Record<keyof LeaseFile, unknown>>;
  return kind === fileKind && Number.isInteger(version) && (version as number) >= 1;
}

/** Parses the leases in the text of the file. Throws PO2003 for a newer version, and SyntaxError for invalid text. */
function parseLeases(bytes: Uint8Array, path: string): Lease[] {
  let data: unknown;
  try {
    data = parseJson(new TextDecoder('utf-8').decode(bytes));
  } catch {
    throw new SyntaxError('it is not valid JSON, or is nested too deeply');
  }
  if (isLeaseFile(data) && data.version > fileVersion)
    throw new PortOwnerError(
      'PO2003',
      `${path} has version ${data.version}; this program reads version ${fileVersion}`,
      {
        hint: 'Use the PortOwner that wrote it, or a newer one.',
        target: path,
      },
    );
  const leases: unknown = isLeaseFile(data) ? data.leases : data;
  if (!Array.isArray(leases) || !leases.every(isLease)) throw new SyntaxError('it is not a list of leases');
  return leases.map(({ protocol, port, until }) => ({ protocol, port, until }));
}

/** Returns the leases in a folder that is private. */
function leasesIn(folder: string, now: number): Lease[] {
  const path = join(folder, fileName);
  const read = readPrivate(path, maxBytes);
  if (read === null) return [];
  try {
    return parseLeases(read.bytes, path).filter(({ until }) => until > now && until <= now + longestHoldMs);
  } catch (error) {
    // Leases in a damaged file have expired by now in any case.
    if (!(error instanceof PortOwnerError) && now - read.modifiedMs > longestHoldMs) return [];
    throw error;
  }
}

/**
 * Returns the current leases. Throws PO4101 or PO2003 if the file cannot be understood, because then no port is known
 * to be free.
 */
export function readLeases(folder: string, now: number): Lease[] {
  const path = join(folder, fileName);
  return using(path, () => {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return [];
    const checked = privateFolder(folder, { make: false });
    return checked === null ? [] : leasesIn(checked, now);
  });
}

/**
 * Runs `choose` with the leases so that it can add some, while no other call of this user can. Throws PO4101 if the folder
 * cannot be used, PO2003 if its file has a newer version, and the errors of `choose`.
 */
export function addLeases<T extends { readonly leases: readonly Lease[] }>(
  folder: string,
  now: () => number,
  choose: (known: readonly Lease[]) => T,
): T {
  const path = join(folder, fileName);
  const checked = using(path, () => privateFolder(folder, { make: true })!);
  const release = using(path, () => takeLock(join(checked, lockName), lockWaitMs));
  try {
    const known = using(path, () => leasesIn(checked, now()));
    const answer = choose(known);
    const file: LeaseFile = { kind: fileKind, version: fileVersion, leases: [...known, ...answer.leases] };
    const text = `${JSON.stringify(file)}\n`;
    using(path, () => replaceFile(join(checked, fileName), text, 0o600));
    return answer;
  } finally {
    release();
  }
}
