/** What is known of a process for this. */
export interface Descendant {
  readonly pid: number;
  /** Its parent when it was started. */
  readonly parent: number;
  readonly imageName: string | null;
  readonly started: string | null;
}

/** They serve a console and inherit nothing of what its program opened. */
const neverHeirs = /^(?:conhost|openconsole|werfault)\.exe$/i;

/** Finds the heirs of a process whose socket was bound at an instant; null: not known when. */
export type HeirFinder = (pid: number, bound: string | null) => number[];

const age = ({ started }: Descendant): string => started ?? '';
const byAge = (a: Descendant, b: Descendant): number => (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : 0);

/**
 * The processes that may hold the sockets of a process that has ended, because it started them and a child may
 * inherit what its parent has open: those started after the socket was bound (null: not known when), and what they
 * started in turn. Those it started itself come first, the oldest first. Instants of one form, so that they compare as text.
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
      // The last one in is the next one out: the oldest.
      for (const child of fresh.toReversed()) open.push({ pid: child.pid, after: child.started });
    }
    return [...heirs];
  };
}

/**
 * The processes that may have inherited a socket although nothing leads to them from the process that bound it: what
 * that one started (cmd, a launcher) has ended, too. They were started after the socket was bound, and whoever started
 * them has ended. The oldest first.
 */
export function candidateFinder(entries: Iterable<Descendant>): (bound: string | null) => number[] {
  const all = new Map([...entries].map((entry) => [entry.pid, entry]));
  const isFatherless = (entry: Descendant): boolean => {
    const parent = all.get(entry.parent);
    // A number that went to a younger process is no parent.
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
