import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import type { Bind } from '../facts/gather/probe.ts';
import { isUnfound } from '../ownership/absent.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Cause } from './causes.ts';
import { linuxEffect, linuxSharings } from './linux-rules.ts';
import { isWildcard, overlap, type Overlap } from './overlap.ts';
import { boundOf, boundOfSocket, meeting } from './request.ts';
import { windowsOutcome, windowsOutcomes, windowsSharings, type WindowsScope } from './windows-rules.ts';

/** `depends`: on what no interface shows, such as the options of the other socket. */
export type Effect = 'blocks' | 'allows' | 'depends';

/** One thing in the way of a bind, or beside it. */
export interface Obstacle {
  readonly effect: Effect;
  readonly cause: Cause;
  readonly overlap: Overlap | null;
  /** Who; null for a range. */
  readonly row: OwnedEndpoint | null;
  readonly socket: Socket | null;
  readonly range: PortRange | null;
  readonly evidence: string;
  /** Two sockets of which one is for IPv6 and it is not known whether it is for IPv4 too. */
  readonly unsure?: boolean;
}

export function rangeText({ start, end }: Pick<PortRange, 'start' | 'end'>): string {
  return start === end ? `${start}` : `${start}-${end}`;
}

export function endpointText(protocol: string, address: string, port: number): string {
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Whose a socket is, by the kind of its owner. */
function ownerCause(row: OwnedEndpoint, socket: Socket, container: boolean): Cause {
  if (isUnfound(socket)) return 'Unknown';
  switch (row.OwnerKind) {
    case 'HttpSys':
    case 'Relay':
    case 'Kernel':
    case 'Orphan':
      return row.OwnerKind;
    case 'Service':
      return container ? 'Container' : 'Service';
    default:
      return 'Process';
  }
}

function sameUser(row: OwnedEndpoint, socket: Socket, user: string | null): boolean | null {
  if (socket.kernel) return false;
  const owner = row.UserName ?? socket.user;
  return user === null || owner === null ? null : owner.toLowerCase() === user.toLowerCase();
}

function scope(address: string): WindowsScope {
  return isWildcard(address) ? 'wildcard' : 'specific';
}

/** What the rules of the system depend on, besides the two addresses. */
export interface Pair {
  /** Whether both are one user's; null when that is not known. */
  readonly same: boolean | null;
  /** Whether the bind is for IPv6 and IPv4. */
  readonly dual: boolean;
  /** Linux: whether it is known that the first has set SO_REUSEPORT, as it has when another socket has the same port. */
  readonly reusePort: boolean;
}

/** What the rules of the system say of a bind beside a socket that holds its port, not as one end of a connection. */
export function rule(
  platform: 'win32' | 'linux',
  bind: Bind,
  socket: Pick<Socket, 'localAddress' | 'state'>,
  { same, dual, reusePort }: Pair,
): Effect {
  if (platform === 'linux') {
    const second = { reuse: bind.sharing === 'reuse', reusePort: bind.sharing === 'reusePort' };
    const firsts = reusePort ? linuxSharings.filter((first) => first.reusePort) : linuxSharings;
    return linuxEffect(bind.protocol, socket.state === 'Listen' ? 'listening' : 'other', second, same, firsts);
  }
  const sharing = bind.sharing === 'reusePort' ? 'reuse' : bind.sharing;
  const outcomes = windowsOutcomes(scope(socket.localAddress), { sharing, scope: scope(bind.address) }, same);
  // A dual-stack socket that asks for exclusive use fails whoever has the port, on whatever address.
  if (dual && sharing === 'exclusive') return 'blocks';
  return !outcomes.has('success') ? 'blocks' : outcomes.size === 1 ? 'allows' : 'depends';
}

const words = {
  default: 'asked for nothing',
  reuse: 'set SO_REUSEADDR',
  exclusive: 'asked for exclusive use',
  success: 'it succeeds',
  inUse: 'it fails with 10048',
  access: 'it fails with 10013',
} as const;

/** What it depends on, in words. */
export function ruleText(platform: 'win32' | 'linux', bind: Bind, socket: Pick<Socket, 'localAddress'>): string {
  if (platform === 'linux') {
    const option = bind.sharing === 'reusePort' ? 'SO_REUSEPORT and is of the same user' : 'SO_REUSEADDR';
    return `It succeeds if the owner has set ${option} too, which no interface shows.`;
  }
  const second = {
    sharing: bind.sharing === 'reusePort' ? 'reuse' : bind.sharing,
    scope: scope(bind.address),
  } as const;
  const cases = windowsSharings.map((sharing) => {
    const [own, others] = [true, false].map((same) =>
      windowsOutcome({ sharing, scope: scope(socket.localAddress) }, second, same),
    );
    return `if the owner ${words[sharing]}, ${words[own!]}${own === others ? '' : ` (${words[others!]} where the owner is another user)`}`;
  });
  return `By Microsoft's table: ${cases.join('; ')}. What the owner asked for is shown by no interface.`;
}

function holderText(row: OwnedEndpoint, socket: Socket): string {
  const where = endpointText(socket.protocol, socket.localAddress, socket.localPort);
  const who =
    row.Owner ??
    (socket.user === null ? 'a process that cannot be seen' : `a process of ${socket.user} that cannot be seen`);
  const others = row.Holders === null ? '' : `; all processes that hold it: ${row.Holders.join(', ')}`;
  const why = isUnfound(socket)
    ? socket.refusals.filter(({ field }) => field === 'OwningProcess').map(({ text }) => `: ${text}`)
    : [];
  return `${where} is held by ${who}${socket.state === null ? '' : ` (${socket.state})`}${others}${why.join('')}.`;
}

/** The first of several, with their number. */
function few(sockets: readonly Socket[]): string {
  const [first] = sockets;
  const one = `${endpointText(first!.protocol, first!.localAddress, first!.localPort)} to ${first!.remoteAddress}:${first!.remotePort} (${first!.state})`;
  return sockets.length === 1 ? one : `${one} and ${sockets.length - 1} more`;
}

function inRange(facts: Facts, bind: Bind): boolean {
  return facts.sections.dynamicRanges.data.some((range) => covers(range, bind));
}

/** Whether a range is about a bind. */
export function covers(range: PortRange, bind: Bind): boolean {
  const family = bind.address.includes(':') ? 'IPv6' : 'IPv4';
  const both = bind.address === '::' && !bind.ipv6Only;
  return (
    bind.port >= range.start &&
    bind.port <= range.end &&
    (range.protocol === null || range.protocol === bind.protocol) &&
    (both || range.family === null || range.family === family)
  );
}

function socketObstacles(facts: Facts, bind: Bind, user: string | null): Obstacle[] {
  const { platform } = facts.machine;
  const sockets = meeting(facts, bind);
  const holders = sockets.filter(
    (socket) => socket.protocol === 'UDP' || socket.state === 'Listen' || socket.state === 'Bound',
  );
  const containers = new Set(
    facts.sections.processes.data.filter((process) => process.container !== null).map(({ pid }) => pid),
  );
  const twins = new Map<string, number>();
  for (const { localAddress, state } of holders)
    if (state === 'Listen') twins.set(localAddress, (twins.get(localAddress) ?? 0) + 1);
  const found = endpoints(facts, holders, { live: false, serviceName: null }).map((row, i): Obstacle => {
    const socket = holders[i]!;
    const how = overlap(boundOf(bind), boundOfSocket(socket))!;
    // On Linux an IPv6 wildcard is for IPv4 too by default; Windows lists one that is in the table of IPv4 as well.
    const unsure = how === 'dualStack' && socket.localAddress === '::';
    const effect = rule(platform, bind, socket, {
      same: sameUser(row, socket, user),
      dual: boundOf(bind).dual,
      reusePort: (twins.get(socket.localAddress) ?? 0) > 1,
    });
    return {
      effect: !unsure ? effect : platform === 'win32' ? 'allows' : effect === 'blocks' ? 'depends' : effect,
      unsure,
      cause:
        how === 'wildcard'
          ? 'WildcardAgainstSpecific'
          : how === 'dualStack'
            ? 'DualStack'
            : ownerCause(row, socket, socket.pid !== null && containers.has(socket.pid)),
      overlap: how,
      row,
      socket,
      range: null,
      evidence: holderText(row, socket),
    };
  });
  // What a listener accepted is no obstacle of its own.
  if (found.length > 0) return found;
  const waiting = sockets.filter((socket) => socket.state === 'TimeWait');
  const connections = sockets.filter((socket) => socket.state !== 'TimeWait');
  const reuse = bind.sharing === 'reuse' || bind.sharing === 'reusePort';
  if (connections.length > 0) {
    // An address and its wildcard are in each other's way here alike.
    const first = connections.find((socket) => socket.pid !== null) ?? connections[0]!;
    const [row] = endpoints(facts, [first], { live: false, serviceName: null });
    const client = inRange(facts, bind);
    found.push({
      effect: platform === 'linux' ? (reuse ? 'depends' : 'blocks') : client && !reuse ? 'blocks' : 'depends',
      cause: client ? 'ClientConnection' : 'Connection',
      overlap: overlap(boundOf(bind), boundOfSocket(first)),
      row: row!,
      socket: first,
      range: null,
      evidence: `${few([first, ...connections.filter((one) => one !== first)])} is a connection of ${row!.Owner ?? 'a process that cannot be seen'}, and nobody listens on the port${client ? '; the port is in the dynamic range, from which programs that connect get their local port' : ''}.`,
    });
  }
  if (waiting.length > 0) {
    found.push({
      effect:
        platform === 'linux' ? (reuse ? 'depends' : 'blocks') : bind.sharing === 'exclusive' ? 'depends' : 'allows',
      cause: 'TimeWait',
      overlap: null,
      row: null,
      socket: waiting[0]!,
      range: null,
      evidence: `${few(waiting)} has been closed and waits for stray packets; no process has it any more.`,
    });
  }
  return found;
}

/** Windows' kinds of ranges that refuse a bind. */
const refusing: Readonly<Record<string, Cause>> = {
  Excluded: 'Excluded',
  ExcludedPersistent: 'Excluded',
  ReservedForGuests: 'GuestReservation',
};

function rangeObstacles(facts: Facts, bind: Bind): Obstacle[] {
  const { machine, sections } = facts;
  return sections.reservedPorts.data
    .filter((range) => covers(range, bind))
    .flatMap((range): Obstacle[] => {
      const one = { overlap: null, row: null, socket: null, range };
      const where = `${rangeText(range)}${range.protocol === null ? '' : ` for ${range.protocol}`}${range.family === null ? '' : ` on ${range.family}`}`;
      if (range.kind === 'Privileged') {
        // Root may; whether this account may otherwise is not in the facts, and the attempt tells.
        return machine.elevated === true
          ? []
          : [
              {
                ...one,
                effect: machine.elevated === false ? 'blocks' : 'depends',
                cause: 'NoRights',
                evidence: `Ports ${rangeText(range)} need root or the capability CAP_NET_BIND_SERVICE (${range.source}).`,
              },
            ];
      }
      const refused = refusing[range.kind];
      if (refused !== undefined) {
        const dynamic = refused === 'Excluded' && sections.dynamicRanges.data.some((other) => covers(other, bind));
        const what =
          refused === 'GuestReservation'
            ? 'reserved for guests (virtual machines, containers, WSL)'
            : range.kind === 'ExcludedPersistent'
              ? 'reserved, also after a restart'
              : dynamic
                ? 'reserved inside the dynamic range by a program or driver'
                : 'excluded';
        return [
          {
            ...one,
            effect: 'blocks',
            cause: dynamic ? 'DynamicReservation' : refused,
            evidence: `The range ${where} is ${what} (${range.source}).`,
          },
        ];
      }
      if (range.kind === 'ExcludedAdministered') {
        return [
          {
            ...one,
            effect: 'allows',
            cause: 'Excluded',
            evidence: `An administrator has excluded the range ${where} from random use (${range.source}); a program that asks for the port itself gets it, but Windows containers do not.`,
          },
        ];
      }
      return [
        {
          ...one,
          effect: 'allows',
          cause: 'Free',
          evidence: `The range ${where} is kept from random use (${range.source}); a program that asks for the port itself gets it.`,
        },
      ];
    });
}

/** All that is in the way of a bind or beside it: what blocks first. */
export function obstacles(facts: Facts, bind: Bind, user: string | null): Obstacle[] {
  const order: readonly Effect[] = ['blocks', 'depends', 'allows'];
  const closeness = ({ overlap: how }: Obstacle): number => (how === 'same' ? 0 : how === 'wildcard' ? 1 : 2);
  return [...socketObstacles(facts, bind, user), ...rangeObstacles(facts, bind)].sort(
    (a, b) => order.indexOf(a.effect) - order.indexOf(b.effect) || closeness(a) - closeness(b),
  );
}
