import type { RowOf, RowSchema } from './column.ts';

/** What happened to a socket while it was watched. */
export const event = {
  typeName: 'PortOwner.Event',
  columns: [
    { name: 'Time', type: 'date', importance: 2, description: 'When it was noticed.' },
    {
      name: 'Kind',
      type: 'text',
      importance: 1,
      usualWidth: 6,
      description: 'Opened, Closed, State (its TCP state changed), or Owner (another process has it).',
    },
    { name: 'Protocol', type: 'text', importance: 6, isInModule: false, description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      importance: 5,
      isInModule: false,
      usualWidth: 15,
      description: 'The local address.',
    },
    { name: 'LocalPort', type: 'uint16', importance: 1, description: 'The local port.' },
    {
      name: 'RemoteAddress',
      type: 'text',
      importance: 3,
      usualWidth: 15,
      description: 'The remote address; null for listeners.',
    },
    {
      name: 'RemotePort',
      type: 'uint16',
      importance: 4,
      isInModule: false,
      description: 'The remote port; null for listeners.',
    },
    {
      name: 'State',
      type: 'text',
      importance: 2,
      comesFrom: 'PreviousState',
      usualWidth: 14,
      description:
        'The TCP state after the event, or before it was closed; null for UDP, and if it was never seen open.',
    },
    {
      name: 'PreviousState',
      type: 'text',
      description: 'The TCP state before the event; only for State.',
    },
    { name: 'OwningProcess', type: 'uint32', description: 'The process that owns the socket.' },
    { name: 'ImageName', type: 'text', description: "The owner's file name." },
    { name: 'Application', type: 'text', description: 'The application that the owner runs.' },
    { name: 'StartTime', type: 'date', description: 'When the owner started.' },
    {
      name: 'Owner',
      type: 'text',
      keeps: 'process',
      importance: 1,
      comesFrom: 'PreviousOwner',
      usualWidth: 24,
      description: 'The owner in one line.',
    },
    { name: 'PreviousOwner', type: 'text', description: 'The owner before the event; only for Owner.' },
    {
      name: 'LifetimeMs',
      type: 'uint64',
      importance: 7,
      isInModule: false,
      description:
        'How long a closed socket was open, in milliseconds, to within the interval; null if it was already open when watching began, or never seen open.',
    },
    {
      name: 'BytesSent',
      type: 'uint64',
      importance: 8,
      isInModule: false,
      description:
        'The bytes that the remote end acknowledged, as last seen; TCP counts the start and the end of a connection as one byte each. Null if unavailable, as on Windows.',
    },
    {
      name: 'BytesReceived',
      type: 'uint64',
      importance: 8,
      isInModule: false,
      description: 'The bytes received, as last seen; null if unavailable, as on Windows.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine that was watched.' },
  ],
} as const satisfies RowSchema;

export type SocketEvent = RowOf<typeof event>;
