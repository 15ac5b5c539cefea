import { readdirSync, readlinkSync } from 'node:fs';

export interface HolderList {
  /** A pid and the inode of a socket that it holds, both little-endian uint32, for each open descriptor. */
  readonly pairs: Uint8Array;
  /** Processes whose descriptors could not be read. */
  readonly unreadable: readonly string[];
  /** Why processes that may hold a socket were not even listed; null when all were. */
  readonly hidden: string | null;
}

const isDigit = (code: number) => code >= 48 && code <= 57;

/** Descriptors of one process; false when they could not be read. One that has ended holds nothing. */
function visit(pid: string, socket: (inode: number) => void): boolean {
  const folder = `/proc/${pid}/fd/`;
  try {
    for (const descriptor of readdirSync(folder)) {
      let target: string;
      try {
        target = readlinkSync(folder + descriptor);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw error;
      }
      if (!target.startsWith('socket:[')) continue;
      let inode = 0;
      for (let i = 8, code: number; isDigit((code = target.charCodeAt(i))); i++) inode = inode * 10 + code - 48;
      socket(inode);
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH';
  }
}

function hiddenProcesses(pids: readonly string[]): string | null {
  // The first PID namespace has this fixed number (include/linux/proc_ns.h).
  if (readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]') return 'processes outside of this PID namespace cannot be seen';
  return pids.includes('1') ? null : 'processes of other users are hidden (hidepid)';
}

/** Looks at every open descriptor of every process, for sockets, or only those with an inode that is `wanted`. */
export function walkHolders(wanted: ReadonlySet<number> | undefined): HolderList {
  let pairs = new Uint32Array(1024);
  let length = 0;
  const unreadable: string[] = [];
  const pids = readdirSync('/proc').filter((name) => isDigit(name.charCodeAt(0)));
  // Without root most processes throw, and nobody reads those stacks.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const pid of pids) {
      const number = Number(pid);
      const readable = visit(pid, (inode) => {
        if (wanted !== undefined && !wanted.has(inode)) return;
        if (length === pairs.length) {
          const larger = new Uint32Array(2 * length);
          larger.set(pairs);
          pairs = larger;
        }
        pairs[length++] = number;
        pairs[length++] = inode;
      });
      if (!readable) unreadable.push(pid);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { pairs: new Uint8Array(pairs.buffer, 0, length * 4), unreadable, hidden: hiddenProcesses(pids) };
}
