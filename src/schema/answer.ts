import type { AnyRow, RowSchema } from './column.ts';
import type { ExitCode, Problem } from './problems.ts';

/** Rows of another kind that a document about the answer has, too: under a heading of their own. */
export interface AnswerTable {
  readonly title: string;
  readonly schema: RowSchema;
  readonly rows: readonly AnyRow[];
}

/** What a use case answers: rows of one kind, what went wrong on the way, and what the answer amounts to. */
export interface Answer {
  readonly rows: readonly AnyRow[];
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  /** The answer in a sentence, or one for each part of it, which a person reads before the rows. */
  readonly headline?: string | readonly string[];
  /** What a person is told when there are no rows, or besides them. */
  readonly note?: string;
  /** What a document about the answer has besides the rows; looked up only where one is written. */
  readonly tables?: () => Promise<readonly AnswerTable[]>;
  /** What kind of answer it is, where PowerShell has a view of its own for it: the name of a variant. */
  readonly variant?: string;
}
