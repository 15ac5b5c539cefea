import type { RowOf, RowSchema } from './column.ts';

/** A current or upcoming port conflict. */
export const conflict = {
  typeName: 'PortOwner.Conflict',
  machines: 'text',
  columns: [
    {
      name: 'Severity',
      type: 'text',
      importance: 1,
      description:
        'Error (something does not work), Warning (it works by luck, or not for everybody), or Information (normal, but good to know).',
    },
    {
      name: 'Kind',
      type: 'text',
      importance: 1,
      description: 'The kind of conflict, as one of a fixed list of words.',
    },
    { name: 'Protocol', type: 'text', importance: 3, usual: 'TCP', description: 'TCP or UDP.' },
    {
      name: 'Address',
      type: 'text',
      keeps: 'all',
      importance: 4,
      description: 'The address or addresses involved; null if none.',
    },
    { name: 'Port', type: 'uint16', importance: 1, description: 'The port; null if it concerns all ports.' },
    {
      name: 'Owners',
      type: 'texts',
      keeps: 'process',
      importance: 2,
      description: 'Who owns or needs the port, each in one line.',
    },
    { name: 'Description', type: 'text', description: 'The conflict, in one sentence.' },
    {
      name: 'Remedy',
      type: 'texts',
      description: 'What to do, safest first: commands to paste, with an explanation after #.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine with the conflict.' },
  ],
} as const satisfies RowSchema;

export type Conflict = RowOf<typeof conflict>;
