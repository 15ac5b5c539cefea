import type { Facts, Socket } from '../facts/model/facts.ts';
import type { Bind, Sharing } from '../facts/gather/probe.ts';
import { overlap, type Bound } from './overlap.ts';
import { isWhole } from '../facts/model/section.ts';

/** What a program would ask for. */
export interface Request {
  /** 0: any free one. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Null: every address, IPv4 and IPv6. */
  readonly address: string | null;
  readonly sharing: Sharing;
  /** Whether `::` leaves IPv4 alone. */
  readonly ipv6Only: boolean;
}

/** The binds that the request comes down to: all of them have to succeed. */
export function bindsOf({ port, protocol, address, sharing, ipv6Only }: Request): Bind[] {
  const bind = { protocol, port, sharing };
  if (address !== null) return [{ ...bind, address, ipv6Only: ipv6Only && address.includes(':') }];
  return [
    { ...bind, address: '0.0.0.0', ipv6Only: false },
    { ...bind, address: '::', ipv6Only: true },
  ];
}

/** A bind as an address in use. */
export function boundOf(bind: Bind): Bound {
  return { address: bind.address, dual: bind.address === '::' && !bind.ipv6Only };
}

/** A socket as an address in use: an IPv6 wildcard may be for IPv4 too, which no interface says. */
export function boundOfSocket(socket: Socket): Bound {
  return { address: socket.localAddress, dual: socket.localAddress === '::' };
}

/** The sockets on the port of a bind that it may meet. */
export function meeting(facts: Facts, bind: Bind): Socket[] {
  return facts.sections.sockets.data.filter(
    (socket) =>
      socket.localPort === bind.port &&
      bind.port !== 0 &&
      socket.protocol === bind.protocol &&
      overlap(boundOf(bind), boundOfSocket(socket)) !== null,
  );
}

/**
 * The binds to really try, as a list as long as the binds; null for one that must not be tried. Nobody is disturbed:
 * reuse is asked for only where no process has a socket in the way, for it would share the owner's port; and on Windows
 * a UDP port with an owner is left alone, because a bind on one address takes the datagrams to that address even without.
 */
export function attemptsFor(facts: Facts, request: Request): (Bind | null)[] {
  return bindsOf(request).map((bind) => attemptFor(facts, bind));
}

function attemptFor(facts: Facts, bind: Bind): Bind | null {
  const windows = facts.machine.platform === 'win32';
  const owned = meeting(facts, bind).some((socket) => socket.state !== 'TimeWait');
  if (owned && bind.protocol === 'UDP' && windows) return null;
  const reuse = bind.sharing === 'reuse' || bind.sharing === 'reusePort';
  // A failed look may have missed an owner.
  const unsafe = owned || !isWhole(facts.sections.sockets) || (windows && bind.sharing === 'reusePort');
  if (!reuse || !unsafe) return bind;
  // What succeeds without reuse succeeds with it.
  return windows && bind.protocol === 'UDP' ? null : { ...bind, sharing: 'default' };
}
