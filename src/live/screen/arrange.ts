// Selects, groups, and orders the rows of the view.
import type { LiveSocket, Rates } from '../look.ts';
import { columnOf } from './columns.ts';
import { groupOf, listeningPorts } from './groups.ts';
import {
  isListener,
  transfers,
  type ViewGrouping,
  type SocketKind,
  type GroupScope,
  type Selection,
  type SortBy,
  type ViewRow,
} from './model.ts';
import { largestOf, sumOf } from '../sums.ts';
import type { ViewScene } from './scene.ts';

const isKind: Readonly<Record<SocketKind, (socket: LiveSocket) => boolean>> = {
  all: () => true,
  listeners: isListener,
  connections: (socket) => !isListener(socket) && socket.state !== 'TimeWait',
};

const haystacks = new WeakMap<LiveSocket, string>();

/** Everything of a socket that a filter finds, in lower case. */
function haystack(socket: LiveSocket): string {
  const known = haystacks.get(socket);
  if (known !== undefined) return known;
  const { protocol, localAddress, localPort, remoteAddress, remotePort, state, owner } = socket;
  const remote = remoteAddress === null ? '' : `${remoteAddress}:${remotePort}`;
  const texts = [
    protocol,
    `${localAddress}:${localPort}`,
    remote,
    state,
    owner.pid,
    owner.imageName,
    owner.application,
    owner.owner,
  ];
  const text = texts
    .filter((one) => one !== null)
    .join(' ')
    .toLowerCase();
  haystacks.set(socket, text);
  return text;
}

function rowOf(socket: LiveSocket, rates: Rates | undefined, mark: ViewRow['mark']): ViewRow {
  const { counters } = socket;
  return {
    id: socket.key,
    mark,
    socket,
    group: null,
    owner: socket.owner,
    send: rates?.send ?? null,
    receive: rates?.receive ?? null,
    sent: counters.sent,
    received: counters.received,
    roundTrip: counters.roundTrip,
    retransmits: counters.retransmits,
  };
}

/** A row for the sockets of a group. */
function groupRow(
  { id, label }: { id: string; label: string },
  rows: readonly ViewRow[],
  by: GroupScope['by'],
): ViewRow {
  const of = (name: 'send' | 'receive' | 'sent' | 'received' | 'retransmits'): number | null =>
    sumOf(rows.map((row) => row[name]));
  const listening = rows.filter(({ socket }) => isListener(socket!));
  return {
    id,
    mark: rows.every(({ mark }) => mark === rows[0]!.mark) ? rows[0]!.mark : null,
    socket: null,
    group: {
      label,
      sockets: rows.length,
      listening: listening.length,
      hasTraffic: rows.some(({ socket }) => transfers(socket!)),
      ports: [...new Set(listening.map(({ socket }) => socket!.localPort))].sort((a, b) => a - b),
    },
    owner: by === 'process' ? { ...rows[0]!.owner!, owner: label } : null,
    send: of('send'),
    receive: of('receive'),
    sent: of('sent'),
    received: of('received'),
    roundTrip: largestOf(rows.map(({ roundTrip }) => roundTrip)),
    retransmits: of('retransmits'),
  };
}

/** Orders rows by a column; unknown values are last in both directions, and equal ones keep a fixed order. */
function sorted(rows: ViewRow[], { column, descending }: SortBy, grouping: ViewGrouping): ViewRow[] {
  const { value } = columnOf(column, grouping);
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key !== b.key) {
      if (a.key === null) return 1;
      if (b.key === null) return -1;
      return a.key < b.key ? -sign : sign;
    }
    return tie(a.row, b.row);
  });
  return keyed.map(({ row }) => row);
}

/** Listeners, then open connections, then the rest of closed ones. */
const rankOf = (socket: LiveSocket): number => (isListener(socket) ? 0 : socket.state === 'TimeWait' ? 2 : 1);

/** Listeners before their connections, which are ordered by their remote ends. */
function tie(a: ViewRow, b: ViewRow): number {
  const [one, other] = [a.socket, b.socket];
  if (one === null || other === null) return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  if (one.localPort !== other.localPort) return one.localPort - other.localPort;
  const byState = rankOf(one) - rankOf(other);
  if (byState !== 0) return byState;
  if (one.remoteAddress !== other.remoteAddress)
    return (one.remoteAddress ?? '') < (other.remoteAddress ?? '') ? -1 : 1;
  if (one.remotePort !== other.remotePort) return (one.remotePort ?? 0) - (other.remotePort ?? 0);
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** The rows that a person chose to see, in their order. */
export function arrange(scene: ViewScene, { kind, filter, scope, grouping, sort }: Selection): readonly ViewRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const listening = grouping === 'port' || scope?.by === 'port' ? listeningPorts(scene) : new Set<string>();
  const isShown = (socket: LiveSocket): boolean =>
    isKind[kind](socket) &&
    (scope === null || groupOf(socket, scope.by, listening).id === scope.id) &&
    words.every((word) => haystack(socket).includes(word));
  const rows: ViewRow[] = [];
  for (const socket of scene.look.sockets.values())
    if (isShown(socket))
      rows.push(rowOf(socket, scene.rates.get(socket.key), scene.opened.has(socket.key) ? 'opened' : null));
  for (const { socket, age } of scene.gone.values())
    if (isShown(socket) && !scene.look.sockets.has(socket.key))
      rows.push(rowOf(socket, undefined, age === 0 ? 'closed' : 'fading'));
  if (grouping === 'none') return sorted(rows, sort, grouping);
  const groups = new Map<string, { group: { id: string; label: string }; rows: ViewRow[] }>();
  for (const row of rows) {
    const group = groupOf(row.socket!, grouping, listening);
    const known = groups.get(group.id);
    if (known === undefined) groups.set(group.id, { group, rows: [row] });
    else known.rows.push(row);
  }
  const grouped = [...groups.values()].map((one) => groupRow(one.group, one.rows, grouping));
  return sorted(grouped, sort, grouping);
}
