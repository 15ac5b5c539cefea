import { readdirSync, readlinkSync } from 'node:fs';
import { fastVisit, visit } from './descriptors.ts';

export interface HolderList {
  /** A pid and the inode of a socket that it holds, both little-endian uint32, for each open descriptor. */
  readonly pairs: Uint8Array;
  /** Processes whose descriptors could not be read. */
  readonly unreadable: readonly string[];
  /** Which processes that may hold a socket were not even listed; null when all were. */
  readonly hidden: 'outside' | 'others' | null;
}

function hiddenProcesses(pids: readonly string[]): HolderList['hidden'] {
  // The first PID namespace has this fixed number (include/linux/proc_ns.h).
  if (readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]') return 'outside';
  return pids.includes('1') ? null : 'others';
}

/** Looks at every open descriptor of every process, for sockets, or only those with an inode that is `wanted`. */
export function walkHolders(wanted: ReadonlySet<number> | undefined): HolderList {
  let pairs = new Uint32Array(1024);
  let length = 0;
  const unreadable: string[] = [];
  const pids = readdirSync('/proc').filter((name) => /^\d/.test(name));
  // Without root most processes throw, and nobody reads those stacks.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const fast = fastVisit();
    for (const pid of pids) {
      const number = Number(pid);
      const before = length;
      const socket = (inode: number): void => {
        if (wanted !== undefined && !wanted.has(inode)) return;
        if (length === pairs.length) {
          const larger = new Uint32Array(2 * length);
          larger.set(pairs);
          pairs = larger;
        }
        pairs[length++] = number;
        pairs[length++] = inode;
      };
      if (fast?.(pid, socket) === 'read') continue;
      // Refused, or a descriptor was closed meanwhile: Node tells which.
      length = before;
      if (visit(pid, socket) === 'refused') unreadable.push(pid);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { pairs: new Uint8Array(pairs.buffer, 0, length * 4), unreadable, hidden: hiddenProcesses(pids) };
}
