/** A counter that the system does not give, or that does not exist. Counters are plain numbers, because there are many. */
export const noCounter = -1;

/** A counter of 64 bits, exact up to 2^53. */
export const uint64 = (view: DataView, offset: number): number =>
  view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x1_0000_0000;

/**
 * One socket in a list, and its counters: only numbers, because lists are read again and again, and the texts of a known
 * socket are known.
 */
export interface SocketRecord {
  /** Identifies the socket as long as it is open. */
  readonly id: number | string;
  /** The system's number. */
  readonly state: number;
  readonly localPort: number;
  /** Differs if its addresses or ports differ, but for an unlucky coincidence. */
  readonly ends: number | string;
  /** What leads to its owner: its inode on Linux, a PID on Windows; 0 if nothing does. */
  readonly holder: number;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly sent: number;
  readonly received: number;
  /** In microseconds. */
  readonly roundTrip: number;
  readonly retransmits: number;
  readonly drops: number;
  /** Where it is in the list. */
  readonly start: number;
  readonly end: number;
}
