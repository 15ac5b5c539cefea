import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import { addressScope } from '../ports/address.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { rangeFinder } from '../ports/lookup.ts';
import { isWildcard, plainAddress } from './overlap.ts';
import { step } from './step.ts';

/**
 * How many of the connections from one local address to one remote address and port there are: each needs a local port
 * of its own, though other remote ends may have the same local ports at the same time.
 */
export interface PairUse {
  readonly protocol: 'TCP' | 'UDP';
  readonly local: string;
  readonly remote: string;
  readonly remotePort: number;
  /** Dynamic ports that connections there have. */
  readonly used: number;
  /** Those of them that are closed and in TIME_WAIT. */
  readonly waiting: number;
  readonly size: number;
  /** Who has the remote end. */
  readonly farEnd: string;
  /** Whether the remote end is on this machine. */
  readonly isHere: boolean;
  /** Who connects, by name and PID: at most three. */
  readonly clients: readonly string[];
}

/** From this share on it is worth saying. */
export const nearlyFull = 0.8;
/** From this share on a text that says that no port was left is taken at its word. */
export const asGoodAsFull = 0.95;

/** One connection as its client has it. */
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

/** Whether an address is this machine's, as far as its sockets and interfaces show. */
function ownAddresses({ sections }: Facts): (address: string) => boolean {
  const own = new Set<string>();
  for (const { localAddress } of sections.sockets.data) own.add(localAddress);
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
 * The connection of a socket from its client's side. Where the server closes first, only the server's socket is left:
 * Windows keeps the client's port from being used again just the same, and Linux gives it to the next connection.
 */
function clientSides(socket: Socket, { find, isOwn, windows }: Sight): (Ends & { pid: number })[] {
  const { protocol, localAddress, localPort, remoteAddress, remotePort, pid, state } = socket;
  if (remoteAddress === null || remotePort === null) return [];
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

const keyOf = (protocol: string, { local, remote, remotePort }: Ends): string =>
  `${protocol} ${local} ${remote} ${remotePort}`;

/** The sockets by their connection's two ends but the client's port; only where there may be enough of them. */
function grouped(facts: Facts, find: Finder): Map<string, { ends: Ends; protocol: 'TCP' | 'UDP'; group: Group }> {
  const { data } = facts.sections.sockets;
  const least = Math.min(...facts.sections.dynamicRanges.data.map(({ start, end }) => end - start + 1)) * nearlyFull;
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

/** Who waits on this machine for connections to an address and a port. */
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

/** Where connections to one address and port use up the dynamic ports, or nearly: the fullest first. */
export function fullPairs(facts: Facts): PairUse[] {
  const find = rangeFinder(facts.sections.dynamicRanges.data);
  const names = new Map(facts.sections.processes.data.map(({ pid, imageName }) => [pid, imageName]));
  const isOwn = ownAddresses(facts);
  return [...grouped(facts, find).values()]
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

const place = (address: string, port: number): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** Where connections go: `10.0.0.5:5432`. */
export const farText = ({ remote, remotePort }: PairUse): string => place(remote, remotePort);

/** One sentence: how many there are, and who has both ends. */
export function pairText(use: PairUse): string {
  const { protocol, local, used, waiting, size, farEnd, clients } = use;
  const closed = waiting === 0 ? '' : `, ${waiting} of them closed and in TIME_WAIT`;
  const who = [
    `${farEnd} has the remote end`,
    ...(clients.length === 0 ? [] : [`${clients.join(', ')} ${clients.length === 1 ? 'connects' : 'connect'} there`]),
  ];
  return `${used} of the ${size} dynamic ports are used by ${protocol} connections from ${local} to ${farText(use)}${closed} (${who.join('; ')}).`;
}

/** How to look at who has the far end, where that is on this machine. */
export const farEndStep = ({ protocol, remotePort }: PairUse): string =>
  step(
    `portowner ${remotePort}${protocol === 'UDP' ? ' --protocol udp' : ''} --format list`,
    'who has the remote end with this many connections',
  );
