import { problemKinds, recommendedAction, type Problem } from '../problems.ts';
import type { RowOf, RowSchema } from './column.ts';

/** A problem as a row, for callers that ask for `--problems rows`. */
export const problemRow = {
  typeName: 'PortOwner.Problem',
  columns: [
    { name: 'Severity', type: 'text', description: 'Error, Warning, Verbose or Progress.' },
    { name: 'Code', type: 'text', description: 'The stable number, such as PO1002.' },
    { name: 'Message', type: 'text', description: 'What is wrong.' },
    { name: 'Hint', type: 'text', description: 'What to do about it.' },
    { name: 'Target', type: 'text', description: 'What it is about.' },
    { name: 'Category', type: 'text', description: "The member of PowerShell's ErrorCategory that it belongs to." },
    { name: 'Terminating', type: 'boolean', description: 'Whether it ended the command.' },
  ],
} as const satisfies RowSchema;

export type ProblemRow = RowOf<typeof problemRow>;

export function toProblemRow(problem: Problem): ProblemRow {
  return {
    Severity: problem.severity,
    Code: problem.code,
    Message: problem.message,
    Hint: recommendedAction(problem) ?? null,
    Target: problem.target ?? null,
    Category: problemKinds[problem.code].category,
    Terminating: problem.terminating === true,
  };
}
