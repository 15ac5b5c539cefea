import {
  closeSync,
  fsyncSync,
  lstatSync,
  opendirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode } from './errors.ts';

/*
 * Files that replace another file once they are complete. A name shows which process writes the file, so that the next
 * process can remove leftovers of a killed one: `.portowner-SCOPE-PID-START-RANDOM.tmp`. SCOPE identifies where a
 * process ID is unique: one boot of one machine and, in a container, its PID namespace.
 */

const form = /^\.portowner-([0-9a-f]{16})-([1-9]\d{0,9})-(\d{1,20})-[0-9a-f]{32}\.tmp(?:-journal)?$/;
/** The most entries of a folder to inspect, because a shared folder may have any number. */
const maxEntries = 10_000;
/**
 * A file from another boot, machine or container is a leftover if it has not changed for this long, in milliseconds.
 */
const foreignAgeMs = 7 * 86_400_000;

/** Returns the state of a process and its start in clock ticks since boot; null if unavailable. */
function linuxProcess(pid: number | 'self'): { state: string; start: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program name, in parentheses, may contain any character.
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, start: fields[19]! };
  } catch {
    return null;
  }
}

function scopeText(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Returns the name prefix of this process's temporary files. */
function ownPrefix(): string {
  // Loaded only here, because loading takes milliseconds.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const scope = createHash('sha256').update(scopeText()).digest('hex').slice(0, 16);
  return `.portowner-${scope}-${process.pid}-${linuxProcess('self')?.start ?? 0}-`;
}

/** Whether the process with this ID and start has ended, as far as can be determined. */
function hasEnded(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return true;
  }
  // Without a start, only the ID is compared: if another process has reused it, the file stays.
  const found = start === '0' ? null : linuxProcess(pid);
  return found !== null && (found.start !== start || 'ZXx'.includes(found.state));
}

/** Whether a file is a leftover of a killed process of this user. */
function isLeftover(folder: string, name: string, prefix: string): boolean {
  const [, scope, pid, start] = form.exec(name) ?? [];
  if (scope === undefined || name.startsWith(prefix)) return false;
  const found = lstatSync(join(folder, name));
  if (!found.isFile() || found.uid !== (process.geteuid?.() ?? found.uid)) return false;
  return prefix.startsWith(`.portowner-${scope}-`)
    ? hasEnded(Number(pid), start!)
    : Date.now() - found.mtimeMs > foreignAgeMs;
}

/** Removes the temporary files of this user's killed processes from a folder; files that cannot be removed stay. */
export function removeLeftovers(folder: string, prefix: string = ownPrefix()): void {
  try {
    const entries = opendirSync(folder);
    try {
      for (let count = 0; count < maxEntries; count++) {
        const name = entries.readSync()?.name;
        if (name === undefined) break;
        removeLeftover(folder, name, prefix);
      }
    } finally {
      entries.closeSync();
    }
  } catch {
    // The folder may be writable but not listable.
  }
}

function removeLeftover(folder: string, name: string, prefix: string): void {
  try {
    if (isLeftover(folder, name, prefix)) rmSync(join(folder, name));
  } catch {
    // Another process removed it first, or the system refuses.
  }
}

/**
 * Returns a name beside `path` for a file that replaces it later, and removes leftovers there. The name is
 * unpredictable; open the file with `wx`, so that it cannot have been planted.
 */
export function temporaryBeside(path: string): string {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const folder = dirname(path);
  const prefix = ownPrefix();
  removeLeftovers(folder, prefix);
  return join(folder, `${prefix}${randomBytes(16).toString('hex')}.tmp`);
}

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Renames a file, replacing any existing one. */
function rename(from: string, to: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      return renameSync(from, to);
    } catch (error) {
      // Windows refuses while another program has the target open.
      const isBusy = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error));
      if (!isBusy || attempt >= 100) throw error;
      Atomics.wait(clock, 0, 0, 10);
    }
  }
}

/** How a new file takes the place of another one. */
export interface Replacing {
  /** Prepares the new file, before its contents are made durable. */
  readonly prepare?: (file: number) => void;
  /** Puts it in the place of the other one; by default, renames it. */
  readonly swap?: (temporary: string, path: string) => void;
}

/** Replaces a file atomically: readers see the old one or the new one. Throws system errors. */
export function replaceFile(
  path: string,
  contents: string | Uint8Array,
  mode: number,
  { prepare, swap = rename }: Replacing = {},
): void {
  const temporary = temporaryBeside(path);
  const file = openSync(temporary, 'wx', mode);
  try {
    try {
      for (let rest = Buffer.from(contents); rest.length > 0;) rest = rest.subarray(writeSync(file, rest));
      prepare?.(file);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    swap(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Makes the names in a folder durable; Windows has no such call. Throws system errors. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
