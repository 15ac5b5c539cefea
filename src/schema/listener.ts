import type { RowOf, RowSchema } from './column.ts';

/** An approved listener: an entry of a baseline. */
export const listenerRow = {
  typeName: 'PortOwner.Listener',
  columns: [
    {
      name: 'Port',
      type: 'text',
      importance: 1,
      description: 'The local port, or dynamic for all ports that a program takes from the dynamic range.',
    },
    { name: 'Protocol', type: 'text', importance: 2, description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      keeps: 'all',
      importance: 2,
      description: 'The local address; for a dynamic listener, any, loopback, or specific.',
    },
    { name: 'AddressScope', type: 'text', description: 'Loopback, Specific, or Any.' },
    { name: 'Program', type: 'text', keeps: 'end', importance: 1, description: 'The full path of the executable.' },
    {
      name: 'Services',
      type: 'texts',
      importance: 3,
      whenFilled: 'services',
      description: 'The services it runs.',
    },
    {
      name: 'UserName',
      type: 'text',
      importance: 3,
      whenFilled: 'users',
      description: 'The account it runs as.',
    },
    { name: 'Sha256', type: 'text', description: 'The SHA-256 hash of the executable, if it is part of the baseline.' },
    { name: 'Signer', type: 'text', description: 'The signer of the executable, if it is part of the baseline.' },
    { name: 'Comment', type: 'text', description: 'The comment in the file before the entry.' },
    { name: 'ComputerName', type: 'text', description: 'The machine of the baseline.' },
  ],
} as const satisfies RowSchema;

export type ListenerRow = RowOf<typeof listenerRow>;
