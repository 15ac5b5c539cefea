import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errorCode } from '../../io/errors.ts';
import { decodeStat } from '../../facts/decode/linux-processes.ts';
import { descriptorCalls } from './libc.ts';

/** A descriptor table: that of a process, or of a thread with a separate table. */
export interface Table {
  readonly pid: string;
  readonly thread?: string;
}

/** Receives what is found in a table. */
export interface Finder {
  /** An open socket, by its inode. Returns whether it is one of the sockets searched for. */
  socket(inode: number): boolean;
  /** The start time of the process that holds them, in ticks: called once, if a socket was found. */
  started(ticks: number): void;
}

export type Visit = (table: Table, finder: Finder) => Visited;

/**
 * `unclear`: the results are unreliable, so query again in another way. `ended`: the results are unreliable, and the
 * process no longer holds anything.
 */
export type Visited = 'read' | 'refused' | 'ended' | 'unclear';

const folderOf = ({ pid, thread }: Table): string =>
  thread === undefined ? `/proc/${pid}/fd` : `/proc/${pid}/task/${thread}/fd`;
/** Relative to the descriptor folder: an open folder still refers to its process, even if the process ID is reused. */
const statFrom = ({ thread }: Table): string => (thread === undefined ? '../stat' : '../../../stat');

const isDigit = (code: number) => code >= 48 && code <= 57;

/** Visits a table with Node's own functions. */
export const visit: Visit = (table, { socket, started }) => {
  let opened: number | undefined;
  try {
    opened = openSync(folderOf(table), 'r');
    const folder = `/proc/self/fd/${opened}/`;
    let found = false;
    for (const descriptor of readdirSync(folder)) {
      let target: string;
      try {
        target = readlinkSync(folder + descriptor);
      } catch (error) {
        // It has been closed since.
        if (errorCode(error) === 'ENOENT') continue;
        throw error;
      }
      if (!target.startsWith('socket:[')) continue;
      let inode = 0;
      for (let i = 8, code: number; isDigit((code = target.charCodeAt(i))); i++) inode = inode * 10 + code - 48;
      if (socket(inode)) found = true;
    }
    if (!found) return 'read';
    const stat = decodeStat(readFileSync(folder + statFrom(table), 'latin1'));
    if (stat === null) return 'refused';
    started(stat.startTicks);
    return 'read';
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' || code === 'ESRCH' ? 'ended' : 'refused';
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
};

const O_CLOEXEC = 0o2000000;
const O_DIRECTORY_CLOEXEC = 0o2200000;
/** struct linux_dirent64: the record's length at 16, the NUL-terminated name at 19. */
const recordLength = 16;
const recordName = 19;
/** Only `socket:[` has these letters here; paths begin with `/`, others are `pipe:[`, `anon_inode:[`, `net:[` … */
const [letterS, colon, bracket] = [0x73, 0x3a, 0x5b] as const;
const prefix = 'socket:['.length;

/** The inode in the first bytes of a target; null if it is not a socket. */
function inodeIn(target: Uint8Array, length: number): number | null {
  if (length < prefix || target[0] !== letterS || target[prefix - 2] !== colon || target[prefix - 1] !== bracket)
    return null;
  let inode = 0;
  for (let i = prefix; i < length - 1; i++) inode = inode * 10 + target[i]! - 48;
  return inode;
}

/**
 * Visits through the C library, without a string for each of tens of thousands of descriptors: 15% faster.
 * Null if the C library lacks a required function.
 */
export function fastVisit(): Visit | null {
  let calls: ReturnType<typeof descriptorCalls>;
  try {
    calls = descriptorCalls();
  } catch {
    return null;
  }
  return visitBy(calls);
}

/** Visits with these calls, using memory that is allocated once. */
function visitBy(calls: ReturnType<typeof descriptorCalls>): Visit {
  const { ffi, open, openat, read, close, getdents64, readlinkat } = calls;
  const memory = (size: number): [Buffer, bigint] => {
    const buffer = Buffer.allocUnsafeSlow(size);
    return [buffer, ffi.getRawPointer(buffer)];
  };
  const [path, pathPointer] = memory(64);
  const [entries, entriesPointer] = memory(64 * 1024);
  const [name, namePointer] = memory(256);
  const [target, targetPointer] = memory(256);

  let found = false;

  function visitEntries(folder: number, length: number, socket: Finder['socket']): boolean {
    for (
      let entry = 0;
      entry < length;
      entry += entries[entry + recordLength]! | (entries[entry + recordLength + 1]! << 8)
    ) {
      let from = entry + recordName;
      if (!isDigit(entries[from]!)) continue;
      for (let to = 0; (name[to++] = entries[from++]!) !== 0;);
      const got = readlinkat(folder, namePointer, targetPointer, target.length);
      if (got < 0) return false;
      const inode = inodeIn(target, got);
      if (inode !== null && socket(inode)) found = true;
    }
    return true;
  }

  /** The start time of the process of an open descriptor folder; null if it has ended. */
  function startOf(folder: number, table: Table): number | null {
    path[path.write(statFrom(table), 'latin1')] = 0;
    const file = openat(folder, pathPointer, O_CLOEXEC);
    if (file < 0) return null;
    const length = read(file, entriesPointer, entries.length);
    close(file);
    return length < 0 ? null : (decodeStat(entries.toString('latin1', 0, length))?.startTicks ?? null);
  }

  return (table, { socket, started }) => {
    path[path.write(folderOf(table), 'latin1')] = 0;
    const folder = open(pathPointer, O_DIRECTORY_CLOEXEC);
    if (folder < 0) return 'unclear';
    try {
      found = false;
      for (;;) {
        const length = getdents64(folder, entriesPointer, entries.length);
        if (length < 0 || !visitEntries(folder, length, socket)) return 'unclear';
        if (length > 0) continue;
        const ticks = found ? startOf(folder, table) : null;
        if (ticks !== null) started(ticks);
        return found && ticks === null ? 'unclear' : 'read';
      }
    } finally {
      close(folder);
    }
  };
}
