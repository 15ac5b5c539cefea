import type { RowOf, RowSchema } from './column.ts';

/** A move of a server to another port: what would change, or the result. */
export const moveResult = {
  typeName: 'PortOwner.MoveResult',
  columns: [
    {
      name: 'Result',
      type: 'text',
      importance: 1,
      description:
        'Planned (it would be moved, or moved back), Moved, RolledBack (it failed, and every file is as before), Declined (the answer was no), Undone, or Interrupted (the move was killed, or failed and a file is not as before: undo it).',
    },
    { name: 'Application', type: 'text', importance: 1, description: 'The server: nginx, PostgreSQL.' },
    { name: 'Port', type: 'uint16', importance: 1, description: 'The old port.' },
    { name: 'NewPort', type: 'uint16', importance: 1, description: 'The new port.' },
    {
      name: 'Changes',
      type: 'texts',
      importance: 2,
      description: 'The changed values: file, line, setting, old and new value.',
    },
    {
      name: 'SideEffects',
      type: 'texts',
      importance: 4,
      description: 'What else may have to be changed: it is never changed automatically.',
    },
    { name: 'Restart', type: 'text', description: 'How the server uses the new port, or what was done.' },
    { name: 'Files', type: 'texts', description: 'The changed files and registry values.' },
    { name: 'Difference', type: 'text', description: 'The changes as a unified diff.' },
    { name: 'Id', type: 'text', importance: 3, description: 'Identifies the move for --undo.' },
    { name: 'Time', type: 'date', importance: 5, description: 'When it was moved.' },
    { name: 'Reason', type: 'texts', importance: 6, description: 'Why it was not moved, and other notes.' },
    { name: 'ComputerName', type: 'text', description: 'The machine it is on.' },
  ],
} as const satisfies RowSchema;

export type MoveResult = RowOf<typeof moveResult>;
