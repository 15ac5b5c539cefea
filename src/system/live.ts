import type { RawSource } from './raw.ts';

/** A machine that is looked at again and again. */
export interface LiveSource {
  /** Its sockets and processes. On Linux, the lists of sockets contain their counters. */
  readonly source: RawSource;
  /** Releases what looking needed. */
  close(): void;
}
