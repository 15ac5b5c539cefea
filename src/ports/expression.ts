import { PortOwnerError } from '../problems.ts';

/** Ports from `start` to `end`, both included, 1 to 65535. */
export interface PortSpan {
  readonly start: number;
  readonly end: number;
}

const hint = 'Give ports as 443, 80,443, 8000-8100 or an IANA service name such as https.';

function portNumber(text: string, whole: string): number {
  const port = Number(text);
  if (port < 1 || port > 65535) {
    throw new PortOwnerError('PO1002', `port ${text} is not between 1 and 65535`, { hint, target: whole });
  }
  return port;
}

/**
 * Reads one port expression: numbers, ranges and IANA service names, separated by commas.
 * `servicePorts` gives the ports of a service name, empty when there is no such service.
 * Throws PO1002.
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
      throw new PortOwnerError('PO1002', `${JSON.stringify(part)} is not a port, a range or a known service name`, {
        hint,
        target: text,
      });
    }
    return named.map((port) => ({ start: port, end: port }));
  });
}

/** A fast test for membership; null means every port. */
export function portMatcher(spans: readonly PortSpan[] | null): (port: number) => boolean {
  if (spans === null) return () => true;
  const [only] = spans;
  if (spans.length === 1 && only !== undefined) return (port) => port >= only.start && port <= only.end;
  // How many spans begin and end at a port: filling each of thousands of wide spans would take their whole width each.
  const steps = new Int32Array(65537);
  for (const { start, end } of spans) {
    steps[start]!++;
    steps[end + 1]!--;
  }
  const members = new Uint8Array(65536);
  for (let port = 0, within = 0; port < 65536; port++) members[port] = (within += steps[port]!) > 0 ? 1 : 0;
  return (port) => members[port] === 1;
}

/** The spans as people write them, each once: `80,443,8000-8100`. */
export function formatPorts(spans: readonly PortSpan[]): string {
  return [...new Set(spans.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`)))].join(',');
}
