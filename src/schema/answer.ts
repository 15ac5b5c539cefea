import type { AuditRun, PortSpanRow } from './audit-run.ts';
import type { AnyRow } from './column.ts';
import type { Endpoint } from './endpoint.ts';
import type { ExitCode, Problem } from './problems.ts';
import type { Range } from './range.ts';

/** What a report shows in addition to the rows. */
export interface Background {
  /** The ranges of ports on the queried machines. */
  readonly ranges: readonly Range[];
  /** The listeners, if the rows are something else. */
  readonly listeners?: readonly Endpoint[];
  /** The number of listeners that an audit counts: the dynamic ports of a program are one listener. */
  readonly audited?: number;
  /** Their audits in the store, newest first. */
  readonly runs?: readonly AuditRun[];
  /** What appeared, changed hands, or disappeared between those audits. */
  readonly changes?: readonly PortSpanRow[];
  /** The audits that these reports are about, one for each machine. */
  readonly audits?: readonly AuditState[];
  /** What is known about the executables of the listeners. */
  readonly binaries?: readonly ListenerBinary[];
}

/** How an audit of a machine ended. */
export type AuditState = {
  readonly ComputerName: string;
  /** The time of its facts, ISO 8601. */
  readonly RunTime: string;
  /** How many listeners it counts. */
  readonly Listeners: number;
  /** Whether it determined everything. */
  readonly IsComplete: boolean;
  /** Whether nothing failed. */
  readonly IsSuccess: boolean;
};

/** The executable of a process. */
export type ListenerBinary = {
  readonly ComputerName: string;
  readonly OwningProcess: number;
  readonly Sha256: string | null;
  readonly Signer: string | null;
};

/** The answer of a use case: rows of one kind, problems, and an exit code. */
export interface Answer {
  readonly rows: readonly AnyRow[];
  /** Rows that come later, each group as soon as it exists. */
  readonly later?: AsyncIterable<readonly AnyRow[]>;
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  /** The answer as one or more sentences, shown to a person before the rows. */
  readonly headline?: string | readonly string[];
  /** A text for a person, instead of or in addition to the rows; in PowerShell, an information record. */
  readonly note?: string;
  /** The name of the variant, if PowerShell has a separate view for this kind of answer. */
  readonly variant?: string;
  /** A summary of the answer in one line, if a terminal shows it in another way. */
  readonly summary?: string;
  /** If several machines answered: which ones of the queried machines (from 0), and how many of the rows are theirs, in order. */
  readonly machines?: readonly { readonly index: number; readonly rows: number }[];
  /** Looks up what only reports show. */
  readonly background?: () => Promise<Background>;
}
