import type { Facts, Socket } from '../facts/model/facts.ts';
import type { Bind, Sharing } from '../facts/gather/probe.ts';
import { overlap, plainAddress, type Bound } from './overlap.ts';
import { isClosed } from '../facts/model/question.ts';
import { isWhole } from '../facts/model/section.ts';

/** The bind that a program would request. */
export interface Request {
  /** 0: any free port. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Null: every address, IPv4 and IPv6. */
  readonly address: string | null;
  /** Whether the address was given as `localhost`, which may also be ::1. */
  readonly isLocalhost?: boolean;
  readonly sharing: Sharing;
  /** Whether `::` excludes IPv4. */
  readonly ipv6Only: boolean;
}

/** Returns the binds that make up the request: all of them have to succeed. */
export function bindsOf({ port, protocol, address, sharing, ipv6Only }: Request): Bind[] {
  const bind = { protocol, port, sharing };
  if (address !== null) return [{ ...bind, address, ipv6Only: ipv6Only && address.includes(':') }];
  return [
    { ...bind, address: '0.0.0.0', ipv6Only: false },
    { ...bind, address: '::', ipv6Only: true },
  ];
}

/** Returns the bound address of a bind. */
export function boundOf(bind: Bind): Bound {
  return { address: bind.address, dual: plainAddress(bind.address).text === '::' && !bind.ipv6Only };
}

/** Returns the bound address of a socket. An IPv6 wildcard may include IPv4, which no interface shows. */
export function boundOfSocket({ localAddress, vrf }: Socket): Bound {
  return { address: localAddress, dual: plainAddress(localAddress).text === '::', vrf };
}

/** Returns the sockets on a bind's port that the bind may meet. */
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
 * Returns the binds to attempt, one element for each bind; null for a bind that must not be attempted. The attempts
 * disturb no program: they request reuse only where no process has a socket in the way, because reuse would share the
 * owner's port. On Windows, they skip a UDP port with an owner, because a bind on one address takes the datagrams to
 * that address even without reuse.
 */
export function attemptsFor(facts: Facts, request: Request): (Bind | null)[] {
  return bindsOf(request).map((bind) => attemptFor(facts, bind));
}

function attemptFor(facts: Facts, bind: Bind): Bind | null {
  const windows = facts.machine.platform === 'win32';
  const owned = meeting(facts, bind).some((socket) => !isClosed(socket));
  if (owned && bind.protocol === 'UDP' && windows) return null;
  const reuse = bind.sharing === 'reuse' || bind.sharing === 'reusePort';
  // If reading the sockets failed, an owner may be missing.
  const unsafe = owned || !isWhole(facts.sections.sockets) || (windows && bind.sharing === 'reusePort');
  if (!reuse || !unsafe) return bind;
  // A bind that succeeds without reuse also succeeds with it.
  return windows && bind.protocol === 'UDP' ? null : { ...bind, sharing: 'default' };
}
