/** The parts of a process that are needed to find heirs. */
export interface Descendant {
  readonly pid: number;
  /** Its parent when it started. */
  readonly parent: number;
  readonly imageName: string | null;
  readonly started: string | null;
}

/** These serve a console, and inherit nothing that their program opened. */
const neverHeirs = /^(?:conhost|openconsole|werfault)\.exe$/i;

/** Finds the heirs of a process from the time at which its socket was bound; null if the time is unknown. */
export type HeirFinder = (pid: number, bound: string | null) => number[];

const age = ({ started }: Descendant): string => started ?? '';
const byAge = (a: Descendant, b: Descendant): number => (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : 0);

/**
 * Returns a function that finds the processes that may hold the sockets of a process that has ended, because a child
 * can inherit its parent's open handles. These are the children that started after the socket was bound (null: time
 * unknown), and their descendants. Children precede their descendants, and the oldest child comes first. All times have
 * the same form, so they compare as text.
 */
export function heirFinder(entries: Iterable<Descendant>): HeirFinder {
  const children = new Map<number, Descendant[]>();
  for (const entry of entries) {
    if (entry.pid === entry.parent || neverHeirs.test(entry.imageName ?? '')) continue;
    const siblings = children.get(entry.parent);
    if (siblings === undefined) children.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  for (const siblings of children.values()) siblings.sort(byAge);

  return (pid, bound) => {
    const heirs = new Set<number>();
    const open: { pid: number; after: string | null }[] = [{ pid, after: bound }];
    for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
      const { after } = parent;
      const fresh = (children.get(parent.pid) ?? []).filter(
        (child) =>
          (after === null || (child.started !== null && child.started >= after)) &&
          !heirs.has(child.pid) &&
          child.pid !== pid,
      );
      for (const child of fresh) heirs.add(child.pid);
      // The stack is last in, first out, so the oldest child is pushed last.
      for (const child of fresh.toReversed()) open.push({ pid: child.pid, after: child.started });
    }
    return [...heirs];
  };
}

/**
 * Returns a function that finds the processes that may have inherited a socket although no chain of parents links them
 * to the process that bound it, because an intermediate process (cmd, a launcher) has ended. These processes started
 * after the socket was bound, and their parents have ended. The oldest comes first.
 */
export function candidateFinder(entries: Iterable<Descendant>): (bound: string | null) => number[] {
  const all = new Map([...entries].map((entry) => [entry.pid, entry]));
  const isFatherless = (entry: Descendant): boolean => {
    const parent = all.get(entry.parent);
    // A PID that was reused by a younger process is not the parent.
    return parent === undefined || age(parent) > age(entry);
  };
  const fatherless = [...all.values()]
    .filter((entry) => entry.parent !== 0 && !neverHeirs.test(entry.imageName ?? '') && isFatherless(entry))
    .sort(byAge);
  return (bound) =>
    bound === null
      ? []
      : fatherless.filter(({ started }) => started !== null && started >= bound).map(({ pid }) => pid);
}
