import type { RowOf, RowSchema } from './column.ts';

/** One thing that `doctor` looked into on this machine. */
export const check = {
  typeName: 'PortOwner.Check',
  columns: [
    { name: 'Check', type: 'text', importance: 1, description: 'What was looked into.' },
    {
      name: 'Status',
      type: 'text',
      importance: 1,
      description:
        'ok; differs (PortOwner and the system disagree, or a rule is broken); failed (it could not be read); skipped (this machine has none, or your rights are not enough).',
    },
    { name: 'Detail', type: 'text', importance: 1, description: 'What was found, in one line.' },
    { name: 'Evidence', type: 'texts', description: 'Each disagreement, at most 20 of them.' },
    { name: 'ComputerName', type: 'text', description: 'The machine the row is about.' },
  ],
} as const satisfies RowSchema;

export type Check = RowOf<typeof check>;
export type CheckStatus = 'ok' | 'differs' | 'failed' | 'skipped';
