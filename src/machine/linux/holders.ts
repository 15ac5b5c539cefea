import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { fastVisit, visit, type Table } from './descriptors.ts';
import { shareDescriptors } from './libc.ts';

export interface HolderList {
  /** For each open descriptor: a PID and the inode of a socket that it holds, both little-endian uint32. */
  readonly pairs: Uint8Array;
  /** The start times of these processes, in ticks: `pid:ticks`, separated by commas. */
  readonly started: string;
  /** Processes whose descriptors could not be read. */
  readonly unreadable: readonly string[];
  /** Which processes that may hold a socket were not listed at all; null if all were. */
  readonly hidden: 'outside' | 'others' | null;
  /** Whether the search ended before every wanted socket was found. */
  readonly isCut: boolean;
}

/**
 * How far to search. `threads`: also threads with separate descriptor tables, and processes that are started meanwhile.
 * `hasty`: only until each wanted socket has a holder, and not for long.
 */
export type Reach = 'processes' | 'threads' | 'hasty';

const listed = (folder: string): string[] => readdirSync(folder).filter((name) => /^\d/.test(name));

function hiddenProcesses(pids: readonly string[]): HolderList['hidden'] {
  // The first PID namespace has this fixed number (include/linux/proc_ns.h).
  if (readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]') return 'outside';
  return pids.includes('1') ? null : 'others';
}

/** Collects what is found in descriptor tables. */
function collector(wanted: ReadonlySet<number> | undefined, reach: Reach) {
  let pairs = new Uint32Array(1024);
  let length = 0;
  const started: string[] = [];
  const found = new Set<number>();
  const fast = fastVisit();
  let number = 0;
  const finder = {
    socket(inode: number): boolean {
      if (wanted !== undefined && !wanted.has(inode)) return false;
      if (length === pairs.length) {
        const larger = new Uint32Array(2 * length);
        larger.set(pairs);
        pairs = larger;
      }
      pairs[length++] = number;
      pairs[length++] = inode;
      return true;
    },
    started: (ticks: number): void => void started.push(`${number}:${ticks}`),
  };
  return {
    /** Inspects a table. Returns false if access was denied. */
    look(table: Table): boolean {
      number = Number(table.pid);
      const before = length;
      let visited = fast?.(table, finder) ?? 'unclear';
      if (visited === 'unclear') {
        // Access was denied, or a descriptor was closed meanwhile: Node reports which.
        length = before;
        visited = visit(table, finder);
      }
      if (visited !== 'read') length = before;
      if (reach !== 'processes') for (let i = before + 1; i < length; i += 2) found.add(pairs[i]!);
      return visited !== 'refused';
    },
    /** Whether all wanted sockets were found. */
    complete: (): boolean => wanted !== undefined && found.size === wanted.size,
    list: () => ({ pairs: new Uint8Array(pairs.buffer, 0, length * 4), started: started.join(',') }),
  };
}
type Collector = ReturnType<typeof collector>;

/** The threads of a process with separate tables, including every thread of a process whose main thread has ended. */
function ownTables(pid: string): string[] {
  try {
    return listed(`/proc/${pid}/task`).filter(
      (thread) => thread !== pid && !shareDescriptors(Number(pid), Number(thread)),
    );
  } catch {
    // It has ended.
    return [];
  }
}

function lookAtThreads(pid: string, collected: Collector): boolean {
  return ownTables(pid)
    .map((thread) => collected.look({ pid, thread }))
    .every(Boolean);
}

/** The maximum number of passes for new processes, because they may be started faster than a pass takes. */
const followUps = 50;

/** Inspects processes started meanwhile: a process may have passed a socket to a new process and ended. */
function follow(seen: Set<string>, collected: Collector): void {
  for (let turn = 0, idle = 0; turn < followUps && idle < 3 && !collected.complete(); turn++) {
    const fresh = listed('/proc').filter((pid) => !seen.has(pid));
    idle = fresh.length === 0 ? idle + 1 : 0;
    for (const pid of fresh) {
      seen.add(pid);
      collected.look({ pid });
    }
  }
}

/** How much a hasty search may cost, in descriptors: about 20 ms. */
const hastyCost = 4000;
/** What it costs to open a process, in descriptors. */
const openCost = 6;
/** A program that has just opened a port rarely has more descriptors. */
const fewDescriptors = 256;

/** The number of open descriptors, which Linux 6.2 and later tell; 0 if unknown. */
function descriptorCount(pid: string): number {
  try {
    return statSync(`/proc/${pid}/fd`).size;
  } catch {
    // It has ended, or is hidden.
    return 0;
  }
}

/** Inspects the newest processes first, and those with many descriptors last: whoever opened a port is found soon. */
function searchHastily(pids: readonly string[], collected: Collector): boolean {
  let left = hastyCost;
  const tries = (pid: string, count: number): void => {
    if (count + openCost > left) return;
    left -= count + openCost;
    collected.look({ pid });
  };
  const large: [pid: string, count: number][] = [];
  for (const pid of pids.toReversed()) {
    if (collected.complete() || left < openCost) break;
    const count = descriptorCount(pid);
    if (count > fewDescriptors) large.push([pid, count]);
    else tries(pid, count);
  }
  for (const [pid, count] of large) if (!collected.complete()) tries(pid, count);
  return collected.complete();
}

/** Searches every open descriptor of every process for sockets, or only for those with a `wanted` inode. */
export function walkHolders(wanted: ReadonlySet<number> | undefined, reach: Reach): HolderList {
  const unreadable: string[] = [];
  const pids = listed('/proc');
  // Without root, most processes throw, and those stacks are never used.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const collected = collector(wanted, reach);
    if (reach === 'hasty') {
      const isCut = !searchHastily(pids, collected);
      return { ...collected.list(), unreadable, hidden: null, isCut };
    }
    const threads = reach === 'threads';
    for (const pid of pids) {
      const whole = collected.look({ pid });
      if (!whole || (threads && !lookAtThreads(pid, collected))) unreadable.push(pid);
    }
    if (threads) follow(new Set(pids), collected);
    return { ...collected.list(), unreadable, hidden: hiddenProcesses(pids), isCut: false };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
