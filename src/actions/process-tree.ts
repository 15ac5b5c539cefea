import type { Socket } from '../facts/model/facts.ts';
import type { TreeProcess } from '../system/hands.ts';

function parentOf(one: TreeProcess, tree: ReadonlyMap<number, TreeProcess>): TreeProcess | undefined {
  const above = tree.get(one.parent);
  // An ID that was reused by a younger process is not a parent.
  const younger =
    above !== undefined && above.startTime !== null && one.startTime !== null && above.startTime > one.startTime;
  return younger ? undefined : above;
}

/** Returns a process and all its ancestors. */
export function lineOf(pid: number, tree: ReadonlyMap<number, TreeProcess>): TreeProcess[] {
  const line = new Set<TreeProcess>();
  for (let next = tree.get(pid); next !== undefined && !line.has(next); next = parentOf(next, tree)) line.add(next);
  return [...line];
}

/** Returns a function that finds all descendants of processes, in tree order. */
export function descendantsIn(tree: ReadonlyMap<number, TreeProcess>): (pids: readonly number[]) => TreeProcess[] {
  const children = new Map<number, { readonly one: TreeProcess; readonly order: number }[]>();
  for (const [order, one] of [...tree.values()].entries()) {
    const parent = parentOf(one, tree);
    if (parent === undefined) continue;
    const known = children.get(parent.pid);
    if (known === undefined) children.set(parent.pid, [{ one, order }]);
    else known.push({ one, order });
  }
  return (pids) => {
    const seen = new Set(pids);
    const found: { readonly one: TreeProcess; readonly order: number }[] = [];
    // The array grows during the loop.
    for (const pid of seen) {
      for (const child of children.get(pid) ?? []) {
        if (seen.has(child.one.pid)) continue;
        seen.add(child.one.pid);
        found.push(child);
      }
    }
    return found.toSorted((a, b) => a.order - b.order).map(({ one }) => one);
  };
}

/** Returns a function that finds the sockets of processes, in list order. */
export function socketsIn(sockets: readonly Socket[]): (pids: readonly number[]) => Socket[] {
  const byPid = new Map<number, Set<number>>();
  for (const [order, { pid, holders }] of sockets.entries()) {
    for (const holder of pid === null ? [] : [pid, ...holders]) {
      const known = byPid.get(holder);
      if (known === undefined) byPid.set(holder, new Set([order]));
      else known.add(order);
    }
  }
  return (pids) =>
    [...new Set(pids.flatMap((pid) => [...(byPid.get(pid) ?? [])]))]
      .sort((a, b) => a - b)
      .map((order) => sockets[order]!);
}
