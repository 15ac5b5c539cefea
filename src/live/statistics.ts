import { nearlyFull } from '../diagnosis/pairs.ts';
import { counted } from '../io/counted.ts';
import type { Traffic } from '../schema/traffic.ts';
import { accepterText } from '../ownership/unaccepted.ts';
import type { LiveOwner, LiveSocket, Look } from './look.ts';
import { growth } from './rates.ts';
import { largestOf, sumOf } from './sums.ts';

/** What the rows of an answer stand for. */
export const groupings = ['process', 'application', 'port', 'remote', 'state', 'protocol'] as const;
export type Grouping = (typeof groupings)[number];

/** How to compute statistics. */
export interface StatisticsRequest {
  /** Null: one row for each socket. */
  readonly by: Grouping | null;
  /** Whether to include closed connections in TIME_WAIT, which have no counters, in rows that do not need them. */
  readonly closed: boolean;
  /**
   * For rows of remote ends: how many percent of the dynamic ports the connections of a client from its address to the same
   * remote end use; null for sockets of servers.
   */
  readonly dynamicUse: (socket: LiveSocket) => number | null;
  /** Whether counters begin with their socket, as on Linux, and not with the first look, as on Windows. */
  readonly countsFromOpening: boolean;
  readonly computer: string;
}

/**
 * Groups that closed connections in TIME_WAIT always belong to: they use dynamic ports, and they are counted. They belong
 * to no process, and transfer nothing.
 */
const countsClosed: ReadonlySet<Grouping | null> = new Set(['remote', 'state', 'protocol']);

/** A socket, and what happened to it during the measurement. */
interface Measured {
  readonly socket: LiveSocket;
  readonly sent: number | null;
  readonly received: number | null;
  readonly retransmits: number | null;
  readonly drops: number | null;
}

type Counter = 'sent' | 'received' | 'retransmits' | 'drops';

const countedLate = 'Windows counts from the first look on, which did not have this connection';

/** A socket that the first look did not select, where counters begin with that look: they would be too small. */
function uncounted(socket: LiveSocket): LiveSocket {
  const { counters } = socket;
  if (counters.sent === null && counters.received === null && counters.retransmits === null) return socket;
  return {
    ...socket,
    counters: { ...counters, sent: null, received: null, retransmits: null },
    reason: countedLate,
  };
}

function measured(before: Look, after: Look, countsFromOpening: boolean): Measured[] {
  return [...after.sockets.values()].map((one): Measured => {
    // It may have been there, and only come to match the filter.
    const was = before.all.get(one.key);
    const socket = !countsFromOpening && !before.sockets.has(one.key) ? uncounted(one) : one;
    // A counter was 0 when its socket was opened during the measurement.
    const grown = (counter: Counter): number | null =>
      growth(was === undefined ? 0 : was.counters[counter], socket.counters[counter]);
    return {
      socket,
      sent: grown('sent'),
      received: grown('received'),
      retransmits: grown('retransmits'),
      drops: grown('drops'),
    };
  });
}

/** The owner of a socket, whether it has accepted the connection yet or not. */
const nameOf = ({ owner }: LiveOwner): string => accepterText(owner);

/** Groups the sockets by this text. */
function keyOf(
  by: Grouping | null,
  dynamicUse: StatisticsRequest['dynamicUse'],
): (socket: LiveSocket) => string | null {
  switch (by) {
    case 'process':
      return ({ owner }) => (owner.pid === null ? nameOf(owner) : `${owner.pid} ${owner.startTime}`);
    case 'application':
      return ({ owner }) => owner.application ?? nameOf(owner);
    case 'port':
      return ({ protocol, localPort }) => `${protocol} ${localPort}`;
    case 'state':
      return ({ protocol, state }) => `${protocol} ${state}`;
    case 'protocol':
      return ({ protocol }) => protocol;
    case 'remote':
      return (socket) => {
        const { protocol, localAddress, localPort, remoteAddress, remotePort } = socket;
        if (remoteAddress === null) return null;
        // A client's port is one of many, as is a far client's.
        return dynamicUse(socket) === null
          ? `${protocol} ${localPort} ${remoteAddress}`
          : `${protocol} ${localAddress} to ${remoteAddress} ${remotePort}`;
      };
    case null:
      return ({ key }) => key;
  }
}

/** The value that all of them share; null if they differ. */
function shared<T>(group: readonly Measured[], of: (socket: LiveSocket) => T | null): T | null {
  const first = of(group[0]!.socket);
  return group.every(({ socket }) => of(socket) === first) ? first : null;
}

const total = (group: readonly Measured[], of: (one: Measured) => number | null): number | null => sumOf(group.map(of));

const isListener = ({ state }: LiveSocket): boolean => state === 'Listen';

/** Whether more connections wait than the backlog allows: the kernel accepts one more than it says. */
export const isAcceptQueueFull = ({ state, counters: { receiveQueue, sendQueue } }: LiveSocket): boolean =>
  state === 'Listen' && receiveQueue !== null && sendQueue !== null && receiveQueue > sendQueue;

const placeText = ({ protocol, localPort, owner }: LiveSocket): string =>
  `${protocol} port ${localPort} of ${nameOf(owner)}`;

/** What can be wrong with a socket, as a text; null if it is not. */
const flaws: readonly ((one: Measured) => string | null)[] = [
  ({ socket }) => {
    const { receiveQueue, sendQueue } = socket.counters;
    return isAcceptQueueFull(socket)
      ? `the accept queue of ${placeText(socket)} is full (${counted(receiveQueue!, 'connection')}, backlog ${sendQueue}): new connections time out or are refused until the program accepts some`
      : null;
  },
  ({ socket, drops }) =>
    drops !== null && drops > 0
      ? `${counted(drops, 'packet')} to ${placeText(socket)} ${drops === 1 ? 'was' : 'were'} lost during the measurement because the receive queue was full`
      : null,
];

/** Of each kind, the first warning, and how many more there are; null if there are none. */
function warningsOf(group: readonly Measured[]): string | null {
  const warnings = flaws.flatMap((flaw) => {
    const texts = group.flatMap((one) => flaw(one) ?? []);
    const [first] = texts;
    if (first === undefined) return [];
    return texts.length === 1 ? first : `${first} (and ${counted(texts.length - 1, 'more socket')})`;
  });
  return warnings.length === 0 ? null : warnings.join('; ');
}

/** The owner of the sockets of a row. A process can have several: its services, or those that share a socket with it. */
function ownerOf(group: readonly Measured[], by: Grouping | null): string | null {
  if (by === null) return group[0]!.socket.owner.owner;
  const owner = shared(group, (socket) => nameOf(socket.owner));
  if (owner !== null || by !== 'process') return owner;
  const { pid, application, imageName } = group[0]!.socket.owner;
  return `${shared(group, (socket) => socket.owner.application) ?? imageName ?? application ?? 'process'} (${pid})`;
}

/** Why statistics are missing, each reason once. */
function reasonsOf(group: readonly Measured[]): string[] | null {
  const reasons = new Map<string, number>();
  for (const { socket } of group)
    if (socket.reason !== null) reasons.set(socket.reason, (reasons.get(socket.reason) ?? 0) + 1);
  if (reasons.size === 0) return null;
  return [...reasons].map(([reason, count]) => {
    const some = count === group.length ? '' : `${counted(count, 'of the sockets', 'of the sockets')}: `;
    return `Statistics: ${/\(needs /.test(reason) ? 'AccessDenied' : 'NotSupported'}: ${some}${reason}`;
  });
}

const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits));
const rate = (bytes: number | null, seconds: number): number | null =>
  bytes === null ? null : Math.round(bytes / seconds);

interface RowContext {
  readonly by: Grouping | null;
  readonly seconds: number;
  /** In percent; null if it does not apply. */
  readonly use: number | null;
  readonly computer: string;
}

function rowOf(group: readonly Measured[], { by, seconds, use, computer }: RowContext): Traffic {
  // Closed connections have no owner anymore.
  const living = group.filter(({ socket }) => socket.state !== 'TimeWait');
  const owned = living.length === 0 ? group : living;
  const sockets = group.filter(({ socket }) => !isListener(socket));
  const listeners = group.filter(({ socket }) => isListener(socket));
  const roundTrip = largestOf(group.map(({ socket }) => socket.counters.roundTrip));
  const full =
    use !== null && use >= nearlyFull * 100
      ? `${use.toFixed(0)}% of the dynamic ports are in use to this remote end: new connections to it will fail`
      : null;
  return {
    Protocol: shared(group, ({ protocol }) => protocol),
    LocalAddress: shared(group, ({ localAddress }) => localAddress),
    LocalPort: shared(group, ({ localPort }) => localPort),
    RemoteAddress: shared(group, ({ remoteAddress }) => remoteAddress),
    RemotePort: shared(group, ({ remotePort }) => remotePort),
    State: shared(group, ({ state }) => state),
    OwningProcess: shared(owned, ({ owner }) => owner.pid),
    ImageName: shared(owned, ({ owner }) => owner.imageName),
    Application: shared(owned, ({ owner }) => owner.application),
    StartTime: shared(owned, ({ owner }) => owner.startTime),
    Owner: ownerOf(owned, by),
    Sockets: by === null ? null : group.length,
    SendRate: rate(
      total(group, ({ sent }) => sent),
      seconds,
    ),
    ReceiveRate: rate(
      total(group, ({ received }) => received),
      seconds,
    ),
    BytesSent: total(group, ({ socket }) => socket.counters.sent),
    BytesReceived: total(group, ({ socket }) => socket.counters.received),
    RoundTripTime: rounded(roundTrip, 3),
    Retransmits: total(group, ({ socket }) => socket.counters.retransmits),
    NewRetransmits: total(group, ({ retransmits }) => retransmits),
    ReceiveQueue: total(sockets, ({ socket }) => socket.counters.receiveQueue),
    SendQueue: total(sockets, ({ socket }) => socket.counters.sendQueue),
    AcceptQueue: total(listeners, ({ socket }) => socket.counters.receiveQueue),
    Backlog: total(listeners, ({ socket }) => socket.counters.sendQueue),
    Drops: total(group, ({ socket }) => socket.counters.drops),
    DynamicPortUse: rounded(use, 2),
    Warning: [warningsOf(group), full].filter((text) => text !== null).join('; ') || null,
    Seconds: rounded(seconds, 3),
    Reason: reasonsOf(group),
    ComputerName: computer,
  };
}

const busy = ({ SendRate, ReceiveRate }: Traffic): number => (SendRate ?? 0) + (ReceiveRate ?? 0);

/** Returns the statistics of the sockets of the later look, the busiest first. */
export function statistics(before: Look, after: Look, request: StatisticsRequest): Traffic[] {
  const { by, closed, dynamicUse, countsFromOpening, computer } = request;
  const seconds = (after.at - before.at) / 1000;
  const groupOf = keyOf(by, dynamicUse);
  const isShown = closed || countsClosed.has(by);
  const all = measured(before, after, countsFromOpening).filter(({ socket }) => isShown || socket.state !== 'TimeWait');
  const groups = Map.groupBy(all, ({ socket }) => groupOf(socket));
  groups.delete(null);
  return [...groups.values()]
    .map((group) => rowOf(group, { by, seconds, use: by === 'remote' ? dynamicUse(group[0]!.socket) : null, computer }))
    .sort(
      (a, b) => busy(b) - busy(a) || (b.Sockets ?? 0) - (a.Sockets ?? 0) || (a.LocalPort ?? 0) - (b.LocalPort ?? 0),
    );
}

/** What the sockets are, and what all of them transferred, in one sentence. */
export function summary(before: Look, after: Look, countsFromOpening: boolean): string {
  const seconds = (after.at - before.at) / 1000;
  const all = measured(before, after, countsFromOpening);
  const states = Map.groupBy(all, ({ socket }) =>
    socket.protocol === 'UDP' ? 'UDP' : (socket.state ?? 'unknown state'),
  );
  const counts = [...states]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([state, { length }]) => `${length} ${state}`);
  const [send, receive] = [
    rate(
      total(all, ({ sent }) => sent),
      seconds,
    ),
    rate(
      total(all, ({ received }) => received),
      seconds,
    ),
  ];
  const traffic =
    send === null && receive === null ? '' : `; TCP sent ${send ?? 0} and received ${receive ?? 0} bytes/s`;
  return `${counted(all.length, 'socket')} (${counts.join(', ')}) in ${seconds.toFixed(1)} s${traffic}.`;
}
