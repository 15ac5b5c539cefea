import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '../nesting.ts';
import { PortOwnerError } from '../problems.ts';

/*
 * Ports that were handed out with --hold, in one file of a folder of the user's own. Whoever changes it holds a lock:
 * the file `lock.N`, made with O_EXCL, which becomes `free.N` when it is given back. The highest N counts, and no N
 * comes twice: a lock whose holder has died is taken over by making `lock.N+1`, which again only one can.
 */

/** A port that nobody else gets until then. */
export interface Lease {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The longest hold, in seconds: what claims more in the file is not ours. */
export const longestHold = 86_400;
/** How long one waits for the lock, and how old a lock is when its holder must be hung, in milliseconds. */
const patience = 30_000;

const fileName = 'leases.json';
const clock = new Int32Array(new SharedArrayBuffer(4));
const pause = (milliseconds: number): void => void Atomics.wait(clock, 0, 0, milliseconds);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

function unusable(path: string, error: unknown): PortOwnerError {
  const why = error instanceof Error ? error.message : String(error);
  return new PortOwnerError('PO4101', `the leases of ports cannot be kept in ${path}: ${why}`, {
    hint: 'Make the folder writable for you, or remove it: then no port is held.',
    target: path,
    cause: error,
  });
}

function isLease(value: unknown): value is Lease {
  const { protocol, port, until } = (value ?? {}) as Partial<Record<keyof Lease, unknown>>;
  return (protocol === 'TCP' || protocol === 'UDP') && Number.isInteger(port) && Number.isFinite(until);
}

/** The leases that are still good. Throws PO4101 when the file cannot be understood: then no port may be called free. */
export function readLeases(folder: string, now: number): Lease[] {
  const path = join(folder, fileName);
  for (let attempt = 0; ; attempt++) {
    try {
      const data: unknown = parseJson(readFileSync(path, 'utf8'));
      if (!Array.isArray(data) || !data.every(isLease)) throw new Error('it is not a list of leases');
      return data.filter(({ until }) => until > now && until <= now + longestHold * 1000);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      // Windows refuses for a moment while the file is being replaced.
      if (attempt >= 20 || !['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error))) throw unusable(path, error);
      pause(5);
    }
  }
}

/** A lock's file, or what is left of it. */
interface Mark {
  readonly name: string;
  readonly number: number;
  readonly held: boolean;
}

function marks(folder: string): Mark[] {
  return readdirSync(folder).flatMap((name): Mark[] => {
    const [, kind, digits] = /^(lock|free)\.(\d{1,15})$/.exec(name) ?? [];
    return digits === undefined ? [] : [{ name, number: Number(digits), held: kind === 'lock' }];
  });
}

/** The mark that counts: of the highest number, and of two with the same the lock. */
function current(folder: string): Mark {
  return marks(folder).reduce(
    (best, mark) => (mark.number > best.number || (mark.number === best.number && mark.held) ? mark : best),
    { name: '', number: 0, held: false },
  );
}

/** Whether the holder of a lock will not come back for it. */
function isStale(path: string): boolean {
  let age: number;
  let holder: string;
  try {
    age = Date.now() - statSync(path).mtimeMs;
    holder = readFileSync(path, 'utf8');
  } catch {
    // It has just been given back.
    return false;
  }
  if (age > patience) return true;
  const [pid, host] = holder.split(' ');
  // Just made, and not written yet; or made where process ids mean nothing here.
  if (pid === undefined || !/^\d+$/.test(pid) || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/** Makes a lock file; false when another one was faster. */
function claim(folder: string, number: number): boolean {
  const path = join(folder, `lock.${number}`);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    // Windows says EPERM of a file that is just being removed.
    if (['EEXIST', 'EPERM', 'EBUSY'].includes(codeOf(error))) return false;
    throw error;
  }
  writeSync(descriptor, `${process.pid} ${hostname()}`);
  closeSync(descriptor);
  const others = marks(folder).filter((mark) => mark.name !== `lock.${number}`);
  if (others.every((mark) => mark.number < number)) {
    for (const { name } of others) rmSync(join(folder, name), { force: true });
    return true;
  }
  // Somebody had this number, or a higher one, before.
  rmSync(path, { force: true });
  return false;
}

function acquire(folder: string): number {
  const end = Date.now() + patience;
  for (let wait = 1; ; wait = Math.min(wait * 2, 20)) {
    const { name, number, held } = current(folder);
    if ((!held || isStale(join(folder, name))) && claim(folder, number + 1)) return number + 1;
    if (Date.now() > end) throw new Error(`another call has kept ${join(folder, name)} for too long`);
    pause(wait + Math.random() * wait);
  }
}

function release(folder: string, number: number): void {
  try {
    renameSync(join(folder, `lock.${number}`), join(folder, `free.${number}`));
  } catch (error) {
    // It was taken over: it took too long.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Lets `choose` see the leases and add some, while no other call of this user can. Throws PO4101 when the folder
 * cannot be used, and what `choose` throws.
 */
export function addLeases<T extends { readonly leases: readonly Lease[] }>(
  folder: string,
  now: () => number,
  choose: (known: readonly Lease[]) => T,
): T {
  let number: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    number = acquire(folder);
  } catch (error) {
    throw unusable(folder, error);
  }
  try {
    const known = readLeases(folder, now());
    const answer = choose(known);
    const temporary = join(folder, `${fileName}.${process.pid}`);
    try {
      writeFileSync(temporary, `${JSON.stringify([...known, ...answer.leases])}\n`, { mode: 0o600 });
      renameSync(temporary, join(folder, fileName));
    } catch (error) {
      rmSync(temporary, { force: true });
      throw unusable(folder, error);
    }
    return answer;
  } finally {
    release(folder, number);
  }
}
