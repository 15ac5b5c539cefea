// What the view shows: rows of sockets, or of groups of them, and what a person chose of them.
import type { LiveOwner, LiveSocket } from '../look.ts';

/** The order of the rows. */
export interface SortBy {
  /** The ID of a column. */
  readonly column: string;
  readonly descending: boolean;
}

export const viewGroupings = ['none', 'process', 'port', 'remote'] as const;
/** What the rows are grouped by. */
export type ViewGrouping = (typeof viewGroupings)[number];
export const kinds = ['all', 'listeners', 'connections'] as const;
/** Which sockets are shown. */
export type SocketKind = (typeof kinds)[number];

/** One group of sockets that alone is shown. */
export interface GroupScope {
  readonly by: Exclude<ViewGrouping, 'none'>;
  readonly id: string;
  readonly label: string;
  /** The grouping that it was chosen in. */
  readonly from: ViewGrouping;
}

/** What a person chose to see. */
export interface Selection {
  readonly kind: SocketKind;
  readonly filter: string;
  readonly scope: GroupScope | null;
  readonly grouping: ViewGrouping;
  readonly sort: SortBy;
}

/** Whether a socket transfers data, so that a missing number is unknown. A listener transfers none. */
export const transfers = ({ reason, counters }: LiveSocket): boolean => reason !== null || counters.sent !== null;

/** The members of a group, in numbers. */
export interface GroupSum {
  readonly label: string;
  readonly sockets: number;
  readonly listening: number;
  /** Whether a missing number is unknown, and not absent. */
  readonly hasTraffic: boolean;
  /** The ports that it listens on. */
  readonly ports: readonly number[];
}

export interface ViewRow {
  /** The key of the socket, or the name of the group. */
  readonly id: string;
  readonly mark: 'opened' | 'closed' | 'fading' | null;
  /** Null for a group. */
  readonly socket: LiveSocket | null;
  /** Null for a socket. */
  readonly group: GroupSum | null;
  /** The owner of the socket, or of the process that the group is. */
  readonly owner: LiveOwner | null;
  readonly send: number | null;
  readonly receive: number | null;
  readonly sent: number | null;
  readonly received: number | null;
  readonly roundTrip: number | null;
  readonly retransmits: number | null;
}

export const isListener = ({ protocol, state, remotePort }: LiveSocket): boolean =>
  protocol === 'TCP' ? state === 'Listen' || state === 'Bound' : remotePort === null;
