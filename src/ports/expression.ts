import { PortOwnerError } from '../schema/problems.ts';

/** Ports from `start` to `end`, both inclusive, 1 to 65535. */
export interface PortSpan {
  readonly start: number;
  readonly end: number;
}

const hint = 'Use ports such as 443, 80,443, 8000-8100, or an IANA service name such as https.';

function portNumber(text: string, whole: string): number {
  const port = Number(text);
  if (port < 1 || port > 65535) {
    throw new PortOwnerError('PO1002', `port ${text} is not between 1 and 65535`, { hint, target: whole });
  }
  return port;
}

/**
 * Parses a port expression: numbers, ranges and IANA service names, separated by commas. `servicePorts` returns the
 * ports of a service name, empty if it does not exist. Throws PO1002.
 */
export function parsePorts(text: string, servicePorts: (name: string) => readonly number[]): PortSpan[] {
  return text.split(',').flatMap((raw): PortSpan[] => {
    const part = raw.trim();
    if (/^\d+$/.test(part)) {
      const port = portNumber(part, text);
      return [{ start: port, end: port }];
    }
    const range = /^(\d+)\s*(?:-|\.\.)\s*(\d+)$/.exec(part);
    if (range !== null) {
      const [start, end] = [portNumber(range[1]!, text), portNumber(range[2]!, text)];
      if (start > end)
        throw new PortOwnerError('PO1002', `the range ${part} ends before it starts`, { hint, target: text });
      return [{ start, end }];
    }
    const named = /^[a-z0-9][a-z0-9_.+-]*$/i.test(part) ? servicePorts(part.toLowerCase()) : [];
    if (named.length === 0) {
      throw new PortOwnerError('PO1002', `${JSON.stringify(part)} is not a port, a range, or a known service name`, {
        hint,
        target: text,
      });
    }
    return named.map((port) => ({ start: port, end: port }));
  });
}

/** Returns a fast membership test; null means every port. */
export function portMatcher(spans: readonly PortSpan[] | null): (port: number) => boolean {
  if (spans === null) return () => true;
  const [only] = spans;
  if (spans.length === 1 && only !== undefined) return (port) => port >= only.start && port <= only.end;
  // Disjoint sorted spans: a table of all ports would be too large with thousands of single-port rules.
  const sorted = spans.toSorted((a, b) => a.start - b.start);
  const apart: { start: number; end: number }[] = [];
  for (const { start, end } of sorted) {
    const last = apart.at(-1);
    if (last !== undefined && start <= last.end + 1) last.end = Math.max(last.end, end);
    else apart.push({ start, end });
  }
  const [starts, ends] = [Uint16Array.from(apart, ({ start }) => start), Uint16Array.from(apart, ({ end }) => end)];
  return (port) => {
    // Find the first span that ends at or after the port.
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < port) low = middle + 1;
      else high = middle;
    }
    return low < ends.length && starts[low]! <= port;
  };
}

/** More items than this would hide the sentence that lists them. */
const mostListed = 20;

/** Joins items for a sentence, without duplicates: `80, 443, 8000-8100`. Of many, it has the first. */
export function commaList(items: readonly string[]): string {
  const all = [...new Set(items)];
  if (all.length <= mostListed) return all.join(', ');
  return `${all.slice(0, mostListed).join(', ')}, and ${all.length - mostListed} more`;
}

/** Ports or places as a part of a sentence: `port 80`, `ports 80 and 443`. */
export function portsText(ports: string): string {
  const list = ports.includes(', and ')
    ? ports
    : ports.replace(/, ([^,]*)$/, ports.split(',').length > 2 ? ', and $1' : ' and $1');
  return `port${/,|\d-/.test(ports) ? 's' : ''} ${list}`;
}

/** Formats spans for a sentence: `80, 443, 8000-8100`. */
export function formatPorts(spans: readonly PortSpan[]): string {
  return commaList(spans.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`)));
}
