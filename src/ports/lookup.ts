/*
 * Lookups over many ranges and many ports, instead of testing every port against every range.
 */
import type { PortSpan } from './expression.ts';

const portCount = 65_536;

/** Yields every covered port once, with the first range that covers it, range by range. */
export function* coveredPorts<R extends PortSpan>(ranges: readonly R[]): Generator<readonly [port: number, range: R]> {
  // Maps each port to the next uncovered one, with shortcuts over covered ports.
  const next = Uint32Array.from({ length: portCount + 1 }, (_, port) => port);
  const uncoveredFrom = (port: number): number => {
    let found = port;
    while (next[found] !== found) found = next[found]!;
    for (let at = port; at !== found;) [at, next[at]] = [next[at]!, found];
    return found;
  };
  for (const range of ranges) {
    const end = Math.min(range.end, portCount - 1);
    for (let port = uncoveredFrom(Math.max(0, range.start)); port <= end; port = uncoveredFrom(port)) {
      next[port] = port + 1;
      yield [port, range];
    }
  }
}

/** Returns a function that finds the first range that covers a port. */
export function firstCovering<R extends PortSpan>(ranges: readonly R[]): (port: number) => R | undefined {
  if (ranges.length < 4) return (port) => ranges.find(({ start, end }) => start <= port && port <= end);
  const first = new Map(coveredPorts(ranges));
  return (port) => first.get(port);
}

/** A range of ports for one protocol and address family; null means both. */
interface Range extends PortSpan {
  readonly protocol: string | null;
  readonly family: string | null;
}

/** Returns a function that finds the first range for a protocol, an address family (null: any) and a port. */
export function rangeFinder<R extends Range>(
  ranges: readonly R[],
): (protocol: string, family: string | null, port: number) => R | undefined {
  const known = new Map<string, (port: number) => R | undefined>();
  return (protocol, family, port) => {
    const key = `${protocol} ${family}`;
    let find = known.get(key);
    if (find === undefined)
      known.set(
        key,
        (find = firstCovering(
          ranges.filter(
            (range) =>
              (range.protocol ?? protocol) === protocol && (family === null || (range.family ?? family) === family),
          ),
        )),
      );
    return find(port);
  };
}

/** The most ports of one item to list individually. */
const fewPorts = 64;

/** Returns the individual ports of spans; null if there are too many, or all. */
export function portsOneByOne(spans: readonly PortSpan[] | null): number[] | null {
  const size = spans?.reduce((sum, { start, end }) => sum + end - start + 1, 0) ?? Infinity;
  if (size > fewPorts) return null;
  return [
    ...new Set(
      spans!.flatMap(({ start, end }) => Array.from({ length: end - start + 1 }, (_, index) => start + index)),
    ),
  ];
}

/** Merges two ascending lists of numbers. */
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
 * Returns a function that finds, in their order, the items that may apply to some keys: the items with any of these
 * keys, and the items without keys (null), which apply to everything.
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
