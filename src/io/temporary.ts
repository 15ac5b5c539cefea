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
 * Files that take another's place when they are whole. Their names say which process writes them, so that the next one
 * can remove what a killed process left: `.portowner-SCOPE-PID-START-RANDOM.tmp`. SCOPE stands for where a process id
 * means the same process: one boot of one machine and, in a container, its own process ids.
 */

const form = /^\.portowner-([0-9a-f]{16})-([1-9]\d{0,9})-(\d{1,20})-[0-9a-f]{32}\.tmp(?:-journal)?$/;
/** The most entries of a folder to inspect, because a shared folder may have any number. */
const maxEntries = 10_000;
/** How long a file of another boot, machine or container must not have changed to be called left, in milliseconds. */
const foreignAgeMs = 7 * 86_400_000;

/** What the kernel says of a process: its state, and its start in clock ticks since the boot; null where it says nothing. */
function linuxProcess(pid: number | 'self'): { state: string; start: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may have any character. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
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

/** What the names of this process's temporary files begin with. */
function ownPrefix(): string {
  // Loading it costs milliseconds that only who writes a file should pay.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const scope = createHash('sha256').update(scopeText()).digest('hex').slice(0, 16);
  return `.portowner-${scope}-${process.pid}-${linuxProcess('self')?.start ?? 0}-`;
}

/** Whether the process with this id and start has ended, as far as it can be shown. */
function hasEnded(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return true;
  }
  // Without a start the id alone must do: another process that has it now keeps the file.
  const found = start === '0' ? null : linuxProcess(pid);
  return found !== null && (found.start !== start || 'ZXx'.includes(found.state));
}

/** Whether a file is one that a process of this user left when it was killed. */
function isLeftover(folder: string, name: string, prefix: string): boolean {
  const [, scope, pid, start] = form.exec(name) ?? [];
  if (scope === undefined || name.startsWith(prefix)) return false;
  const found = lstatSync(join(folder, name));
  if (!found.isFile() || found.uid !== (process.geteuid?.() ?? found.uid)) return false;
  return prefix.startsWith(`.portowner-${scope}-`)
    ? hasEnded(Number(pid), start!)
    : Date.now() - found.mtimeMs > foreignAgeMs;
}

/** Removes from a folder the temporary files of this user's processes that were killed; what cannot be, stays. */
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
    // A folder that may be written to, but not listed.
  }
}

function removeLeftover(folder: string, name: string, prefix: string): void {
  try {
    if (isLeftover(folder, name, prefix)) rmSync(join(folder, name));
  } catch {
    // Another process was faster, or the system refuses.
  }
}

/**
 * A name in the folder of `path` for a file that takes its place later, where what killed processes left is removed.
 * Nobody can foresee the name; the file is to be opened with `wx`, so that nobody can have planted it either.
 */
export function temporaryBeside(path: string): string {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const folder = dirname(path);
  const prefix = ownPrefix();
  removeLeftovers(folder, prefix);
  return join(folder, `${prefix}${randomBytes(16).toString('hex')}.tmp`);
}

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Gives a file another name, which may be another file's. */
function rename(from: string, to: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      return renameSync(from, to);
    } catch (error) {
      // Windows refuses while another program has that file open.
      const isBusy = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error));
      if (!isBusy || attempt >= 100) throw error;
      Atomics.wait(clock, 0, 0, 10);
    }
  }
}

/** Writes a file, whole or not at all: readers find the old one or the new one. Throws what the system says. */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = temporaryBeside(path);
  const file = openSync(temporary, 'wx', mode);
  try {
    try {
      for (let bytes = Buffer.from(text); bytes.length > 0;) bytes = bytes.subarray(writeSync(file, bytes));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    rename(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
