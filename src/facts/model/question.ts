import { portMatcher, type PortSpan } from '../../ports/expression.ts';
import type { Socket } from './facts.ts';

/** What an owner should be asked for; each detail costs system calls. */
export type Detail =
  | 'owner'
  | 'path'
  | 'commandLine'
  | 'workingDirectory'
  | 'user'
  | 'parent'
  /** All processes above, each with its own parent. */
  | 'ancestors'
  /** What of their arguments says that processes start again what they have started. */
  | 'restarts'
  /** What managers say that they do when an owner ends: each is asked for by itself. */
  | 'restartPolicies'
  | 'services';

/**
 * What is asked of a machine, as data. Gathering uses it to look at less; it is never the last filter.
 */
export interface Question {
  /** Local ports; null asks for every port. */
  readonly localPorts: readonly PortSpan[] | null;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /**
   * `listeners`: listening and bound TCP sockets and unconnected UDP sockets.
   * `answer`: these, and for each span in which there are none, every other socket with such a local port.
   * `all`: every socket.
   */
  readonly sockets: 'listeners' | 'answer' | 'all';
  /** `owner` gives pid, holders, image name and start time; empty asks for sockets alone. */
  readonly details: ReadonlySet<Detail>;
  /** Whether the machine's dynamic and reserved ranges are wanted. */
  readonly ranges: boolean;
  /** Whether that is wanted which is set up to have a port, though no socket shows it: port proxy rules, socket units. */
  readonly configured?: boolean;
  /** Whether the rules of the machine's firewall are wanted. */
  readonly firewall?: boolean;
  /** Whether the addresses of the machine's interfaces are wanted. */
  readonly addresses?: boolean;
}

/** Everything there is to know, but command lines, which may hold secrets, and working directories, which tell of people. */
export const everything: Question = {
  localPorts: null,
  protocols: ['TCP', 'UDP'],
  sockets: 'all',
  details: new Set<Detail>(['owner', 'path', 'user', 'parent', 'services']),
  ranges: true,
  configured: true,
  firewall: true,
  addresses: true,
};

/** Nothing but the machine itself. */
export const nothingAsked: Question = {
  localPorts: [],
  protocols: [],
  sockets: 'listeners',
  details: new Set(),
  ranges: false,
};

/** Whether a socket keeps its local port from others by itself, not as one end of a connection. */
export function holdsPort(socket: Pick<Socket, 'protocol' | 'state' | 'remotePort'>): boolean {
  return socket.protocol === 'TCP' ? socket.state === 'Listen' || socket.state === 'Bound' : socket.remotePort === null;
}

/** Whether a connection has ended for its process, which has it no more: it only waits for what the other end still sends. */
export function isClosed({ state, kernel }: Pick<Socket, 'state' | 'kernel'>): boolean {
  return (
    state === 'TimeWait' ||
    (kernel && (state === 'FinWait1' || state === 'FinWait2' || state === 'Closing' || state === 'LastAck'))
  );
}

/** Those of the spans in which none of these sockets is. */
export function spansWithout(
  spans: readonly PortSpan[] | null,
  sockets: readonly Pick<Socket, 'localPort'>[],
): readonly PortSpan[] {
  if (spans === null) return sockets.length === 0 ? [{ start: 0, end: 65535 }] : [];
  if (sockets.length === 0) return spans;
  const used = Uint16Array.from(sockets, ({ localPort }) => localPort).sort();
  return spans.filter(({ start, end }) => {
    // Of the used ports the first from `start` on.
    let [low, high] = [0, used.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (used[middle]! < start) low = middle + 1;
      else high = middle;
    }
    return low === used.length || used[low]! > end;
  });
}

/** The sockets that a question is about, in their order. */
export function selectSockets<S extends Pick<Socket, 'protocol' | 'state' | 'remotePort' | 'localPort'>>(
  sockets: readonly S[],
  question: Pick<Question, 'localPorts' | 'protocols' | 'sockets'>,
): S[] {
  const port = portMatcher(question.localPorts);
  const matching = sockets.filter((socket) => question.protocols.includes(socket.protocol) && port(socket.localPort));
  if (question.sockets === 'all') return matching;
  const holding = matching.filter(holdsPort);
  const rest = question.sockets === 'answer' ? spansWithout(question.localPorts, holding) : [];
  if (rest.length === 0) return holding;
  const others = portMatcher(rest);
  return matching.filter((socket) => holdsPort(socket) || others(socket.localPort));
}
