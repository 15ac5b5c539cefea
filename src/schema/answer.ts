import type { AuditRun, PortSpanRow } from './audit-run.ts';
import type { AnyRow } from './column.ts';
import type { Endpoint } from './endpoint.ts';
import type { ExitCode, Problem } from './problems.ts';
import type { Range } from './range.ts';

/** What a report shows besides the rows. */
export interface Background {
  /** The ranges of ports on the machines that were asked. */
  readonly ranges: readonly Range[];
  /** Who listens there, where the rows are something else. */
  readonly listeners?: readonly Endpoint[];
  /** How many listeners an audit counts there: the dynamic ports of a program are one listener. */
  readonly audited?: number;
  /** The audits that the store has of them, newest first. */
  readonly runs?: readonly AuditRun[];
  /** What appeared, changed hands, or disappeared between those audits. */
  readonly changes?: readonly PortSpanRow[];
}

/** The answer of a use case: rows of one kind, problems, and an exit code. */
export interface Answer {
  readonly rows: readonly AnyRow[];
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  /** The answer as one or more sentences, shown to a person before the rows. */
  readonly headline?: string | readonly string[];
  /** A text for a person, instead of or in addition to the rows; in PowerShell, an information record. */
  readonly note?: string;
  /** The name of the variant, if PowerShell has a separate view for this kind of answer. */
  readonly variant?: string;
  /** One line that sums the answer up, where something else says it on a terminal. */
  readonly summary?: string;
  /** Looks up what only a report shows. */
  readonly background?: () => Promise<Background>;
}
