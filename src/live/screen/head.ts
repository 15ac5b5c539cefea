// The first two lines of the list: what is selected, and the traffic.
import { counted } from '../../io/counted.ts';
import { columnOf } from './columns.ts';
import { isListener } from './model.ts';
import type { ViewScene } from './scene.ts';
import type { Shown, Size } from './shown.ts';
import { barsOf, bytesText, cells, fitTo, piece, safeText, screenLine, type Ability, type Piece } from './text.ts';

const arrows = { unicode: ['\u2191', '\u2193'], ascii: ['^', 'v'] } as const;
export const arrowsOf = ({ unicode }: Ability): readonly [string, string] => (unicode ? arrows.unicode : arrows.ascii);

export const unknownText = ({ unicode }: Ability): string => (unicode ? '\u2013' : '-');

const widthOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { text }) => sum + cells(text), 0);

/** Puts texts at the left and the right edge of a line; the right one is left out if there is no room for both. */
export function edges(left: readonly Piece[], right: string, size: Size): string {
  const room = size.columns - cells(right);
  const used = widthOf(left);
  if (used + 1 > room) return screenLine(left, size.columns, size);
  return screenLine([...left, piece(' '.repeat(room - used)), piece(right, 'dim')], size.columns, size);
}

/** Formats the local time of day. */
function clockText(time: string): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A name within a line: with its process, even if it is cut. */
const nameText = (text: string, room: number, size: Size): string => {
  const safe = safeText(text, size);
  return cells(safe) <= room ? safe : fitTo(safe, room, { keeps: 'process', unicode: size.unicode }).trimEnd();
};

const paused = piece(' PAUSED ', 'selected');

/** What is selected, in how much room there is for the names in it. */
function titleParts({ state }: Shown, size: Size, { order, room }: { order: boolean; room: number }): Piece[] {
  const { kind, filter, scope, grouping, sorts } = state;
  const sort = sorts[grouping];
  const [up, down] = arrowsOf(size);
  const what = { all: 'All sockets', listeners: 'Listeners', connections: 'Open connections' }[kind];
  const by = grouping === 'none' ? '' : ` by ${grouping === 'remote' ? 'remote address' : grouping}`;
  const parts: Piece[] = [piece(`${what}${by}`, 'bold')];
  if (order) parts.push(piece(`, sorted by ${columnOf(sort.column, grouping).name} ${sort.descending ? down : up}`));
  if (scope !== null) parts.push(piece(', only '), piece(nameText(scope.label, room, size), 'bold'));
  if (filter !== '' && state.mode.name !== 'filter')
    parts.push(piece(', filter '), piece(nameText(filter, room, size), 'bold'));
  if (state.isPaused) parts.push(piece('  '), paused);
  return parts;
}

/** What is selected. On a narrow screen, the order is left out, which the headings show, and names are shortened. */
export function titleLine(shown: Shown, size: Size): string {
  const { scene, title } = shown;
  const clock = scene === null ? '' : clockText(scene.look.time);
  let parts = titleParts(shown, size, { order: true, room: Infinity });
  if (widthOf(parts) > size.columns) parts = titleParts(shown, size, { order: false, room: Infinity });
  for (let room = 24; widthOf(parts) > size.columns && room >= 8; room -= 4)
    parts = titleParts(shown, size, { order: false, room });
  // The end is cut now.
  if (widthOf(parts) > size.columns && parts.at(-1) === paused) parts = [paused, piece(' '), ...parts.slice(0, -2)];
  const asked = title === '' ? '' : safeText(title, size);
  const right = asked === '' ? clock : `${asked}  ${clock}`;
  return edges(parts, widthOf(parts) + 1 + cells(right) <= size.columns ? right : clock, size);
}

interface Traffic {
  readonly listening: number;
  readonly connections: number;
  readonly udp: number;
  readonly opened: number;
  readonly closed: number;
  readonly send: string;
  readonly receive: string;
  /** Whose traffic it is, if not that of all sockets. */
  readonly whose: '' | ' (rows shown)';
}

function trafficOf({ look, traffic, changes }: ViewScene, size: Size): Traffic {
  let listening = 0;
  let udp = 0;
  for (const socket of look.sockets.values()) {
    if (socket.protocol === 'UDP') udp++;
    else if (isListener(socket)) listening++;
  }
  const rate = (value: number | null): string => (value === null ? unknownText(size) : `${bytesText(value)}/s`);
  const [send, receive] = [rate(traffic.send), rate(traffic.receive)];
  const connections = look.sockets.size - listening - udp;
  const whose = traffic.isPartial ? ' (rows shown)' : '';
  return { listening, connections, udp, ...changes, send, receive, whose };
}

const changedParts = ({ opened, closed }: Traffic): Piece[] => [
  ...(opened > 0 ? [piece(`  +${opened}`, 'good')] : []),
  ...(closed > 0 ? [piece(`  -${closed}`, 'bad')] : []),
];

/** The line of the traffic in words that become fewer. */
const wordings: readonly ((traffic: Traffic, size: Size) => readonly Piece[])[] = [
  (now) => [
    piece(`${now.listening} listening, ${counted(now.connections, 'connection')}, ${now.udp} UDP`),
    ...changedParts(now),
    piece('  sent '),
    piece(now.send, 'bold'),
    piece(', received '),
    piece(now.receive, 'bold'),
    piece(now.whose),
  ],
  (now) => [
    piece(`${now.listening} listening, ${counted(now.connections, 'connection')}, ${now.udp} UDP`),
    ...changedParts(now),
    piece('  out '),
    piece(now.send, 'bold'),
    piece(' in '),
    piece(now.receive, 'bold'),
    piece(now.whose),
  ],
  (now) => [
    piece(`${counted(now.listening + now.connections + now.udp, 'socket')}  out `),
    piece(now.send, 'bold'),
    piece(' in '),
    piece(now.receive, 'bold'),
    piece(now.whose),
  ],
  (now, size) => [
    piece(`${counted(now.listening + now.connections + now.udp, 'socket')} ${arrowsOf(size)[0]}`),
    piece(now.send, 'bold'),
    piece(` ${arrowsOf(size)[1]}`),
    piece(now.receive, 'bold'),
    piece(now.whose),
  ],
];

/** The least room for the history, and the most. */
const [leastBars, mostBars] = [6, 60];
/** Lines are chosen as if these were in them, so that the choice does not change with every look. */
const usual = { opened: 99, closed: 99, send: '9.9 MB/s', receive: '9.9 MB/s' };

/** How many sockets there are, and the traffic with its history. */
export function trafficLine({ scene }: Shown, size: Size): string {
  if (scene === null) return screenLine([piece('Reading the sockets ...')], size.columns, size);
  const traffic = trafficOf(scene, size);
  const widest = (words: (typeof wordings)[number]): number =>
    Math.max(widthOf(words(traffic, size)), widthOf(words({ ...traffic, ...usual }, size)));
  const words =
    wordings.find((one) => widest(one) + 2 + leastBars <= size.columns) ??
    wordings.find((one) => widest(one) <= size.columns) ??
    wordings.at(-1)!;
  const parts = words(traffic, size);
  const used = widthOf(parts);
  const bars = barsOf(scene.history, Math.min(mostBars, size.columns - used - 2), size);
  const before = Math.max(0, size.columns - used - cells(bars));
  return screenLine([...parts, piece(' '.repeat(before)), piece(bars, 'quiet')], size.columns, size);
}
