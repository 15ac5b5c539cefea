import type { RowOf, RowSchema } from './column.ts';

/** A condition that `wait` saw fulfilled. */
export const waitResult = {
  typeName: 'PortOwner.WaitResult',
  columns: [
    {
      name: 'Condition',
      type: 'text',
      importance: 3,
      description: 'What was waited for: Open, Free, OwnedBy, or Http.',
    },
    { name: 'Protocol', type: 'text', importance: 4, usual: 'TCP', description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      importance: 3,
      whenFilled: 'local',
      description: 'The address of the listener on this machine; null for a free port, and for another machine.',
    },
    {
      name: 'LocalPort',
      type: 'uint16',
      importance: 1,
      whenFilled: 'local',
      description: 'The port on this machine; null for another machine.',
    },
    {
      name: 'RemoteHostName',
      type: 'text',
      importance: 2,
      whenFilled: 'remote',
      description: 'The host of --host; null for this machine.',
    },
    { name: 'RemoteAddress', type: 'text', description: 'The address that the connection to --host reached.' },
    {
      name: 'RemotePort',
      type: 'uint16',
      importance: 2,
      whenFilled: 'remote',
      description: 'The port of --host; null for this machine.',
    },
    {
      name: 'Seen',
      type: 'text',
      importance: 2,
      wraps: true,
      description: 'What fulfilled the condition, as a sentence: port 5432 is open: postgres (812).',
    },
    { name: 'WaitedMs', type: 'uint32', importance: 3, description: 'How long it took, in milliseconds.' },
    { name: 'OwningProcess', type: 'uint32', description: 'The process that owns the port.' },
    { name: 'ImageName', type: 'text', description: "The owner's file name." },
    { name: 'Owner', type: 'text', keeps: 'process', description: 'The owner of the port in one line.' },
    { name: 'ComputerName', type: 'text', description: 'The machine that waited.' },
  ],
} as const satisfies RowSchema;

export type WaitResult = RowOf<typeof waitResult>;
