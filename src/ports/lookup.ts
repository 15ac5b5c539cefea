/*
 * Many ranges and many ports: what a port falls into is looked up, instead of asking every range for every port.
 */
import type { PortSpan } from './expression.ts';

const portCount = 65_536;

/** The first of the ranges that covers a port, in constant time once all are known. */
export function firstCovering<R extends PortSpan>(ranges: readonly R[]): (port: number) => R | undefined {
  if (ranges.length < 4) return (port) => ranges.find(({ start, end }) => start <= port && port <= end);
  const first: (R | undefined)[] = [];
  // The next port from each on that no range has covered yet, with shortcuts over what is covered.
  const next = Uint32Array.from({ length: portCount + 1 }, (_, port) => port);
  const open = (port: number): number => {
    let found = port;
    while (next[found] !== found) found = next[found]!;
    for (let at = port; at !== found;) [at, next[at]] = [next[at]!, found];
    return found;
  };
  for (const range of ranges) {
    const end = Math.min(range.end, portCount - 1);
    for (let port = open(Math.max(0, range.start)); port <= end; port = open(port)) {
      first[port] = range;
      next[port] = port + 1;
    }
  }
  return (port) => first[port];
}

/** More ports than this in one item are not listed one by one. */
const fewPorts = 64;

/** The ports of spans one by one; null where they are many, or all. */
export function portsOneByOne(spans: readonly PortSpan[] | null): number[] | null {
  const size = spans?.reduce((sum, { start, end }) => sum + end - start + 1, 0) ?? Infinity;
  if (size > fewPorts) return null;
  return [
    ...new Set(
      spans!.flatMap(({ start, end }) => Array.from({ length: end - start + 1 }, (_, index) => start + index)),
    ),
  ];
}

/** Merges two lists of numbers that ascend. */
function* merged(one: readonly number[], other: readonly number[]): Generator<number> {
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const [a = Infinity, b = Infinity] = [one[i], other[j]];
    if (a < b) i++;
    else j++;
    yield Math.min(a, b);
  }
}

/**
 * Finds, among many items, those that may be about something with some keys, in their order: the items of each of these
 * keys, and those without (null), which are about anything.
 */
export function itemsByKey<T, K>(
  items: readonly T[],
  keysOf: (item: T) => readonly K[] | null,
): (keys: readonly K[]) => Iterable<T> {
  const others: number[] = [];
  const lists = new Map<K, number[]>();
  for (const [index, item] of items.entries()) {
    const keys = keysOf(item);
    if (keys === null) others.push(index);
    for (const key of keys ?? []) {
      const known = lists.get(key);
      if (known === undefined) lists.set(key, [index]);
      else known.push(index);
    }
  }
  return function* (keys) {
    const found = new Set(keys.flatMap((key) => lists.get(key) ?? []));
    for (const index of merged(
      others,
      [...found].sort((a, b) => a - b),
    ))
      yield items[index]!;
  };
}
