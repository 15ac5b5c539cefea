import type { AuditRun } from './audit-run.ts';
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
  /** The audits that the store has of them, newest first. */
  readonly runs?: readonly AuditRun[];
}

/** What a use case answers: rows of one kind, what went wrong on the way, and what the answer amounts to. */
export interface Answer {
  readonly rows: readonly AnyRow[];
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  /** The answer in a sentence, which a person reads before the rows. */
  readonly headline?: string;
  /** What a person is told when there are no rows, or besides them. */
  readonly note?: string;
  /** What kind of answer it is, where PowerShell has a view of its own for it: the name of a variant. */
  readonly variant?: string;
  /** One line that sums the answer up, where something else says it on a terminal. */
  readonly summary?: string;
  /** Looks up what only a report shows. */
  readonly background?: () => Promise<Background>;
}
