import type { Column, ColumnType } from '../schema/column.ts';
import type { Terminal } from '../system/terminal.ts';
import type { CreateWriter } from './writer.ts';
import { sanitise } from '../io/sanitise.ts';
import type { TextSink } from '../io/sink.ts';
import { noProblems, plainText } from './text.ts';

type Width = (text: string) => number;

// Printable ASCII, Latin, Greek and Cyrillic letters, dashes and quotes: one cell per character. Only other text
// needs string-width, which takes longer to load than everything else here.
const narrow = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027]*$/;

const between = '  ';
/** A text column gives room down to this width (an IPv4 address), a header down to `headerFloor`. */
const textFloor = 15;
const headerFloor = 5;

const rightAligned: ReadonlySet<ColumnType> = new Set(['uint16', 'uint32', 'int32']);
/** A shortened number or date would be a wrong one: such columns keep their width or go. */
const shortened: ReadonlySet<ColumnType> = new Set(['text', 'texts', 'uint32s']);

/** What switches a style on and off. */
type Style = readonly [string, string];
const plainStyle: Style = ['', ''];
const heading: Style = ['\x1b[1;4m', '\x1b[22;24m'];
const bold: Style = ['\x1b[1m', '\x1b[22m'];
const colour = (code: number): Style => [`\x1b[${code}m`, '\x1b[39m'];
export const styles: ReadonlyMap<string, Style> = new Map([
  ['State Listen', colour(32)],
  ['State Established', colour(36)],
  ['State Bound', colour(33)],
  ['OwnerKind Kernel', colour(35)],
  ['OwnerKind Orphan', colour(31)],
  ['OwnerKind Unknown', colour(33)],
]);

function style({ name }: Column, text: string): Style | undefined {
  return name === 'Owner' ? bold : styles.get(`${name} ${text}`);
}

let segmenter: Intl.Segmenter | undefined;

/** Cuts a text to a width in terminal cells, whole characters only. */
function shorten(text: string, room: number, width: Width, unicode: boolean): string {
  const mark = (unicode ? '\u2026' : '...').slice(0, room);
  const inside = room - mark.length;
  if (narrow.test(text)) return text.slice(0, inside) + mark;
  let kept = '';
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) {
    if (width(kept + segment) > inside) break;
    kept += segment;
  }
  return kept + mark;
}

interface Place {
  readonly column: Column;
  readonly cells: readonly string[];
  readonly natural: number;
  readonly floor: number;
  width: number;
}

/** The width of a line. */
const total = (places: readonly Place[]): number =>
  places.reduce((sum, { width }) => sum + width, between.length * (places.length - 1));

const importance = ({ column }: Place): number => column.importance ?? Infinity;

/** Columns of this importance are only there where all others have the room they need. */
const spare = 9;

/** Gives the columns their widths: the least important are shortened first, and dropped when that is not enough. */
function fit(places: readonly Place[], room: number): readonly Place[] {
  const needed = places.filter((place) => importance(place) !== spare);
  const extra = places
    .filter((place) => !needed.includes(place))
    .reduce((sum, { floor }) => sum + between.length + floor, 0);
  const roomy = needed.length === 0 || total(needed) + extra <= room;
  let left = roomy ? [...places] : needed;
  for (;;) {
    for (const place of left) place.width = place.natural;
    // Of equally important columns the later gives way first.
    const giving = left.toReversed().sort((a, b) => importance(b) - importance(a) || 0);
    for (const place of giving) place.width = Math.max(place.floor, place.width - Math.max(0, total(left) - room));
    if (total(left) <= room) return left;
    const [last] = giving;
    if (left.length === 1 && last) {
      last.width = room;
      return left;
    }
    left = left.filter((place) => place !== last);
  }
}

/** How a table is drawn. */
interface Drawing {
  /** How many rows there are. */
  readonly rows: number;
  readonly width: Width;
  readonly terminal: Terminal | null;
}

function render(sink: TextSink, places: readonly Place[], { rows, width, terminal }: Drawing): void {
  const unicode = terminal?.unicode ?? true;
  const colours = terminal?.colours ?? false;

  function line(texts: readonly string[], dress: (place: Place, text: string) => Style | undefined): void {
    let end = texts.length;
    while (end > 0 && texts[end - 1] === '') end--;
    let out = '';
    for (let i = 0; i < end; i++) {
      const place = places[i]!;
      const whole = texts[i]!;
      const fits = width(whole) <= place.width;
      const text = fits ? whole : shorten(whole, place.width, width, unicode);
      const padding = ' '.repeat(Math.max(0, place.width - width(text)));
      const [on, off] = (colours && text !== '' && dress(place, whole)) || plainStyle;
      const right = rightAligned.has(place.column.type);
      out += `${i === 0 ? '' : between}${right ? padding : ''}${on}${text}${off}${right || i === end - 1 ? '' : padding}`;
    }
    sink.write(`${out}\n`);
  }

  line(
    places.map(({ column }) => column.name),
    () => heading,
  );
  if (!colours)
    line(
      places.map((place) => '-'.repeat(Math.min(place.width, place.column.name.length))),
      () => undefined,
    );
  for (let i = 0; i < rows; i++)
    line(
      places.map(({ cells }) => cells[i]!),
      ({ column }, cell) => style(column, cell),
    );
}

/** Aligned columns. On a terminal no line is wider than it; elsewhere everything has the room it needs. */
export const create: CreateWriter = (_schema, { columns, sink, terminal = null }) => {
  const cells: string[][] = columns.map(() => []);

  return {
    carriesProblems: false,
    row(row) {
      columns.forEach(({ name }, i) => {
        const value = row[name];
        cells[i]!.push(typeof value === 'number' ? String(value) : sanitise(plainText(value, ', ')));
      });
    },
    problem: noProblems,
    flush: () => {},
    async end() {
      const rows = cells[0]?.length ?? 0;
      if (rows === 0) return;
      const wide = cells.some((list) => list.some((text) => !narrow.test(text)));
      const measure = wide ? (await import('string-width')).default : null;
      const width: Width =
        measure === null ? (text) => text.length : (text) => (narrow.test(text) ? text.length : measure(text));
      const places = columns.map((column, i): Place => {
        const data = cells[i]!.reduce((most, text) => Math.max(most, width(text)), 0);
        const natural = Math.max(data, column.name.length);
        const floor = Math.max(
          shortened.has(column.type) ? Math.min(data, textFloor) : data,
          Math.min(column.name.length, headerFloor),
        );
        return { column, cells: cells[i]!, natural, floor, width: natural };
      });
      render(sink, terminal ? fit(places, terminal.columns) : places, { rows, width, terminal });
    },
  };
};
