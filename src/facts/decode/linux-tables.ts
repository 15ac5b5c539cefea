// The kernel's lists of sockets, and the states that it names by number.

type ByProtocol<T> = Readonly<Record<'TCP' | 'UDP', readonly T[]>>;

export const diagTables: ByProtocol<string> = { TCP: ['diag/tcp'], UDP: ['diag/udp4', 'diag/udp6'] };
export const procTables: ByProtocol<string> = {
  TCP: ['proc/net/tcp', 'proc/net/tcp6'],
  UDP: ['proc/net/udp', 'proc/net/udp6'],
};

/** include/net/tcp_states.h */
export const LISTEN = 10;
const CLOSE = 7;
const BOUND_INACTIVE = 13;

/**
 * The states that reserve a port: listening and bound (closed, or a separate number since 6.8). Unconnected UDP is
 * closed.
 */
export const holdingStates: ByProtocol<number> = { TCP: [LISTEN, CLOSE, BOUND_INACTIVE], UDP: [CLOSE] };
