// The columns of the view.
import { bracketed, unmapped } from '../../ports/address.ts';
import { transfers, type ViewGrouping, type SortBy, type ViewRow } from './model.ts';
import { bytesText, millisecondsText, type Style } from './text.ts';

export interface ViewColumn {
  readonly id: string;
  readonly title: string;
  /** For the help and the first line. */
  readonly name: string;
  /** It is dropped, the largest number first, if the screen is too narrow for all columns at their least width. */
  readonly priority: number;
  readonly least: number;
  readonly most: number;
  readonly right?: true;
  readonly keeps?: 'end' | 'process';
  /** The text; null if it is unknown, and empty if there is none. It is not safe to show yet. */
  readonly text: (row: ViewRow) => string | null;
  /** What the rows are ordered by. */
  readonly value: (row: ViewRow) => number | string | null;
  readonly style?: (row: ViewRow) => Style;
  /** The largest values are what a person looks for. */
  readonly descends?: true;
}

/** A text column, ordered without regard to case. */
function words(column: Omit<ViewColumn, 'value'>): ViewColumn {
  return {
    ...column,
    value: (row) => {
      const text = column.text(row);
      return text === null || text === '' ? null : text.toLowerCase();
    },
  };
}

type Amount = 'send' | 'receive' | 'sent' | 'received' | 'roundTrip' | 'retransmits';

/** A column of numbers that a row has itself. */
function amount(
  name: Amount,
  column: Pick<ViewColumn, 'title' | 'name' | 'priority' | 'least'>,
  write: (value: number) => string,
): ViewColumn {
  return {
    id: name,
    ...column,
    most: column.least,
    right: true,
    descends: true,
    text: (row) => (row[name] === null ? (hasTraffic(row) ? null : '') : write(row[name])),
    value: (row) => row[name],
    style: (row) => (row[name] === null || row[name] === 0 ? 'dim' : 'plain'),
  };
}

const hasTraffic = ({ socket, group }: ViewRow): boolean => (group === null ? transfers(socket!) : group.hasTraffic);

const amounts: readonly ViewColumn[] = [
  amount('send', { title: 'Send/s', name: 'sent per second', priority: 4, least: 6 }, bytesText),
  amount('receive', { title: 'Recv/s', name: 'received per second', priority: 5, least: 6 }, bytesText),
  amount('sent', { title: 'Sent', name: 'sent in total', priority: 11, least: 6 }, bytesText),
  amount('received', { title: 'Received', name: 'received in total', priority: 12, least: 8 }, bytesText),
  amount('roundTrip', { title: 'RTT ms', name: 'round-trip time', priority: 9, least: 6 }, millisecondsText),
  amount('retransmits', { title: 'Retr', name: 'retransmitted segments', priority: 14, least: 5 }, String),
];

export const addressPort = (address: string, port: number | null): string =>
  `${bracketed(unmapped(address))}:${port ?? '*'}`;

const stateStyles: Readonly<Record<string, Style>> = { Listen: 'good', Established: 'quiet', Bound: 'doubtful' };

const socketColumns: readonly ViewColumn[] = [
  {
    id: 'port',
    title: 'Port',
    name: 'port',
    priority: 0,
    least: 5,
    most: 5,
    right: true,
    text: ({ socket }) => String(socket!.localPort),
    value: ({ socket }) => socket!.localPort,
    style: () => 'bold',
  },
  words({
    id: 'protocol',
    title: 'Prot',
    name: 'protocol',
    priority: 6,
    least: 4,
    most: 4,
    text: ({ socket }) => socket!.protocol,
  }),
  words({
    id: 'state',
    title: 'State',
    name: 'state',
    priority: 2,
    least: 11,
    most: 11,
    text: ({ socket }) => socket!.state ?? '',
    style: ({ socket }) => stateStyles[socket!.state ?? ''] ?? 'plain',
  }),
  words({
    id: 'local',
    title: 'Local',
    name: 'local address',
    priority: 7,
    least: 9,
    most: 39,
    text: ({ socket }) => unmapped(socket!.localAddress),
  }),
  words({
    id: 'remote',
    title: 'Remote',
    name: 'remote address',
    priority: 3,
    least: 15,
    most: 47,
    keeps: 'end',
    text: ({ socket }) =>
      socket!.remoteAddress === null ? '' : addressPort(socket!.remoteAddress, socket!.remotePort),
  }),
  words({
    id: 'executable',
    title: 'Executable',
    name: 'executable',
    priority: 8,
    least: 10,
    most: 24,
    text: ({ owner }) => owner!.imageName ?? '',
  }),
  {
    id: 'pid',
    title: 'PID',
    name: 'process ID',
    priority: 10,
    least: 7,
    most: 7,
    right: true,
    text: ({ owner }) => (owner!.pid === null ? '' : String(owner!.pid)),
    value: ({ owner }) => owner!.pid,
  },
  words({
    id: 'application',
    title: 'Application',
    name: 'application',
    priority: 13,
    least: 11,
    most: 28,
    text: ({ owner }) => owner!.application ?? '',
  }),
  words({
    id: 'owner',
    title: 'Owner',
    name: 'owner',
    priority: 1,
    least: 24,
    most: 90,
    keeps: 'process',
    text: ({ owner }) => owner!.owner,
    style: () => 'bold',
  }),
  ...amounts,
];

const groupTitles: Readonly<Record<ViewGrouping, string>> = {
  none: '',
  process: 'Process',
  port: 'Port',
  remote: 'Remote',
};

function groupColumns(grouping: ViewGrouping): readonly ViewColumn[] {
  const title = groupTitles[grouping];
  const count = (name: 'sockets' | 'listening', title: string, priority: number): ViewColumn => ({
    id: name,
    title,
    name: name === 'sockets' ? 'number of sockets' : 'number of listening sockets',
    priority,
    least: title.length,
    most: 9,
    right: true,
    descends: true,
    text: ({ group }) => String(group![name]),
    value: ({ group }) => group![name],
  });
  return [
    {
      ...words({
        id: 'group',
        title,
        name: title.toLowerCase(),
        priority: 0,
        least: 28,
        most: 90,
        ...(grouping === 'process' ? { keeps: 'process' } : {}),
        text: ({ group }) => group!.label,
        style: () => 'bold',
      }),
      ...(grouping === 'port' ? { value: ({ group }: ViewRow) => Number.parseInt(group!.label, 10) } : {}),
    },
    count('sockets', 'Sockets', 1),
    count('listening', 'Listening', 13),
    ...(grouping === 'port'
      ? []
      : [
          words({
            id: 'ports',
            title: 'Ports',
            name: 'ports that it listens on',
            priority: 6,
            least: 8,
            most: 40,
            text: ({ group }) => group!.ports.join(', '),
          }),
        ]),
    ...amounts,
  ];
}

const columnsBy: Readonly<Record<ViewGrouping, readonly ViewColumn[]>> = {
  none: socketColumns,
  process: groupColumns('process'),
  port: groupColumns('port'),
  remote: groupColumns('remote'),
};

/** Not a column of its own: what is sent and received together. */
const traffic: ViewColumn = {
  id: 'traffic',
  title: '',
  name: 'traffic',
  priority: 0,
  least: 0,
  most: 0,
  descends: true,
  text: () => '',
  value: ({ send, receive }) => (send === null && receive === null ? null : (send ?? 0) + (receive ?? 0)),
};

/** Whether the rows are ordered by statistics. */
export const isAmount = (id: string): boolean => id === traffic.id || amounts.some((column) => column.id === id);

export const columnsOf = (grouping: ViewGrouping): readonly ViewColumn[] => columnsBy[grouping];

/** The column that rows are ordered by; without such a column in this grouping, the first. */
export function columnOf(id: string, grouping: ViewGrouping): ViewColumn {
  if (id === traffic.id) return traffic;
  return columnsBy[grouping].find((column) => column.id === id) ?? columnsBy[grouping][0]!;
}

/** The order by a column, in the direction that a person expects first. */
export const sortBy = (id: string, grouping: ViewGrouping): SortBy => ({
  column: id,
  descending: columnOf(id, grouping).descends === true,
});

/** A column with its width on this screen. */
export interface PlacedColumn {
  readonly column: ViewColumn;
  readonly width: number;
  /** The blanks before it. */
  readonly before: number;
}

/** The widest text that was seen in each column, so that columns do not jump. */
export type Seen = Readonly<Record<string, number>>;

/** Chooses the columns that fit, and their widths; the order column is always among them. */
export function placed(
  columns: readonly ViewColumn[],
  seen: Seen,
  { room, sort }: { readonly room: number; readonly sort: string },
): readonly PlacedColumn[] {
  const rank = ({ id, priority }: ViewColumn): number => (id === sort ? 0.5 : priority);
  // A column without any text is left out, unless the rows are ordered by it.
  let left = columns.filter((column) => (seen[column.id] ?? 0) > 0 || column.id === sort || column.priority === 0);
  const total = (widths: readonly number[]): number => widths.reduce((sum, width) => sum + width + 1, -1);
  while (left.length > 1 && total(left.map(({ least }) => least)) > room) {
    const last = left.reduce((worst, column) => (rank(column) > rank(worst) ? column : worst));
    left = left.filter((column) => column !== last);
  }
  const widths = new Map(left.map((column) => [column, Math.min(column.least, room)]));
  let spare = room - total([...widths.values()]);
  for (const column of left.toSorted((a, b) => rank(a) - rank(b))) {
    const wanted = Math.min(column.most, Math.max(column.least, seen[column.id] ?? 0));
    const more = Math.max(0, Math.min(spare, wanted - widths.get(column)!));
    widths.set(column, widths.get(column)! + more);
    spare -= more;
  }
  const between = spare >= left.length - 1 ? 2 : 1;
  return left.map((column, i) => ({ column, width: widths.get(column)!, before: i === 0 ? 0 : between }));
}
