import { spare, type RowOf, type RowSchema } from './column.ts';

/** What the sockets of one connection, process, port, and so on transferred, and how their queues are filled. */
export const traffic = {
  typeName: 'PortOwner.Traffic',
  columns: [
    {
      name: 'Protocol',
      type: 'text',
      importance: 6,
      isInModule: false,
      usual: 'TCP',
      description: 'TCP or UDP. In this and the other columns up to Owner: null if the sockets of the row differ.',
    },
    { name: 'LocalAddress', type: 'text', importance: spare, keeps: 'all', description: 'The local address.' },
    { name: 'LocalPort', type: 'uint16', importance: 1, description: 'The local port.' },
    {
      name: 'RemoteAddress',
      type: 'text',
      importance: 3,
      keeps: 'all',
      whenFilled: 'remote',
      description: 'The remote address; null for listeners.',
    },
    {
      name: 'RemotePort',
      type: 'uint16',
      importance: 3,
      whenFilled: 'remote',
      description: 'The remote port; null for listeners.',
    },
    {
      name: 'State',
      type: 'text',
      importance: 5,
      usual: 'Established',
      description: "The TCP state, with Get-NetTCPConnection's names; null for UDP.",
    },
    { name: 'OwningProcess', type: 'uint32', description: 'The process that owns the sockets.' },
    { name: 'ImageName', type: 'text', description: "The owner's file name, such as nginx.exe." },
    {
      name: 'Application',
      type: 'text',
      importance: 4,
      toldBy: 'Owner',
      description: 'The application that the owner runs: node server.js, vite, redis-server.',
    },
    { name: 'StartTime', type: 'date', description: 'When the owner started.' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 1, description: 'Who owns the sockets, in one line.' },
    {
      name: 'Sockets',
      type: 'uint32',
      importance: 4,
      whenFilled: 'sockets',
      description: 'The number of sockets in the row; only with --by.',
    },
    {
      name: 'SendRate',
      type: 'uint64',
      importance: 2,
      description: 'Bytes per second that were sent and acknowledged during the measurement.',
    },
    {
      name: 'ReceiveRate',
      type: 'uint64',
      importance: 2,
      description: 'Bytes per second that were received during the measurement.',
    },
    {
      name: 'BytesSent',
      type: 'uint64',
      importance: spare + 1,
      inReport: true,
      description:
        'Bytes that were sent and acknowledged since the connection was opened; on Windows, since the measurement began.',
    },
    {
      name: 'BytesReceived',
      type: 'uint64',
      importance: spare + 1,
      inReport: true,
      description: 'Bytes that were received since the connection was opened; on Windows, since the measurement began.',
    },
    {
      name: 'RoundTripTime',
      type: 'double',
      importance: 7,
      isInModule: false,
      description: 'The smoothed round-trip time in milliseconds; the longest one if there are several connections.',
    },
    {
      name: 'Retransmits',
      type: 'uint64',
      importance: 8,
      isInModule: false,
      description: 'TCP segments that were sent again, or on Windows, packets, since the connection was opened.',
    },
    {
      name: 'NewRetransmits',
      type: 'uint64',
      description: 'How many of them were sent again during the measurement.',
    },
    {
      name: 'ReceiveQueue',
      type: 'uint64',
      description:
        'Bytes that were received, and not yet read by the program; for UDP, with what the kernel needs to manage them. Only on Linux.',
    },
    {
      name: 'SendQueue',
      type: 'uint64',
      description: 'Bytes that the program has written, and the other end has not acknowledged yet. Only on Linux.',
    },
    {
      name: 'AcceptQueue',
      type: 'uint32',
      importance: 7,
      whenFilled: 'queues',
      description: 'Connections that wait until the program of a listener accepts them. Only on Linux.',
    },
    {
      name: 'Backlog',
      type: 'uint32',
      importance: 7,
      whenFilled: 'queues',
      description:
        'How many connections may wait: once more than that wait, the system ignores or refuses new ones. Only on Linux.',
    },
    {
      name: 'Drops',
      type: 'uint64',
      importance: 8,
      isInModule: false,
      whenFilled: 'queues',
      description:
        'UDP packets that were lost because the receive queue was full, since the socket was opened. Only on Linux.',
    },
    {
      name: 'DynamicPortUse',
      type: 'double',
      importance: 6,
      whenFilled: 'dynamic',
      description:
        'With --by remote: what percentage of the dynamic ports the connections from one local address to one remote address and port use.',
    },
    {
      name: 'Warning',
      type: 'text',
      importance: 3,
      isInModule: false,
      wraps: true,
      whenFilled: 'queues',
      description: 'What is wrong: a full accept queue, lost UDP packets, or nearly exhausted dynamic ports.',
    },
    { name: 'Seconds', type: 'double', description: 'How long was measured.' },
    {
      name: 'Reason',
      type: 'texts',
      description: 'Why statistics are missing, and what would reveal them: "Statistics: code: text".',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine the row is about.' },
  ],
} as const satisfies RowSchema;

export type Traffic = RowOf<typeof traffic>;
