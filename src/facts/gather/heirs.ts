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

/**
 * The processes that may hold the sockets of a process that has ended, because it started them and a child may
 * inherit what its parent has open: those started after the socket was bound (null: not known when), and what they
 * started in turn. Those it started itself come first, the oldest first. Instants of one form, so that they compare as text.
 */
export function heirsOf(pid: number, bound: string | null, entries: Iterable<Descendant>): number[] {
  const children = new Map<number, Descendant[]>();
  for (const entry of entries) {
    if (entry.pid === entry.parent || neverHeirs.test(entry.imageName ?? '')) continue;
    const siblings = children.get(entry.parent);
    if (siblings === undefined) children.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  const heirs = new Set<number>();
  const follow = (parent: number, after: string | null): void => {
    const own = (children.get(parent) ?? []).filter(
      ({ started }) => after === null || (started !== null && started >= after),
    );
    own.sort((a, b) => ((a.started ?? '') < (b.started ?? '') ? -1 : 1));
    const fresh = own.filter((child) => !heirs.has(child.pid) && child.pid !== pid);
    for (const child of fresh) heirs.add(child.pid);
    for (const child of fresh) follow(child.pid, child.started);
  };
  follow(pid, bound);
  return [...heirs];
}
