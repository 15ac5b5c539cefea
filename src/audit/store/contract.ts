import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import type { FleetListener, ProgramVersion } from '../../schema/fleet.ts';
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

/** Selects machines: one by its name, in any case, or each whose name passes a test; null selects all. */
export type MachineChoice = string | ((name: string) => boolean) | null;

/** Selects parts of the history. */
export interface SpanQuestion {
  readonly machine: MachineChoice;
  /** Ranges of port numbers; null selects all. */
  readonly port: readonly PortSpan[] | null;
  /** Whether to include listeners in the dynamic range. */
  readonly dynamic: boolean;
  /** A test for an owner; null selects all. */
  readonly owner: ((owner: Pick<Listener, 'program' | 'services'>) => boolean) | null;
}

/** Selects listeners of a fleet. */
export interface ListenerQuestion extends SpanQuestion {
  /** The beginning of the SHA-256 hash of the executable, in lower-case hex; null selects all. */
  readonly sha256: string | null;
}

/** How much answers from the newest audits can know: numbers of machines. */
export interface Coverage {
  readonly machines: number;
  /** Those whose newest audit is older than a limit. */
  readonly missing: number;
  /** Those whose newest audit was incomplete. */
  readonly incomplete: number;
}

/** The newest audit of a machine. */
export interface NewestAudit {
  readonly machine: string;
  /** ISO 8601. */
  readonly at: string;
  readonly listeners: number;
  /** Null if unknown. */
  readonly complete: boolean | null;
  readonly tool: string;
}

/** What is new. */
export interface Period {
  /** What was first seen after this time. */
  readonly since: Date;
  /** Before this time, previous owners of an endpoint do not count: the time of a longer interval between two audits. */
  readonly compared: Date;
}

/** What appeared in a fleet in a period. */
export interface FleetNews {
  /** Without what the first audit of a machine saw. */
  readonly spans: PortSpanRow[];
  /** How many machines have their first audit in it. */
  readonly newMachines: number;
}

/** Selects audits. */
export interface RunQuestion {
  readonly machine: MachineChoice;
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
  /** The newest audit of each machine, by name. */
  newest(machine: MachineChoice): Promise<NewestAudit[]>;
  /** How much the newest audits say about the machines. */
  coverage(machine: MachineChoice, limit: Date): Promise<Coverage>;
  /** The listeners that the newest audits saw, by endpoint and machine. */
  listeners(question: ListenerQuestion): Promise<FleetListener[]>;
  /** Those that at most `most` of the selected machines have, with their number; see `fleetName`. The rarest come first. */
  rareListeners(question: ListenerQuestion, most: number): Promise<FleetListener[]>;
  /** The versions of the programs that listen, by program and number of machines. */
  versions(question: ListenerQuestion): Promise<ProgramVersion[]>;
  /** What appeared in a period, by endpoint and time. */
  news(question: ListenerQuestion, period: Period): Promise<FleetNews>;
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
