// Lays the view out: what it shows, as lines that fill the screen exactly. Only rows on the screen are laid out.
import { sanitize } from '../../io/sanitize.ts';
import { columnsOf, placed, type PlacedColumn, type Seen, type ViewColumn } from './columns.ts';
import { wrapLine } from './details.ts';
import { arrowsOf, edges, titleLine, trafficLine, unknownText } from './head.ts';
import { keyHelp } from './keys.ts';
import type { ViewGrouping, ViewRow } from './model.ts';
import type { Shown, Size } from './shown.ts';
import type { ViewState } from './state.ts';
import { cells, fitTo, screenLine, piece, safeText, type Ability, type Piece, type Style } from './text.ts';

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

/** A line that is being typed: its end stays visible. The question is the longest that leaves room for it. */
function promptLine(questions: readonly string[], text: string, size: Size): string {
  const question = questions.find((one) => one.length + leastTyped <= size.columns) ?? questions.at(-1)!;
  const label = `${question} `;
  const room = Math.max(0, size.columns - label.length - 1);
  const safe = safeText(text, size);
  const tail = cells(safe) <= room ? safe : fitTo(safe, room, { keeps: 'end', unicode: size.unicode });
  return screenLine([piece(label, 'bold'), piece(tail), piece(' ', 'selected'), piece('')], size.columns, size);
}

/** The least room for what is being typed. */
const leastTyped = 20;

/** A message, which takes as many lines as it needs, but not most of the screen. */
function messageLines(message: string, size: Size): readonly string[] {
  const most = Math.max(1, Math.floor(size.rows / 3));
  return wrapLine(sanitize(message), size.columns)
    .slice(0, most)
    .map((line) => screenLine([piece(safeText(line, size), 'bold'), piece('')], size.columns, size));
}

/** Asks whether to replace a file. The question stays visible, and the end of the name. */
function replaceLine(file: string, size: Size): string {
  const question = ' exists. Replace it? [y/N]';
  const room = Math.max(0, size.columns - question.length);
  const safe = safeText(file, size);
  const name = cells(safe) <= room ? safe : fitTo(safe, room, { keeps: 'end', unicode: size.unicode });
  return screenLine([piece(`${name}${question}`, 'bold'), piece('')], size.columns, size);
}

/** The last lines: usually one, and more for a long message. */
function bottomLines({ state, rows, note }: Shown, size: Size): readonly string[] {
  const { mode, message } = state;
  if (message !== null) return messageLines(message, size);
  if (mode.name === 'filter') return [promptLine(['Filter:'], state.filter, size)];
  if (mode.name === 'file') {
    const count = `Write ${rows.length} ${rows.length === 1 ? 'row' : 'rows'} to`;
    return [promptLine([`${count} (.csv, .json, .md ...):`, `${count}:`, 'File:'], mode.text, size)];
  }
  if (mode.name === 'replace') return [replaceLine(mode.text, size)];
  return note === null ? [hintLine(hints, size)] : messageLines(note, size);
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
  const lines = [...head, ...body].slice(0, size.rows - below);
  return { lines: below === 1 ? covered(lines, bottomLines(shownNow, size)) : lines, seen };
}

/** Lines with others below them. If these are several, they cover the last ones. */
const covered = (lines: readonly string[], bottom: readonly string[]): readonly string[] => [
  ...lines.slice(0, lines.length + 1 - bottom.length),
  ...bottom,
];

/** The lines of the help, and of what cannot be seen. */
export function helpLines(gaps: readonly string[], columns: number): readonly string[] {
  const width = Math.max(...keyHelp.map(([keys]) => keys.length));
  return [
    ...keyHelp.flatMap(([keys, what]) => wrapLine(`${keys.padEnd(width)}  ${what}`, columns, width + 2)),
    '',
    ...[
      '+ opened since the last look   - closed (stays for two more looks)',
      'A dash in a column of numbers: unknown; the details give the reason.',
      ...(gaps.length === 0 ? [] : ['', 'What cannot be seen:', ...gaps.map(sanitize)]),
    ].flatMap((line) => wrapLine(line, columns, 0)),
  ];
}

interface TextPage {
  readonly title: string;
  readonly lines: readonly string[];
  readonly top: number;
  /** The last lines. */
  readonly bottom: readonly string[];
}

/** A page of text with a title, that can be scrolled. */
function textFrame({ title, lines, top: wanted, bottom }: TextPage, size: Size): readonly string[] {
  const page = textPageOf(size.rows);
  // The screen may have grown since.
  const top = Math.min(wanted, Math.max(0, lines.length - page));
  const body = lines.slice(top, top + page).map((line) => screenLine(pieced(safeText(line, size)), size.columns, size));
  while (body.length < page) body.push(' '.repeat(size.columns));
  const more = lines.length > page ? `${Math.min(lines.length, top + page)} of ${lines.length} lines` : '';
  const room = Math.max(0, size.columns - (more === '' ? 0 : cells(more) + 1));
  const safe = safeText(title, size);
  const name = cells(safe) <= room ? safe : fitTo(safe, room, { keeps: 'process', unicode: size.unicode }).trimEnd();
  const head = edges([piece(name, 'bold')], more, size);
  return size.rows === 1 ? [head] : covered([head, ...body].slice(0, size.rows - 1), bottom);
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
      { title: 'Keys', lines: helpLines(now.gaps, size.columns), top: mode.top, bottom: [hintLine(textHints, size)] },
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
        message === null ? [hintLine([...textHints, ['x', 'stop'], ['c', 'copy']], size)] : messageLines(message, size),
    },
    size,
  );
  return { lines, seen: now.seen };
}

/** What the widths of the columns depend on: if it changes, they are chosen again. */
export const widthsFor = (grouping: ViewGrouping, columns: number): string => `${grouping} ${columns}`;
