import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import { addressScope, unmapped } from '../ports/address.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { rangeFinder } from '../ports/lookup.ts';
import type { FarEnd } from './error-text.ts';
import { isWildcard, plainAddress } from './overlap.ts';
import { step } from '../schema/step.ts';

/**
 * The number of connections from one local address to one remote address and port. Each needs a separate local port,
 * although connections to other remote endpoints may use the same local ports at the same time.
 */
export interface PairUse {
  readonly protocol: 'TCP' | 'UDP';
  readonly local: string;
  readonly remote: string;
  readonly remotePort: number;
  /** The number of dynamic ports that these connections use. */
  readonly used: number;
  /** How many of these ports belong to closed connections in TIME_WAIT. */
  readonly waiting: number;
  readonly size: number;
  /** The owner of the remote end. */
  readonly farEnd: string;
  /** Whether the remote end is on this machine. */
  readonly isHere: boolean;
  /** The programs that connect, by name and PID: at most three. */
  readonly clients: readonly string[];
}

/** The usage from which exhaustion is reported. */
export const nearlyFull = 0.8;
/** The usage from which an error text that reports no port left is believed. */
export const asGoodAsFull = 0.95;

/** A connection from its client's point of view. */
interface Ends {
  readonly local: string;
  readonly port: number;
  readonly remote: string;
  readonly remotePort: number;
}

interface Group {
  readonly ports: Set<number>;
  readonly waiting: Set<number>;
  readonly pids: Map<number, number>;
}

type Finder = (protocol: string, family: string | null, port: number) => PortRange | undefined;

const familyOf = (address: string): 'IPv4' | 'IPv6' => (plainAddress(address).six ? 'IPv6' : 'IPv4');

/** Returns whether an address belongs to this machine, according to its sockets and interfaces. */
function ownAddresses({ sections }: Facts): (address: string) => boolean {
  const own = new Set<string>();
  for (const { localAddress } of sections.sockets.data) own.add(unmapped(localAddress));
  for (const { address } of sections.addresses?.data ?? []) own.add(address);
  return (address) => own.has(address) || addressScope(address) === 'Loopback';
}

/** The context for inspecting sockets. */
interface Sight {
  readonly find: Finder;
  readonly isOwn: (address: string) => boolean;
  readonly windows: boolean;
}

/**
 * Returns a socket's connection from the client's side. Where the server closes first, only the server's socket
 * remains: Windows still does not reuse the client's port, whereas Linux assigns it to the next connection. Dual-stack
 * sockets use the same ports as IPv4 sockets, so that their addresses are those of IPv4.
 */
function clientSides(socket: Socket, { find, isOwn, windows }: Sight): (Ends & { pid: number })[] {
  if (socket.remoteAddress === null || socket.remotePort === null) return [];
  const { protocol, localPort, remotePort, pid, state } = socket;
  const [localAddress, remoteAddress] = [unmapped(socket.localAddress), unmapped(socket.remoteAddress)];
  const isDynamic = (address: string, port: number): boolean => find(protocol, familyOf(address), port) !== undefined;
  return [
    ...(isDynamic(localAddress, localPort)
      ? [{ local: localAddress, port: localPort, remote: remoteAddress, remotePort, pid: pid ?? 0 }]
      : []),
    ...(isOwn(remoteAddress) && isDynamic(remoteAddress, remotePort) && (windows || state !== 'TimeWait')
      ? [{ local: remoteAddress, port: remotePort, remote: localAddress, remotePort: localPort, pid: 0 }]
      : []),
  ];
}

const keyOf = (protocol: string, { local, remote, remotePort }: Omit<Ends, 'port'>): string =>
  `${protocol} ${local} ${remote} ${remotePort}`;

/**
 * Groups the sockets by both ends of their connections without the client's port; only where there are at least this many.
 */
function grouped(
  facts: Facts,
  find: Finder,
  least: number,
): Map<string, { ends: Ends; protocol: 'TCP' | 'UDP'; group: Group }> {
  const { data } = facts.sections.sockets;
  const found = new Map<string, { ends: Ends; protocol: 'TCP' | 'UDP'; group: Group }>();
  if (!(data.length >= least)) return found;
  const sight = { find, isOwn: ownAddresses(facts), windows: facts.machine.platform === 'win32' };
  const counts = new Map<string, number>();
  const each = (use: (socket: Socket, ends: Ends & { pid: number }, key: string) => void): void => {
    for (const socket of data)
      for (const ends of clientSides(socket, sight)) use(socket, ends, keyOf(socket.protocol, ends));
  };
  each((_socket, _ends, key) => void counts.set(key, (counts.get(key) ?? 0) + 1));
  each(({ protocol, state }, ends, key) => {
    if (counts.get(key)! < least) return;
    let known = found.get(key);
    if (known === undefined)
      found.set(key, (known = { ends, protocol, group: { ports: new Set(), waiting: new Set(), pids: new Map() } }));
    const { ports, waiting, pids } = known.group;
    ports.add(ends.port);
    if (state === 'TimeWait') waiting.add(ends.port);
    if (ends.pid !== 0) pids.set(ends.pid, (pids.get(ends.pid) ?? 0) + 1);
  });
  return found;
}

/** Returns the program on this machine that listens for connections to an address and a port. */
function listenerOf(facts: Facts, protocol: 'TCP' | 'UDP', address: string, port: number): string | null {
  const plain = plainAddress(address);
  const waits = (socket: Socket): boolean =>
    socket.protocol === protocol &&
    socket.localPort === port &&
    (protocol === 'UDP' ? socket.remotePort === null : socket.state === 'Listen');
  const all = facts.sections.sockets.data.filter(waits);
  const socket =
    all.find(({ localAddress }) => plainAddress(localAddress).text === plain.text) ??
    all.find(({ localAddress }) => isWildcard(localAddress) && plainAddress(localAddress).six === plain.six) ??
    all.find(({ localAddress }) => localAddress === '::');
  return socket === undefined
    ? null
    : (endpoints(facts, [socket], { live: false, serviceName: null })[0]?.Owner ?? null);
}

/** Returns where connections to one address and port use up the dynamic ports, or nearly do: the fullest first. */
export function fullPairs(facts: Facts): PairUse[] {
  const find = rangeFinder(facts.sections.dynamicRanges.data);
  const names = new Map(facts.sections.processes.data.map(({ pid, imageName }) => [pid, imageName]));
  const isOwn = ownAddresses(facts);
  const least = Math.min(...facts.sections.dynamicRanges.data.map(({ start, end }) => end - start + 1)) * nearlyFull;
  return [...grouped(facts, find, least).values()]
    .flatMap(({ ends, protocol, group }): PairUse[] => {
      const range = find(protocol, familyOf(ends.local), ends.port)!;
      const size = range.end - range.start + 1;
      const used = group.ports.size;
      if (used < size * nearlyFull) return [];
      const { local, remote, remotePort } = ends;
      const clients = [...group.pids].sort(([, a], [, b]) => b - a).slice(0, 3);
      return [
        {
          protocol,
          local,
          remote,
          remotePort,
          used,
          waiting: group.waiting.size,
          size,
          farEnd: isOwn(remote)
            ? (listenerOf(facts, protocol, remote, remotePort) ?? 'nobody, it is closed')
            : 'another machine',
          isHere: isOwn(remote),
          clients: clients.map(([pid]) => `${names.get(pid) ?? 'process'} (${pid})`),
        },
      ];
    })
    .sort((a, b) => b.used / b.size - a.used / a.size);
}

/** One end of a socket, and the other one. */
type SocketEnds = Pick<Socket, 'protocol' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/** Returns whether a socket is a connection of this pair, from either end. */
export function belongsTo({ protocol, local, remote, remotePort }: PairUse): (socket: SocketEnds) => boolean {
  return (socket) => {
    if (socket.protocol !== protocol || socket.remoteAddress === null) return false;
    const [here, there] = [unmapped(socket.localAddress), unmapped(socket.remoteAddress)];
    return (
      (here === local && there === remote && socket.remotePort === remotePort) ||
      (here === remote && there === local && socket.localPort === remotePort)
    );
  };
}

/**
 * Returns how many percent of the dynamic ports the connections from one local address to one remote address and port use:
 * those of the client that has this socket. Null for sockets of servers.
 */
export function dynamicPortUse(facts: Facts): (socket: SocketEnds) => number | null {
  const find = rangeFinder(facts.sections.dynamicRanges.data);
  const held = new Set<string>();
  for (const { protocol, localAddress, localPort, remotePort } of facts.sections.sockets.data)
    if (remotePort === null)
      held.add(`${protocol} ${localPort} ${isWildcard(localAddress) ? '' : plainAddress(localAddress).text}`);
  const isHeld = (protocol: string, address: string, port: number): boolean =>
    held.has(`${protocol} ${port} `) || held.has(`${protocol} ${port} ${plainAddress(address).text}`);
  const pairs = grouped(facts, find, 1);
  return ({ protocol, localAddress, localPort, remoteAddress, remotePort }) => {
    if (remoteAddress === null || remotePort === null || isHeld(protocol, localAddress, localPort)) return null;
    const range = find(protocol, familyOf(localAddress), localPort);
    if (range === undefined) return null;
    const ends = { local: unmapped(localAddress), remote: unmapped(remoteAddress), remotePort };
    const pair = pairs.get(keyOf(protocol, ends));
    // It may have opened or closed since the facts were gathered.
    return ((pair?.group.ports.size ?? 1) / (range.end - range.start + 1)) * 100;
  };
}

/** Returns the far ends that a text names: it may name the local end, too. */
export const toldEnds = ({ local, remote }: PairUse, farEnds: readonly FarEnd[]): FarEnd[] =>
  farEnds.filter(({ address }) => address === null || address !== local || local === remote);

/** Whether connections go where a text says; true for a text that names no far end. */
export function goesTo(pair: PairUse, farEnds: readonly FarEnd[]): boolean {
  const { remote, remotePort } = pair;
  const told = toldEnds(pair, farEnds);
  return (
    told.length === 0 ||
    told.some(({ address, port }) => port === remotePort && (address === null || address === unmapped(remote)))
  );
}

/** Returns one end of a connection as text. */
export const endText = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** Returns the destination of connections: `10.0.0.5:5432`. */
export const farText = ({ remote, remotePort }: PairUse): string => endText(remote, remotePort);

/** Describes in one sentence the number of connections and the owners of both ends. */
export function pairText(use: PairUse): string {
  const { protocol, local, used, waiting, size, farEnd, clients } = use;
  const closed = waiting === 0 ? '' : `, ${waiting} of them closed and in TIME_WAIT`;
  const who = [
    `${farEnd} has the remote end`,
    ...(clients.length === 0 ? [] : [`${clients.join(', ')} ${clients.length === 1 ? 'connects' : 'connect'} there`]),
  ];
  return `${used} of the ${size} dynamic ports are used by ${protocol} connections from ${local} to ${farText(use)}${closed} (${who.join('; ')}).`;
}

/** Returns a command that shows the owner of the remote end, where it is on this machine. */
export const farEndStep = ({ protocol, remotePort }: PairUse): string =>
  step(
    `portowner ${remotePort}${protocol === 'UDP' ? ' --protocol udp' : ''} --format list`,
    'who has the remote end with this many connections',
  );
