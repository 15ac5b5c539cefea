/**
 * When Linux refuses a second bind on a port and an overlapping address (EADDRINUSE), after inet_csk_bind_conflict
 * in net/ipv4/inet_connection_sock.c and udp_lib_lport_inuse in net/ipv4/udp.c.
 */

/** The options of a socket: SO_REUSEADDR and SO_REUSEPORT. */
export interface LinuxSharing {
  readonly reuse: boolean;
  readonly reusePort: boolean;
}

export interface LinuxFirst extends LinuxSharing {
  readonly state: 'listening' | 'timeWait' | 'other';
}

export function linuxConflict(
  protocol: 'TCP' | 'UDP',
  first: LinuxFirst,
  second: LinuxSharing,
  sameUser: boolean,
): boolean {
  if (first.reuse && second.reuse && (protocol === 'UDP' || first.state !== 'listening')) return false;
  return !(first.reusePort && second.reusePort && (sameUser || first.state === 'timeWait'));
}

export const linuxSharings: readonly LinuxSharing[] = [
  { reuse: false, reusePort: false },
  { reuse: true, reusePort: false },
  { reuse: false, reusePort: true },
  { reuse: true, reusePort: true },
];

/** The first of two sockets, as far as it is known. */
export interface KnownFirst {
  readonly protocol: 'TCP' | 'UDP';
  readonly state: LinuxFirst['state'];
  /** Whether both are one user's; null when that is not known. */
  readonly sameUser: boolean | null;
  /** What it may have asked for. */
  readonly sharings?: readonly LinuxSharing[];
}

/** Whether a second conflicts with a first of which not all is known. `depends`: in some cases. */
export function linuxEffect(
  { protocol, state, sameUser, sharings = linuxSharings }: KnownFirst,
  second: LinuxSharing,
): 'blocks' | 'allows' | 'depends' {
  const users = sameUser === null ? [true, false] : [sameUser];
  const conflicts = sharings.flatMap((first) =>
    users.map((user) => linuxConflict(protocol, { ...first, state }, second, user)),
  );
  return conflicts.every(Boolean) ? 'blocks' : conflicts.some(Boolean) ? 'depends' : 'allows';
}
