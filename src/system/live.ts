import type { RawSource } from './raw.ts';

/** The kernel's messages about sockets that were closed. */
export interface CloseFeed {
  /** Returns the messages since the last call; `lost` if some did not fit into the system's buffer. Never waits. */
  read(): { readonly bytes: Uint8Array; readonly lost: boolean };
  close(): void;
}

/** A machine that is looked at again and again. */
export interface LiveSource {
  /** Its sockets and processes. On Linux, the lists of sockets contain their counters. */
  readonly source: RawSource;
  /** Linux: starts to collect the messages about closed sockets of a protocol. Throws if the system has none. */
  readonly closes?: (protocol: 'TCP' | 'UDP') => CloseFeed;
  /** Releases what looking needed. */
  close(): void;
}
