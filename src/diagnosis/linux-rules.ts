/**
 * When Linux refuses a second bind on a port and an overlapping address (EADDRINUSE), according to
 * inet_csk_bind_conflict in net/ipv4/inet_connection_sock.c and udp_lib_lport_inuse in net/ipv4/udp.c.
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

/** What is known about the first socket. */
export interface LinuxKnown {
  readonly state: LinuxFirst['state'];
  /** Whether both sockets belong to one user; null if unknown. */
  readonly sameUser: boolean | null;
  /** The options that the first socket may have set: any, unless specified. */
  readonly firsts?: readonly LinuxSharing[];
}

/**
 * Whether a second bind conflicts with what is known about the first. `depends`: in only some of the possible cases.
 */
export function linuxEffect(
  protocol: 'TCP' | 'UDP',
  { state, sameUser, firsts = linuxSharings }: LinuxKnown,
  second: LinuxSharing,
): 'blocks' | 'allows' | 'depends' {
  const users = sameUser === null ? [true, false] : [sameUser];
  const conflicts = firsts.flatMap((first) =>
    users.map((user) => linuxConflict(protocol, { ...first, state }, second, user)),
  );
  return conflicts.every(Boolean) ? 'blocks' : conflicts.some(Boolean) ? 'depends' : 'allows';
}
