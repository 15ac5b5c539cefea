// Lays the view out: what it shows, as lines that fill the screen exactly. Only rows on the screen are laid out.
import { columnOf, columnsOf, placed, type PlacedColumn, type Seen, type ViewColumn } from './columns.ts';
import { keyHelp } from './keys.ts';
import { isListener, type ViewGrouping, type ViewRow } from './model.ts';
import type { ViewScene } from './scene.ts';
import type { ViewState } from './state.ts';
import {
  barsOf,
  bytesText,
  cells,
  fitTo,
  screenLine,
  piece,
  safeText,
  type Ability,
  type Piece,
  type Style,
} from './text.ts';

/** The screen. */
export interface Size extends Ability {
  readonly columns: number;
  readonly rows: number;
}

/** Everything that a frame shows. */
export interface Shown {
  readonly state: ViewState;
  /** Null until the first look. */
  readonly scene: ViewScene | null;
  readonly rows: readonly ViewRow[];
  readonly seen: Seen;
  /** The details of the row; null while they are gathered. */
  readonly details: readonly string[] | null;
  /** The requested ports, and the interval, for the first line. */
  readonly title: string;
}

export interface ViewFrame {
  readonly lines: readonly string[];
  readonly seen: Seen;
}

/** How many lines above the list there is room for: a title, the traffic, and the headings. */
const linesAbove = (rows: number): number => (rows >= 8 ? 3 : rows >= 4 ? 2 : rows >= 3 ? 1 : 0);
const linesBelow = (rows: number): number => (rows >= 2 ? 1 : 0);

/** How many rows of the list fit on a screen. */
export const pageOf = (rows: number): number => Math.max(1, rows - linesAbove(rows) - linesBelow(rows));

/** How many lines of details or help fit. */
export const textPageOf = (rows: number): number => Math.max(1, rows - 2);

/** Cells for the selection and the mark. */
const margin = 2;

const arrows = { unicode: ['\u2191', '\u2193'], ascii: ['^', 'v'] } as const;
const arrowsOf = ({ unicode }: Ability): readonly [string, string] => (unicode ? arrows.unicode : arrows.ascii);

/** Puts texts at the left and the right edge of a line. */
function edges(left: readonly Piece[], right: string, size: Size): string {
  const room = size.columns - cells(right);
  const used = left.reduce((sum, { text }) => sum + cells(text), 0);
  if (used + 1 > room) return screenLine(left, size.columns, size);
  return screenLine([...left, piece(' '.repeat(room - used)), piece(right, 'dim')], size.columns, size);
}

/** Formats the local time of day. */
function clockText(time: string): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function titleLine({ state, scene, title }: Shown, size: Size): string {
  const { kind, filter, scope, grouping, sorts } = state;
  const sort = sorts[grouping];
  const [up, down] = arrowsOf(size);
  const what = { all: 'All sockets', listeners: 'Listeners', connections: 'Open connections' }[kind];
  const by = grouping === 'none' ? '' : ` by ${grouping === 'remote' ? 'remote address' : grouping}`;
  const parts: Piece[] = [
    piece(`${what}${by}`, 'bold'),
    piece(`, sorted by ${columnOf(sort.column, grouping).name} ${sort.descending ? down : up}`),
  ];
  if (scope !== null) parts.push(piece(', only ', 'plain'), piece(safeText(scope.label, size), 'bold'));
  if (filter !== '' && state.mode.name !== 'filter')
    parts.push(piece(', filter '), piece(safeText(filter, size), 'bold'));
  if (state.isPaused) parts.push(piece('  '), piece(' PAUSED ', 'selected'));
  const clock = scene === null ? '' : clockText(scene.look.time);
  return edges(parts, `${title === '' ? '' : `${safeText(title, size)}  `}${clock}`, size);
}

function trafficLine({ scene }: Shown, size: Size): string {
  if (scene === null) return screenLine([piece('Reading the sockets ...')], size.columns, size);
  let listening = 0;
  let udp = 0;
  for (const socket of scene.look.sockets.values()) {
    if (socket.protocol === 'UDP') udp++;
    else if (isListener(socket)) listening++;
  }
  const connections = scene.look.sockets.size - listening - udp;
  const unknown = unknownText(size);
  const rate = (value: number | null): string => (value === null ? unknown : `${bytesText(value)}/s`);
  const { opened, closed } = scene.changes;
  const parts: Piece[] = [
    piece(`${listening} listening, ${connections} connections, ${udp} UDP`),
    ...(opened > 0 ? [piece(`  +${opened}`, 'good')] : []),
    ...(closed > 0 ? [piece(`  -${closed}`, 'bad')] : []),
    piece('  sent '),
    piece(rate(scene.traffic.send), 'bold'),
    piece(', received '),
    piece(rate(scene.traffic.receive), 'bold'),
  ];
  const used = parts.reduce((sum, { text }) => sum + cells(text), 0);
  const bars = barsOf(scene.history, Math.min(60, size.columns - used - 2), size);
  const before = size.columns - used - cells(bars);
  return screenLine([...parts, piece(' '.repeat(Math.max(0, before))), piece(bars, 'quiet')], size.columns, size);
}

const unknownText = ({ unicode }: Ability): string => (unicode ? '\u2013' : '-');

/** The headings; an arrow is behind that of the order, or before it if the title fills its column. */
function headingLine(columns: readonly PlacedColumn[], { sorts, grouping }: ViewState, size: Size): string {
  const sort = sorts[grouping];
  const arrow = arrowsOf(size)[sort.descending ? 1 : 0];
  const ordering = sort.column === 'traffic' ? ['send', 'receive'] : [sort.column];
  const parts: Piece[] = [piece(' '.repeat(margin))];
  for (const { column, width, before } of columns) {
    const isOrder = ordering.includes(column.id);
    const isBehind = isOrder && cells(column.title) < width;
    const title = fitTo(isBehind ? `${column.title}${arrow}` : column.title, Math.max(width, 0), size).trimEnd();
    const blanks = ' '.repeat(width - cells(title));
    const isBefore = isOrder && !isBehind && before > 0;
    parts.push(piece(isBefore ? `${' '.repeat(before - 1)}${arrow}` : ' '.repeat(before)));
    parts.push(
      ...(column.right === true ? [piece(blanks), piece(title, 'heading')] : [piece(title, 'heading'), piece(blanks)]),
    );
  }
  return screenLine([...parts, piece('')], size.columns, size);
}

const marks: Readonly<Record<NonNullable<ViewRow['mark']>, readonly [sign: string, style: Style]>> = {
  opened: ['+', 'good'],
  closed: ['-', 'bad'],
  fading: ['-', 'dim'],
};

/** The safe text of a row in a column. */
function cellText(row: ViewRow, column: ViewColumn, ability: Ability): string {
  const text = column.text(row);
  return text === null ? unknownText(ability) : safeText(text, ability);
}

function rowLine(row: ViewRow, columns: readonly PlacedColumn[], isSelected: boolean, size: Size): string {
  const [sign, changed] = row.mark === null ? [' ', null] : marks[row.mark];
  // What is left of a closed connection has no owner, and no traffic.
  const isOver = row.socket?.state === 'TimeWait';
  const whole: Style | null = isSelected ? 'selected' : (changed ?? (isOver ? 'dim' : null));
  const parts: Piece[] = [piece(`${isSelected ? '>' : ' '}${sign}`, whole ?? 'plain')];
  for (const { column, width, before } of columns) {
    const { keeps, right } = column;
    const text = fitTo(cellText(row, column, size), width, { keeps, right: right === true, unicode: size.unicode });
    parts.push(piece(' '.repeat(before), whole ?? 'plain'), piece(text, whole ?? column.style?.(row) ?? 'plain'));
  }
  return screenLine([...parts, piece('', whole === 'selected' ? 'selected' : 'plain')], size.columns, size);
}

/** The keys at the bottom, the most useful first: as many as there is room for. */
const hints: readonly (readonly [key: string, what: string])[] = [
  ['?', 'keys'],
  ['q', 'quit'],
  ['Enter', 'details'],
  ['/', 'filter'],
  ['Tab', 'group'],
  ['<>', 'sort'],
  ['x', 'stop'],
  ['f', 'follow'],
  ['Space', 'pause'],
  ['a', 'listeners'],
  ['Esc', 'back'],
  ['w', 'write'],
  ['c', 'copy'],
];

const textHints: typeof hints = [
  ['Esc', 'back'],
  ['Up Down', 'scroll'],
];

function hintLine(items: readonly (readonly [string, string])[], size: Size): string {
  const parts: Piece[] = [];
  let used = 0;
  for (const [key, what] of items) {
    const width = key.length + 1 + what.length + (used === 0 ? 0 : 2);
    if (used + width > size.columns) break;
    if (used > 0) parts.push(piece('  '));
    parts.push(piece(key, 'bold'), piece(` ${what}`));
    used += width;
  }
  return screenLine([...parts, piece('')], size.columns, size);
}

/** A line that is being typed: its end stays visible. */
function promptLine(question: string, text: string, size: Size): string {
  const label = `${question} `;
  const room = Math.max(0, size.columns - label.length - 1);
  const safe = safeText(text, size);
  const tail = cells(safe) <= room ? safe : fitTo(safe, room, { keeps: 'end', unicode: size.unicode });
  return screenLine([piece(label, 'bold'), piece(tail), piece(' ', 'selected'), piece('')], size.columns, size);
}

const messageLine = (message: string, size: Size): string =>
  screenLine([piece(safeText(message, size), 'bold'), piece('')], size.columns, size);

function bottomLine({ state, rows }: Shown, size: Size): string {
  const { mode, message } = state;
  if (message !== null) return messageLine(message, size);
  if (mode.name === 'filter') return promptLine('Filter:', state.filter, size);
  if (mode.name === 'file')
    return promptLine(
      `Write ${rows.length} ${rows.length === 1 ? 'row' : 'rows'} to (.csv, .json, .md ...):`,
      mode.text,
      size,
    );
  if (mode.name === 'replace')
    return screenLine(
      [piece(`${safeText(mode.text, size)} exists. Replace it? [y/N]`, 'bold'), piece('')],
      size.columns,
      size,
    );
  return hintLine(hints, size);
}

/** The widest texts of the rows on the screen, and those of before. */
function measured(rows: readonly ViewRow[], columns: readonly ViewColumn[], before: Seen, size: Size): Seen {
  let seen: Record<string, number> | null = null;
  for (const column of columns) {
    let most = before[column.id] ?? 0;
    for (const row of rows) most = Math.max(most, Math.min(column.most, cells(cellText(row, column, size))));
    if (most > (before[column.id] ?? 0)) (seen ??= { ...before })[column.id] = most;
  }
  return seen ?? before;
}

/** Says why there are no rows. */
function emptyText({ state, scene }: Shown): string {
  if (scene === null) return '';
  if (state.filter !== '' || state.scope !== null || state.kind !== 'all')
    return 'No socket matches. Press Esc to show all sockets.';
  return 'There are no sockets.';
}

function listFrame(shownNow: Shown, size: Size): ViewFrame {
  const { state, rows } = shownNow;
  const [above, below] = [linesAbove(size.rows), linesBelow(size.rows)];
  const page = pageOf(size.rows);
  const onScreen = rows.slice(state.top, state.top + page);
  const all = columnsOf(state.grouping);
  const seen = measured(onScreen, all, shownNow.seen, size);
  const sort = state.sorts[state.grouping].column;
  const columns = placed(all, seen, { room: Math.max(1, size.columns - margin), sort });
  const head = [
    ...(above >= 2 ? [titleLine(shownNow, size)] : []),
    ...(above >= 3 ? [trafficLine(shownNow, size)] : []),
    ...(above >= 1 ? [headingLine(columns, state, size)] : []),
  ];
  const body = onScreen.map((row, i) => rowLine(row, columns, state.top + i === state.index, size));
  if (rows.length === 0) body.push(screenLine([piece(`  ${emptyText(shownNow)}`)], size.columns, size));
  while (body.length < page) body.push(' '.repeat(size.columns));
  const lines = [...head, ...body, ...(below === 1 ? [bottomLine(shownNow, size)] : [])];
  return { lines: lines.slice(0, size.rows), seen };
}

/** The lines of the help. */
export function helpLines(): readonly string[] {
  const width = Math.max(...keyHelp.map(([keys]) => keys.length));
  return [
    ...keyHelp.map(([keys, what]) => `${keys.padEnd(width)}  ${what}`),
    '',
    '+ opened since the last look   - closed (stays for two more looks)',
    'A dash in a column of numbers: unknown; the details give the reason.',
  ];
}

interface TextPage {
  readonly title: string;
  readonly lines: readonly string[];
  readonly top: number;
  /** The last line. */
  readonly bottom: string;
}

/** A page of text with a title, that can be scrolled. */
function textFrame({ title, lines, top: wanted, bottom }: TextPage, size: Size): readonly string[] {
  const page = textPageOf(size.rows);
  // The screen may have grown since.
  const top = Math.min(wanted, Math.max(0, lines.length - page));
  const body = lines.slice(top, top + page).map((line) => screenLine(pieced(safeText(line, size)), size.columns, size));
  while (body.length < page) body.push(' '.repeat(size.columns));
  const more = lines.length > page ? `${Math.min(lines.length, top + page)} of ${lines.length} lines` : '';
  const head = edges([piece(safeText(title, size), 'bold')], more, size);
  return [head, ...body, bottom].slice(0, size.rows);
}

/** A label of details, or the keys of the help, stand out. */
function pieced(line: string): readonly Piece[] {
  const [, label, value] = /^(\w+ *: )(.*)$/.exec(line) ?? [];
  if (label !== undefined) return [piece(label, 'good'), piece(value!)];
  const end = line.indexOf('  ');
  if (end > 0) return [piece(line.slice(0, end), 'bold'), piece(line.slice(end))];
  return [piece(line, /^[A-Z].*:$/.test(line) ? 'bold' : 'plain')];
}

/** The frame for what is shown now: exactly as many lines as the screen has, of exactly its width. */
export function viewFrame(now: Shown, size: Size): ViewFrame {
  const { mode, message } = now.state;
  if (mode.name === 'help') {
    const lines = textFrame(
      { title: 'Keys', lines: helpLines(), top: mode.top, bottom: hintLine(textHints, size) },
      size,
    );
    return { lines, seen: now.seen };
  }
  if (mode.name !== 'details') return listFrame(now, size);
  const { row } = mode;
  const title =
    row.socket === null ? '' : `${row.socket.protocol} port ${row.socket.localPort}: ${row.socket.owner.owner}`;
  const lines = textFrame(
    {
      title,
      lines: now.details ?? ['Reading the details ...'],
      top: mode.top,
      bottom:
        message === null ? hintLine([...textHints, ['x', 'stop'], ['c', 'copy']], size) : messageLine(message, size),
    },
    size,
  );
  return { lines, seen: now.seen };
}

/** What the widths of the columns depend on: if it changes, they are chosen again. */
export const widthsFor = (grouping: ViewGrouping, columns: number): string => `${grouping} ${columns}`;
