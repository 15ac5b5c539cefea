import type { RawSource, Refusal } from './raw.ts';

/** The kernel's messages about sockets that were closed. */
export interface CloseFeed {
  /** Returns the messages since the last call; `lost` if some did not fit into the system's buffer. Never waits. */
  read(): { readonly bytes: Uint8Array; readonly lost: boolean };
  close(): void;
}

/** A record for each connection that was asked about, or why there are none. */
export type StatisticsAnswer = { readonly bytes: Uint8Array } | { readonly refusal: Refusal };

/** Windows: the statistics of connections, which are only collected on request. */
export interface ConnectionStatistics {
  /**
   * Returns a record for each of these connections (MIB_TCPROW or MIB_TCP6ROW). Collecting begins when a connection is
   * first given, and ends when it is not given anymore. Calls must not overlap.
   */
  readonly read: (rows: readonly Uint8Array[]) => Promise<StatisticsAnswer>;
  /** Switches off what was switched on. */
  readonly close: () => void;
}

/** A machine that is looked at again and again. */
export interface LiveSource {
  /** Its sockets and processes. On Linux, the lists of sockets contain their counters. */
  readonly source: RawSource;
  /** Linux: starts to collect the messages about closed sockets of a protocol. Throws if the system has none. */
  readonly closes?: (protocol: 'TCP' | 'UDP') => CloseFeed;
  /** Windows: the statistics of connections. */
  readonly statistics?: ConnectionStatistics;
  /** Releases what looking needed. */
  close(): void;
}
