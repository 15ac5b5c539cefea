import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import type { Finding } from '../../schema/finding.ts';
import type { Listener } from '../listeners.ts';

/*
 * What a store of audits does, whatever keeps it. Everything is asynchronous: a store may be on another machine.
 */

const clockSkewMs = 86_400_000;

/** What is stored of an audit. */
export interface StoredRun {
  readonly machine: string;
  /** The moment of the facts, ISO 8601. */
  readonly at: string;
  readonly tool: string;
  readonly listeners: readonly Listener[];
  readonly findings: readonly Finding[];
  /** Forget what ended more than so many days before this run; null keeps all. */
  readonly keepDays: number | null;
  /** Whether not all sockets could be read: what was not seen may be there still. */
  readonly partial: boolean;
  /** Why the audit could not tell all. */
  readonly problem?: string;
  /** First forget the runs of the machine that are later than now, and keep a copy of the store. */
  readonly forgetLater: boolean;
}

export interface StoreOutcome {
  /** The findings, with when each was first found. */
  readonly findings: readonly Finding[];
  /** Where the damaged store that was there is now; null when there was none. */
  readonly aside: string | null;
  /** Why the run was not stored: it is there already (`same`), or a later one of its machine is; null when it was. */
  readonly refused: 'same' | 'older' | null;
  /** The time of the machine's newest run in the store, ISO 8601. */
  readonly newest: string;
  /** How many later runs were forgotten. */
  readonly forgotten: number;
  /** Of those the first and the last, ISO 8601, and the copy of the store as it was before; null when there were none. */
  readonly before: { readonly first: string; readonly last: string; readonly copy: string } | null;
}

/** What of the history is wanted. */
export interface SpanQuestion {
  readonly machine: string | null;
  /** A test for port numbers; null wants all. */
  readonly port: ((port: number) => boolean) | null;
  /** Whether listeners in the dynamic range are wanted. */
  readonly dynamic: boolean;
  /** A test for an owner; null wants all. */
  readonly owner: ((owner: Pick<Listener, 'program' | 'services'>) => boolean) | null;
}

/** Which audits are wanted. */
export interface RunQuestion {
  /** Null: of every machine. */
  readonly machine: string | null;
  /** How many at most; null for all. */
  readonly limit: number | null;
}

/** The history of audits. Every call is refused with a PortOwnerError: PO4201 (cannot be used), PO4202 (locked) or PO2003 (newer). */
export interface AuditStore {
  /**
   * Stores an audit, all of it or nothing. A store that is missing is made. Refused with PO4208, too: an audit of the
   * future, which would keep all others out.
   */
  add(run: StoredRun, now: Date): Promise<StoreOutcome>;
  /** The audits, newest first. */
  runs(question: RunQuestion): Promise<AuditRun[]>;
  /** The times in which listeners stayed the same, by endpoint and time. */
  spans(question: SpanQuestion): Promise<PortSpanRow[]>;
  /** Gives back what the store needed; nothing is asked of it afterwards. */
  close(): Promise<void>;
}

/** Whether a time lies further ahead than the clocks of two machines differ. */
export function isFuture(at: string, now: Date): boolean {
  return Date.parse(at) > now.getTime() + clockSkewMs;
}
