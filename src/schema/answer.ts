import type { AnyRow } from './column.ts';
import type { ExitCode, Problem } from './problems.ts';

/** The answer of a use case: rows of one kind, problems, and an exit code. */
export interface Answer {
  readonly rows: readonly AnyRow[];
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  /** The answer as a sentence, shown to a person before the rows. */
  readonly headline?: string;
  /** A text for a person, instead of or in addition to the rows. */
  readonly note?: string;
  /** The name of the variant, if PowerShell has a separate view for this kind of answer. */
  readonly variant?: string;
}
