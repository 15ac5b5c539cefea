import { problemKinds, recommendedAction, type Notice, type Problem } from './problems.ts';
import type { RowOf, RowSchema } from './column.ts';

/** A problem as a row, for callers that ask for `--problems rows`. */
export const problemRow = {
  typeName: 'PortOwner.Problem',
  columns: [
    {
      name: 'Severity',
      type: 'text',
      description:
        'Error, Warning, Information, Verbose, or Progress. In CLIXML, Machine precedes the rows of each of several machines, with its number (from 0), and the last item has End.',
    },
    { name: 'Code', type: 'text', description: 'The stable code of the problem, such as PO1002.' },
    { name: 'Message', type: 'text', description: 'The problem or status.' },
    { name: 'Hint', type: 'text', description: 'What to do about it.' },
    { name: 'Target', type: 'text', description: 'What it is about.' },
    { name: 'Category', type: 'text', description: "The member of PowerShell's ErrorCategory that it belongs to." },
    { name: 'Terminating', type: 'boolean', description: 'Whether it ended the command.' },
  ],
} as const satisfies RowSchema;

export type ProblemRow = RowOf<typeof problemRow>;

const nothing = { Code: null, Message: null, Hint: null, Target: null, Category: null, Terminating: false } as const;

/** The last item, which shows that nothing is missing. */
export const endRow: ProblemRow = { Severity: 'End', ...nothing };

export function toProblemRow(problem: Problem | Notice): ProblemRow {
  if (!('code' in problem)) return { ...nothing, Severity: problem.severity, Message: problem.message };
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
