import { spare, type AnyRow, type Column, type ColumnType } from '../schema/column.ts';
import type { Terminal } from '../system/terminal.ts';
import { narrow, shorten, type Cut, type Width } from '../io/cells.ts';
import { wrapped, wrappedAddress } from './cell.ts';
import type { CreateWriter } from './writer.ts';
import { sanitize } from '../io/sanitize.ts';
import type { TextSink } from '../io/sink.ts';
import { isNumeric, itemText, noProblems, plainText } from './text.ts';

const between = '  ';
/**
 * A text column shrinks to this width (an IPv4 address) at first; columns with owners, which are wrapped, to `ownerFloor`.
 * The most important columns do not shrink yet, or to `answerFloor` if no column has owners.
 */
const textFloor = 15;
/** A column with addresses first shrinks to this width (an IPv4 address in IPv6 notation). */
const addressFloor = 22;
const answerFloor = 24;
/** The minimum width of a column that is wrapped. */
const wrappedFloor = 12;
const ownerFloor = 32;
/** Longer owners are wrapped, rather than that one of them removes a spare column from all rows. */
const ownerRoom = 40;
/** On a narrower terminal, even a column with owners is left out or cut. */
const usualWidth = 40;

/** A shortened number or date would be wrong: columns of other types keep their width or are dropped. */
const shortened: ReadonlySet<ColumnType> = new Set(['text', 'texts', 'uint32s']);

/** The sequences that switch a style on and off. */
type Style = readonly [string, string];
const plainStyle: Style = ['', ''];
const heading: Style = ['\x1b[1;4m', '\x1b[22;24m'];
const bold: Style = ['\x1b[1m', '\x1b[22m'];
const color = (code: number): Style => [`\x1b[${code}m`, '\x1b[39m'];
const [bad, doubtful, good, quiet] = [color(31), color(33), color(32), color(36)];
/** The style of values that are highlighted, by column and value. */
export const styles: ReadonlyMap<string, Style> = new Map([
  ['State Listen', good],
  ['State Established', quiet],
  ['State Bound', doubtful],
  ['OwnerKind Kernel', color(35)],
  ['OwnerKind Orphan', bad],
  ['OwnerKind Unknown', doubtful],
  ...['Severity', 'WorstSeverity'].flatMap((name): [string, Style][] => [
    [`${name} Critical`, bad],
    [`${name} High`, bad],
    [`${name} Error`, bad],
    [`${name} Medium`, doubtful],
    [`${name} Warning`, doubtful],
    [`${name} Low`, quiet],
  ]),
  ['Complete false', doubtful],
  ['CanBind true', good],
  ['CanBind false', bad],
  ['IsFree true', good],
  ['Result Stopped', good],
  ['Result NotStopped', bad],
  ['Result Retaken', bad],
  ['Result Refused', doubtful],
  ['Status differs', bad],
  ['Status failed', bad],
  ['Status skipped', doubtful],
]);

function style({ name, keeps }: Column, text: string): Style | undefined {
  return keeps === 'process' ? bold : styles.get(`${name} ${text}`);
}

interface Place {
  readonly column: Column;
  readonly cells: readonly string[];
  /** The items of cells that are lists; empty if the column keeps no part of each item. */
  readonly items: readonly (readonly string[])[];
  readonly natural: number;
  /** The width that the column shrinks to at first, and the minimum width. Its header is never cut. */
  readonly comfort: number;
  readonly floor: number;
  width: number;
}

/** The width of a line whose columns have these widths. */
const lineWidth = (places: readonly Place[], widthOf: (place: Place) => number): number =>
  places.reduce((sum, place) => sum + widthOf(place), between.length * (places.length - 1));

/** The width of a line. */
const total = (places: readonly Place[]): number => lineWidth(places, ({ width }) => width);

/** The width of a line if long owners are wrapped. */
const withWrapped = (places: readonly Place[]): number => lineWidth(places, roomOf);

const importance = ({ column }: Place): number => column.importance ?? Infinity;

const isSpare = (place: Place): boolean => importance(place) >= spare;

/** Whether a column names owners, which are wrapped. */
const isOwner = ({ column }: Place): boolean => column.keeps === 'process';

/** The width of a column if long owners are wrapped. */
const roomOf = (place: Place): number =>
  isOwner(place) ? Math.min(place.natural, Math.max(place.comfort, ownerRoom)) : place.natural;

/** Whether the text of a column is wrapped instead of cut. */
const isWrapped = ({ keeps, wraps, comesFrom }: Column): boolean =>
  keeps === 'process' || wraps === true || comesFrom !== undefined;

/** Whether a column adds nothing to the other columns. */
function saysNothing({ column, cells }: Place, places: readonly Place[]): boolean {
  const { toldBy, usual } = column;
  if (usual !== undefined) return cells.every((text) => text === '' || text === usual);
  const other = places.find((place) => place.column.name === toldBy);
  return (
    other !== undefined && cells.every((text, i) => new RegExp(String.raw`(?<!\w)${text}(?!\w)`).test(other.cells[i]!))
  );
}

/**
 * Shrinks columns down to a limit, least important first, and leaves each as wide as possible. Returns false if that is
 * not enough.
 */
function shrink(places: readonly Place[], room: number, limit: 'comfort' | 'floor'): boolean {
  for (const place of places) place.width = place.natural;
  const give = (place: Place, least: number): void => {
    place.width = Math.max(least, place.width - Math.max(0, total(places) - room));
  };
  // An owner that is longer than usual makes no other column shorter.
  if (places.some(isSpare)) for (const place of places) give(place, roomOf(place));
  // Of equally important columns, the later one shrinks first.
  // Wrapped owners lose nothing, so the most important columns shrink after them.
  const rank = (place: Place): number => (isWrapped(place.column) ? 1.5 : importance(place));
  const giving = places.toReversed().sort((a, b) => rank(b) - rank(a) || 0);
  for (const place of giving) give(place, place[limit]);
  return total(places) <= room;
}

/** The least important column; of equally important columns, the later one. Owners stay, if the terminal is not tiny. */
function leastImportant(places: readonly Place[], room: number): Place {
  const others = places.filter((place) => room < usualWidth || !isOwner(place));
  return (others.length === 0 ? places : others)
    .toReversed()
    .reduce((least, place) => (importance(place) > importance(least) ? place : least));
}

/** Whether a column is important or has values. */
const tells = (place: Place): boolean => importance(place) < 2 || place.cells.some((text) => text !== '');

/**
 * Adds the spare columns that have values, most important first, as long as there is room: none that would shorten a more
 * important column, or wrap usual owners.
 */
function withSpare(needed: readonly Place[], all: readonly Place[], room: number): readonly Place[] {
  let chosen = needed;
  for (const place of all.toSorted((a, b) => importance(a) - importance(b))) {
    if (needed.includes(place) || place.cells.every((text) => text === '')) continue;
    const more = all.filter((one) => one === place || chosen.includes(one));
    if (withWrapped(chosen) + between.length + place.floor <= room) chosen = more;
  }
  return chosen;
}

/**
 * Determines the widths of the columns. Columns that add nothing are dropped first, unless they were requested; then
 * the least important ones are shortened, and dropped if that is not enough.
 */
function fit(all: readonly Place[], room: number, asked: boolean): readonly Place[] {
  const filled = asked ? all : all.filter(tells);
  const needed = filled.every(isSpare) ? filled : filled.filter((place) => !isSpare(place));
  // Drop columns that add nothing to make room for the answer and for more informative columns; redundant ones first.
  let telling = filled;
  for (const by of asked ? [] : (['toldBy', 'usual'] as const))
    if (total(by === 'usual' ? telling.filter((place) => needed.includes(place)) : telling) > room)
      telling = telling.filter((place) => place.column[by] === undefined || !saysNothing(place, filled));
  let left = withSpare(
    telling.filter((place) => needed.includes(place)),
    telling,
    room,
  );
  for (;;) {
    if (shrink(left, room, 'comfort')) return left;
    const least = leastImportant(left, room);
    // Shorten important and requested columns before dropping them.
    if ((asked || importance(least) < 4) && shrink(left, room, 'floor')) return left;
    if (left.length === 1) {
      least.width = room;
      return left;
    }
    left = left.filter((place) => place !== least);
  }
}

/** How a table is drawn. */
interface Drawing {
  /** The number of rows. */
  readonly rows: number;
  readonly width: Width;
  readonly terminal: Terminal | null;
  readonly hasHeader: boolean;
}

/** The lines of a cell. */
function linesOf(
  { column, width: room, items }: Place,
  { text, row }: { text: string; row: number },
  cut: Cut,
): string[] {
  if (cut.width(text) <= room) return [text];
  if (column.keeps === 'all') return wrappedAddress(text, room, cut);
  return isWrapped(column) ? wrapped(items[row] ?? [text], room, cut) : [shorten(text, room, cut)];
}

function render(sink: TextSink, places: readonly Place[], { rows, width, terminal, hasHeader }: Drawing): void {
  const unicode = terminal?.unicode ?? true;
  const colors = terminal?.colors ?? false;

  function line(texts: readonly string[], styles: readonly (Style | undefined)[]): void {
    let end = texts.length;
    while (end > 0 && texts[end - 1] === '') end--;
    let out = '';
    for (let i = 0; i < end; i++) {
      const place = places[i]!;
      const text = texts[i]!;
      const padding = ' '.repeat(Math.max(0, place.width - width(text)));
      const [on, off] = (colors && text !== '' && styles[i]) || plainStyle;
      const right = isNumeric(place.column);
      out += `${i === 0 ? '' : between}${right ? padding : ''}${on}${text}${off}${right || i === end - 1 ? '' : padding}`;
    }
    sink.write(`${out}\n`);
  }

  const cutOf = ({ column: { keeps } }: Place): Cut => ({ keeps, width, unicode });
  if (hasHeader)
    line(
      places.map((place) => shorten(place.column.name, place.width, cutOf(place))),
      places.map(() => heading),
    );
  if (hasHeader && !colors)
    line(
      places.map((place) => '-'.repeat(Math.min(place.width, place.column.name.length))),
      [],
    );
  for (let row = 0; row < rows; row++) {
    const cells = places.map((place) => linesOf(place, { text: place.cells[row]!, row }, cutOf(place)));
    const styles = places.map(({ column, cells: whole }) => style(column, whole[row]!));
    const height = Math.max(...cells.map((lines) => lines.length));
    for (let nth = 0; nth < height; nth++)
      line(
        cells.map((lines) => lines[nth] ?? ''),
        styles,
      );
  }
}

/** The width that a column which is not wrapped shrinks to at first. */
function comfortOf({ importance = Infinity, keeps }: Column, hasOwner: boolean): number {
  if (importance < 2) return hasOwner ? Infinity : answerFloor;
  return keeps === 'all' ? addressFloor : textFloor;
}

/** What a writer has not drawn yet, and what it knows of what it has drawn. */
interface Drawn {
  /** By column. */
  readonly cells: readonly (readonly string[])[];
  readonly items: readonly (readonly (readonly string[])[])[];
  /** The widths of the columns that were drawn; null before the first rows. */
  readonly widths: ReadonlyMap<Column, number> | null;
}

/** Measures columns. A column is at least as wide as before, so that rows that come later are below the others. */
function placesOf(columns: readonly Column[], { cells, items, widths }: Drawn, width: Width): Place[] {
  const hasOwner = columns.some(isWrapped);
  const longestItem = (i: number): number =>
    cells[i]!.reduce(
      (most, text, row) => (items[i]![row] ?? [text]).reduce((more, item) => Math.max(more, width(item) + 1), most),
      widths?.get(columns[i]!) ?? 0,
    );
  return columns.map((column, i): Place => {
    const data = cells[i]!.reduce((most, text) => Math.max(most, width(text)), widths?.get(column) ?? 0);
    const natural = Math.max(data, column.name.length);
    const down = (to: number): number =>
      Math.max(shortened.has(column.type) ? Math.min(data, to) : data, column.name.length);
    const least = isWrapped(column) ? Math.min(ownerFloor, longestItem(i)) : comfortOf(column, hasOwner);
    return {
      column,
      cells: cells[i]!,
      items: items[i]!,
      natural,
      comfort: down(least),
      floor: down(isWrapped(column) ? wrappedFloor : textFloor),
      width: natural,
    };
  });
}

/** The text of a value; in a default table, with the value before a change. */
function cellText({ name, comesFrom }: Column, row: AnyRow, asked: boolean): string {
  const value = row[name];
  if (typeof value === 'number') return String(value);
  const before = comesFrom === undefined || asked ? null : row[comesFrom];
  return sanitize(`${before == null ? '' : `${plainText(before, ', ')} -> `}${plainText(value, ', ')}`);
}

/** An owner without the folder in it: `node server.js (8128)`. */
const withoutFolder = (owner: string, folder: string): string => owner.replace(` in ${folder} (`, () => ' (');

/**
 * Determines the columns and their widths. If there is room for a column with folders, the owners are without theirs;
 * otherwise they keep them.
 */
function fitColumns(places: readonly Place[], width: Width, room: number): readonly Place[] {
  const folder = places.find(({ column }) => column.isPartOf !== undefined);
  if (folder === undefined) return fit(places, room, false);
  const short = places.map((place) => {
    // Fitting changes the widths.
    if (place.column.name !== folder.column.isPartOf) return { ...place };
    const texts = place.cells.map((text, row) => withoutFolder(text, folder.cells[row]!));
    return placesOf([place.column], { cells: [texts], items: [place.items], widths: null }, width)[0]!;
  });
  const fitted = fit(short, room, false);
  if (fitted.some(({ column }) => column === folder.column)) return fitted;
  return fit(
    places.filter((place) => place !== folder),
    room,
    false,
  );
}

/**
 * Writes aligned columns. On a terminal, lines never exceed its width, and owners are wrapped; elsewhere, columns are as
 * wide as necessary.
 */
export const create: CreateWriter = (_schema, { columns, asked = false, sink, terminal = null, live = false }) => {
  let cells: string[][] = columns.map(() => []);
  let items: string[][][] = columns.map(() => []);
  /** Live: the columns of the first rows, with their widths. */
  let drawn: Map<Column, number> | null = null;
  let measure: Width | null = null;
  const width: Width = (text) => (measure === null || narrow.test(text) ? text.length : measure(text));

  async function learnWidths(): Promise<void> {
    const wide = cells.some((list) => list.some((text) => !narrow.test(text)));
    if (wide) measure ??= (await import('string-width')).default;
  }

  function draw(): void {
    const rows = cells[0]?.length ?? 0;
    if (rows === 0) return;
    const first = drawn === null;
    const widths = drawn ?? new Map(live ? columns.map((column) => [column, column.usualWidth ?? 0] as const) : []);
    const places = placesOf(columns, { cells, items, widths }, width).filter(
      ({ column }) => first || widths.has(column),
    );
    // What has no value yet may have one later.
    const isAsked = asked || live;
    const isFixed = !first && terminal !== null;
    if (isFixed) for (const place of places) place.width = widths.get(place.column)!;
    const fitted = isFixed
      ? places
      : terminal
        ? isAsked
          ? fit(places, terminal.columns, true)
          : fitColumns(places, width, terminal.columns)
        : isAsked
          ? places
          : places.filter(tells);
    render(sink, fitted, { rows, width, terminal, hasHeader: first });
    if (!live) return;
    drawn = new Map(fitted.map(({ column, width: room }) => [column, room]));
    cells = columns.map(() => []);
    items = columns.map(() => []);
  }

  return {
    carriesProblems: false,
    row(row) {
      columns.forEach((column, i) => {
        const value = row[column.name];
        if (column.keeps !== undefined && Array.isArray(value))
          items[i]![cells[i]!.length] = value.map((item) => sanitize(itemText(item)));
        cells[i]!.push(cellText(column, row, asked));
      });
    },
    problem: noProblems,
    async flush() {
      if (!live) return;
      await learnWidths();
      draw();
      sink.flush();
    },
    async end() {
      await learnWidths();
      draw();
    },
  };
};
