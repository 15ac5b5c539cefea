import type { SocketRecord } from '../facts/decode/socket-record.ts';
import type { RawEntry } from '../system/raw.ts';

/** The sockets of one list of the system. */
export interface SocketList {
  /** The name of its raw entry. */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly records: readonly SocketRecord[];
  /** Returns the list with only these of its records, in order, as the system would write it. */
  readonly pick: (records: readonly SocketRecord[]) => RawEntry;
  /** Why a socket lacks counters that it could have; null if it lacks none. */
  readonly reasonOf: (record: SocketRecord) => string | null;
}

/** All lists at one moment. */
export interface Lists {
  /** Milliseconds of a clock that never jumps. */
  readonly at: number;
  readonly lists: readonly SocketList[];
  /** What could not be listed. */
  readonly gaps: readonly string[];
  /** The names of lists that are missing, or lack sockets. */
  readonly incomplete: ReadonlySet<string>;
}

/** Who holds sockets, as far as it can be compared cheaply. */
export interface Holding {
  /** The raw entry that says it. */
  readonly name: string;
  readonly entry: RawEntry;
  /** Identifies the holders of a socket: different holders have different texts. Undefined: none was found. */
  readonly of: (holder: number) => string | undefined;
}

/** What to list. Lists may contain more. */
export interface ListRequest {
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Whether the counters of connections are wanted. */
  readonly counters: boolean;
  /** Whether to list only sockets that hold a port. */
  readonly holding: boolean;
  /** Selects the sockets by their local ports. */
  readonly port: (port: number) => boolean;
}

/** A socket, and the list that it is in. */
export interface ListedSocket {
  /** The name of the list. */
  readonly list: string;
  readonly record: SocketRecord;
  /** Whether statistics that have to be switched on are wanted. */
  readonly isWanted: boolean;
}

/** Counters that were read separately, and why some are missing. */
export type Measurement = Pick<SocketRecord, 'sent' | 'received' | 'roundTrip' | 'retransmits'> & {
  readonly reason: string | null;
};

/** How the sockets of a system are listed. */
export interface Lister {
  readonly list: (request: ListRequest) => Lists | Promise<Lists>;
  /** The name of a state; null for UDP. */
  readonly stateName: (protocol: 'TCP' | 'UDP', record: SocketRecord) => string | null;
  /** Whether a socket only holds its port: it has no far end. */
  readonly isHolding: (protocol: 'TCP' | 'UDP', record: SocketRecord) => boolean;
  /** Searches for the holders of these; null if the lists themselves have the owners. */
  readonly holding: ((holders: ReadonlySet<number>) => Holding) | null;
  /** Whether it is a connection that no program has accepted yet: its listener's owner is its owner. */
  readonly isWaiting: (record: SocketRecord) => boolean;
  /** Reads the counters of these sockets, where the lists have none; null if they have them. */
  readonly counters: ((sockets: readonly ListedSocket[]) => Promise<ReadonlyMap<SocketRecord, Measurement>>) | null;
  /** The names of all lists that owners may be determined with. */
  readonly names: readonly string[];
  /** Entries that owners are determined with, in addition to the lists. */
  readonly alsoGiven: ReadonlyMap<string, RawEntry>;
  readonly close: () => void;
}
