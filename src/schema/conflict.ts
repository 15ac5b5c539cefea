import type { RowOf, RowSchema } from './column.ts';

/** Something that is or will become a conflict over a port. */
export const conflict = {
  typeName: 'PortOwner.Conflict',
  columns: [
    {
      name: 'Severity',
      type: 'text',
      importance: 1,
      description:
        'Error (something does not work), Warning (it works by luck, or not for everybody) or Information (normal, and worth to know).',
    },
    {
      name: 'Kind',
      type: 'text',
      importance: 1,
      description: 'What kind of conflict it is, as one of a fixed list of words.',
    },
    { name: 'Protocol', type: 'text', importance: 3, description: 'TCP or UDP.' },
    {
      name: 'Address',
      type: 'text',
      importance: 4,
      description: 'The address or addresses that it is about; null when it is about none.',
    },
    { name: 'Port', type: 'uint16', importance: 1, description: 'The port; null when it is about all of them.' },
    {
      name: 'Owners',
      type: 'texts',
      keeps: 'process',
      importance: 2,
      description: 'Who has the port, or wants it, each in one line.',
    },
    { name: 'Description', type: 'text', description: 'What the matter is, in one sentence.' },
    {
      name: 'Remedy',
      type: 'texts',
      description: 'What to do, the safest first: commands that can be pasted, with what they do behind #.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine that it is on.' },
  ],
} as const satisfies RowSchema;

export type Conflict = RowOf<typeof conflict>;
