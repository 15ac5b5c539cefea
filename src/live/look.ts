// A look at a machine's sockets: what a live view, events, and statistics are computed from.

/** Who holds a socket. The names are those of an endpoint's row. */
export interface LiveOwner {
  readonly pid: number | null;
  /** The process's start time, ISO 8601; with the PID, it identifies the process. */
  readonly startTime: string | null;
  readonly imageName: string | null;
  readonly application: string | null;
  /** The one-line answer for people, as in Owner. */
  readonly owner: string;
}

/** Counters since the socket was opened. A counter that the system doesn't have is null. */
export interface Counters {
  /** Bytes that the far end has acknowledged. */
  readonly sent: number | null;
  readonly received: number | null;
  /** The smoothed round-trip time, in milliseconds. */
  readonly roundTrip: number | null;
  /** Retransmitted segments. */
  readonly retransmits: number | null;
  /** Bytes received and not yet read by the program; a listener: connections that wait to be accepted. */
  readonly receiveQueue: number | null;
  /** Bytes written and not yet acknowledged; a listener: the maximum of connections that may wait (backlog). */
  readonly sendQueue: number | null;
  /** UDP: packets dropped because the receive queue was full. */
  readonly drops: number | null;
}

/** The reason of a socket whose counters were not asked for. */
export const notWanted = 'Windows collects statistics only for the connections on the screen';

export interface LiveSocket {
  /** Identifies this socket for its life: a later socket with the same ends has another key. */
  readonly key: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string | null;
  readonly remotePort: number | null;
  /** By the names of Get-NetTCPConnection; null for UDP. */
  readonly state: string | null;
  readonly owner: LiveOwner;
  readonly counters: Counters;
  /** Why counters are missing, such as `needs an elevated session`; null if none are missing or it has none by nature. */
  readonly reason: string | null;
}

/** The sockets of a machine at one moment. */
export interface Look {
  /** Milliseconds of a clock that never jumps; only differences count. */
  readonly at: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** By key. A socket that did not change since the last look is the same object. */
  readonly sockets: ReadonlyMap<string, LiveSocket>;
  /** Those that the filter leaves out, too. Without a filter, the same as `sockets`. */
  readonly all: ReadonlyMap<string, LiveSocket>;
  /** What this look could not see, for people. */
  readonly gaps: readonly string[];
}

/** What happened to a socket between two looks. */
export interface Change {
  readonly kind: 'Opened' | 'Closed' | 'State' | 'Owner';
  readonly socket: LiveSocket;
  /** The socket in the look before; null for Opened. */
  readonly before: LiveSocket | null;
}

/** Rates between two looks; null where a counter is missing, or was not seen twice. */
export interface Rates {
  /** Bytes per second. */
  readonly send: number | null;
  readonly receive: number | null;
  /** Retransmitted segments between the looks. */
  readonly retransmits: number | null;
}
