import type { Subject } from '../ownership/who.ts';
import { endpointText } from '../ports/address.ts';
import type { Place } from '../ports/place.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import { places, portWords } from './values.ts';

/** The most invalid pipeline items that get a suggestion, because each one takes time. */
const explained = 10;

export interface SubjectOptions {
  /** A pipeline gets an error for each invalid item, and the answer for the others. */
  readonly eachError: boolean;
  /** Other words that the first operand may have been meant to be. */
  readonly commands?: readonly string[];
}

/** Reads PORTS. The PowerShell module also passes processes there, as `pid:1234`. */
export async function subjectOf(
  operands: readonly string[],
  { eachError, commands = [] }: SubjectOptions,
): Promise<Subject> {
  if (operands.length === 0) return { spans: null, pids: new Set(), problems: [] };
  const spans: Place[] = [];
  const pids = new Set<number>();
  const problems: Problem[] = [];
  for (const [index, text] of portWords(operands).entries()) {
    const pid = /^pid:(\d{1,10})$/.exec(text)?.[1];
    if (pid !== undefined) {
      pids.add(Number(pid));
      continue;
    }
    try {
      const suggested = index === 0 ? commands : [];
      spans.push(...(await places([text], problems.length < explained ? suggested : null)));
    } catch (error) {
      if (!(error instanceof PortOwnerError) || !eachError) throw error;
      problems.push(error.nonTerminating);
    }
  }
  return { spans, pids, problems };
}

/** The protocol and the address that all of them share; null if they name none. Throws PO1005 for several. */
export function commonPlace(
  given: readonly Place[],
  what: string,
): { protocol: 'TCP' | 'UDP' | null; address: string | null; isLocalhost: boolean } {
  const [protocols, addresses] = [
    new Set(given.map(({ protocol }) => protocol)),
    new Set(given.map(({ address }) => address)),
  ];
  if (protocols.size > 1 || addresses.size > 1)
    throw new PortOwnerError('PO1005', `${what} supports only one protocol and one address at a time`);
  const [[protocol = null], [address = null]] = [[...protocols], [...addresses]];
  // Servers for this machine only mostly use this address.
  const isLocalhost = address === 'localhost';
  return { protocol, address: isLocalhost ? '127.0.0.1' : address, isLocalhost };
}

/** One port, with the protocol and the address specified with it. */
export interface OnePlace {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | null;
  readonly address: string | null;
  /** Whether the address was given as `localhost`. */
  readonly isLocalhost: boolean;
}

/** The one port that an operand names; 0 means any dynamic port. Throws PO1002 for several. */
export async function placeOfOne(text: string, what: string): Promise<OnePlace> {
  const any = /^0(?:\/(tcp|udp))?$/i.exec(text);
  if (any !== null)
    return {
      port: 0,
      protocol: (any[1]?.toUpperCase() as 'TCP' | 'UDP' | undefined) ?? null,
      address: null,
      isLocalhost: false,
    };
  const spans = await places([text]);
  const [span] = spans;
  if (span === undefined || spans.length > 1 || span.start !== span.end)
    throw new PortOwnerError('PO1002', `${JSON.stringify(text)} is more than one port`, {
      hint: 'Use one port at a time.',
      target: text,
    });
  return { port: span.start, ...commonPlace(spans, what) };
}

/** Formats what a row is about, for a heading: `TCP 127.0.0.1:3000`, `TCP port 3000`. */
export function placeText({
  Protocol,
  Address,
  Port,
}: {
  readonly Protocol: string | null;
  readonly Address: string | null;
  readonly Port: number | null;
}): string {
  if (Port === null) return 'no port';
  const protocol = Protocol ?? 'TCP';
  return Address === null || Address === '*'
    ? `${protocol} port ${Port}`
    : endpointText({ protocol, address: Address, port: Port });
}
