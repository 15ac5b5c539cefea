import type { RowOf, RowSchema } from './column.ts';

/** One check of `doctor` on this machine. */
export const check = {
  typeName: 'PortOwner.Check',
  columns: [
    { name: 'Check', type: 'text', importance: 1, description: 'What was checked.' },
    {
      name: 'Status',
      type: 'text',
      importance: 1,
      description:
        'ok; differs (PortOwner and the system disagree, or a rule is violated); failed (it could not be read); skipped (this machine does not have it, or your rights are insufficient).',
    },
    { name: 'Detail', type: 'text', importance: 1, description: 'The result, in one line.' },
    { name: 'Evidence', type: 'texts', description: 'Each difference, at most 20.' },
    { name: 'ComputerName', type: 'text', description: 'The machine the row is about.' },
  ],
} as const satisfies RowSchema;

export type Check = RowOf<typeof check>;
export type CheckStatus = 'ok' | 'differs' | 'failed' | 'skipped';
