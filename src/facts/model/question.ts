import { portMatcher, type PortSpan } from '../../ports/expression.ts';
import type { Socket } from './facts.ts';

/** A detail to gather about an owner; each one costs system calls. */
export type Detail =
  | 'owner'
  | 'path'
  | 'commandLine'
  | 'workingDirectory'
  | 'user'
  | 'parent'
  /** All ancestors, each with its own parent. */
  | 'ancestors'
  /** Whether a process restarts what it started, according to its arguments. */
  | 'restarts'
  /** What service managers do when an owner ends; each manager is queried separately. */
  | 'restartPolicies'
  | 'services';

/** What to gather from a machine, as data. Gathering uses it to read less; it is never the last filter. */
export interface Question {
  /** Local ports; null for all ports. */
  readonly localPorts: readonly PortSpan[] | null;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /**
   * `listeners`: listening and bound TCP sockets and unconnected UDP sockets.
   * `answer`: the same, plus, for each span without any, every other socket with a local port in it.
   * `all`: every socket.
   */
  readonly sockets: 'listeners' | 'answer' | 'all';
  /** Whether bound TCP sockets that do not listen are not wanted. On Linux, connections cost nothing then. */
  readonly leavesBound?: boolean;
  /** Whether one holder of each socket is enough, and none if it takes long to find. Only Linux has to search. */
  readonly hasty?: boolean;
  /** `owner` includes pid, holders, image name and start time; an empty set means sockets only. */
  readonly details: ReadonlySet<Detail>;
  /** Whether the machine's dynamic and reserved ranges are wanted. */
  readonly ranges: boolean;
  /** Whether to include what is configured to use a port without a socket: port proxy rules, socket units. */
  readonly configured?: boolean;
  /** Whether the rules of the machine's firewall are wanted. */
  readonly firewall?: boolean;
  /** Whether the addresses of the machine's interfaces are wanted. */
  readonly addresses?: boolean;
}

/** Everything except command lines, which may hold secrets, and working directories, which reveal personal data. */
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

/** Only the machine itself. */
export const nothingAsked: Question = {
  localPorts: [],
  protocols: [],
  sockets: 'listeners',
  details: new Set(),
  ranges: false,
};

/** The processes that hold a socket: the one that it is attributed to, if that is known, and the others. */
export const pidsOf = ({ pid, holders }: Pick<Socket, 'pid' | 'holders'>): readonly number[] =>
  pid === null ? holders : [pid, ...holders];

/** Whether a socket occupies its local port by itself, not as one end of a connection. */
export function holdsPort(socket: Pick<Socket, 'protocol' | 'state' | 'remotePort'>): boolean {
  return socket.protocol === 'TCP' ? socket.state === 'Listen' || socket.state === 'Bound' : socket.remotePort === null;
}

/** Whether the process has closed the connection: the kernel only waits for the remaining data from the other end. */
export function isClosed({ state, kernel }: Pick<Socket, 'state' | 'kernel'>): boolean {
  return (
    state === 'TimeWait' ||
    (kernel && (state === 'FinWait1' || state === 'FinWait2' || state === 'Closing' || state === 'LastAck'))
  );
}

/** Returns the spans that contain none of these sockets. */
export function spansWithout(
  spans: readonly PortSpan[] | null,
  sockets: readonly Pick<Socket, 'localPort'>[],
): readonly PortSpan[] {
  if (spans === null) return sockets.length === 0 ? [{ start: 0, end: 65535 }] : [];
  if (sockets.length === 0) return spans;
  const used = Uint16Array.from(sockets, ({ localPort }) => localPort).sort();
  return spans.filter(({ start, end }) => {
    // Find the first used port from `start` on.
    let [low, high] = [0, used.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (used[middle]! < start) low = middle + 1;
      else high = middle;
    }
    return low === used.length || used[low]! > end;
  });
}

/** Returns the sockets that a question selects, in their order. */
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
