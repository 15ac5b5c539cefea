import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import type { PortSpan } from '../../ports/expression.ts';
import type { Finding } from '../../schema/finding.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import type { Listener } from '../listeners.ts';

/*
 * The contract of an audit store, whatever implements it. Everything is asynchronous: a store may be on another machine.
 */

const clockSkewMs = 86_400_000;

/** The stored data of an audit. */
export interface StoredRun {
  readonly machine: string;
  /** The time of the facts, ISO 8601. */
  readonly at: string;
  readonly tool: string;
  readonly listeners: readonly Listener[];
  readonly findings: readonly Finding[];
  /** Delete history that ended more than this many days before this run; null keeps everything. */
  readonly keepDays: number | null;
  /** Whether some sockets could not be read: listeners that were not seen may still be there. */
  readonly partial: boolean;
  /** Why the audit was incomplete. */
  readonly problem?: string;
  /** First delete the machine's runs that are in the future, and keep a copy of the store. */
  readonly forgetLater: boolean;
}

export interface StoreOutcome {
  /** The findings, with when each was first found. */
  readonly findings: readonly Finding[];
  /** The new path of the damaged store; null if there was none. */
  readonly aside: string | null;
  /** Why the run was not stored: it is already there (`same`), or a later run of its machine is; null if it was stored. */
  readonly refused: 'same' | 'older' | null;
  /** The time of the machine's newest run in the store, ISO 8601. */
  readonly newest: string;
  /** How many later runs were deleted. */
  readonly forgotten: number;
  /** The first and the last deleted run, ISO 8601, and the copy of the previous store; null if there were none. */
  readonly before: { readonly first: string; readonly last: string; readonly copy: string } | null;
  /** Why old history was not deleted although that was asked for; null if it was. */
  readonly unpruned: string | null;
}

/** Selects parts of the history. */
export interface SpanQuestion {
  readonly machine: string | null;
  /** Ranges of port numbers; null selects all. */
  readonly port: readonly PortSpan[] | null;
  /** Whether to include listeners in the dynamic range. */
  readonly dynamic: boolean;
  /** A test for an owner; null selects all. */
  readonly owner: ((owner: Pick<Listener, 'program' | 'services'>) => boolean) | null;
}

/** Selects audits. */
export interface RunQuestion {
  /** Null: of every machine. */
  readonly machine: string | null;
  /** The maximum number; null for all. */
  readonly limit: number | null;
}

/** The history of audits. Every call can reject with a PortOwnerError: PO4201 (cannot be used), PO4202 (locked), or PO2003 (newer). */
export interface AuditStore {
  /**
   * Stores an audit atomically. Creates a missing file; a database must have its tables. Also rejects with PO4208 for an audit
   * from the future, which would block all others.
   */
  add(run: StoredRun, now: Date): Promise<StoreOutcome>;
  /** The audits, newest first. */
  runs(question: RunQuestion): Promise<AuditRun[]>;
  /** The periods in which listeners stayed the same, by endpoint and time. */
  spans(question: SpanQuestion): Promise<PortSpanRow[]>;
  /** Releases the resources of the store, which cannot be used afterwards. */
  close(): Promise<void>;
}

/** Whether a time is further in the future than the clocks of two machines can differ. */
export function isFuture(at: string, now: Date): boolean {
  return Date.parse(at) > now.getTime() + clockSkewMs;
}

/** Throws PO4208 for an audit from the future, which would block all others of its machine. */
export function refuseFuture({ machine, at }: Pick<StoredRun, 'machine' | 'at'>, now: Date): void {
  if (!isFuture(at, now)) return;
  throw new PortOwnerError(
    'PO4208',
    `the audit of ${machine} is dated ${at}, but it is ${now.toISOString()} now: it was not stored`,
    { hint: 'Correct the clock of that machine, or of this one, and take the snapshot again.', target: at },
  );
}
