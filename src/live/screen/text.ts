// The texts of a full-screen view: pieces with a style, lines that fill the screen, and numbers for people.
import stringWidth from 'string-width';
import { narrow, shorten } from '../../io/cells.ts';
import { sanitize } from '../../io/sanitize.ts';

/** How a piece of a line looks; the terminal's own colors, so that it fits a light and a dark background. */
export type Style = 'plain' | 'bold' | 'heading' | 'good' | 'bad' | 'doubtful' | 'quiet' | 'dim' | 'selected';

/** A piece of a line. Its text is safe to show. */
export interface Piece {
  readonly text: string;
  readonly style: Style;
}

export const piece = (text: string, style: Style = 'plain'): Piece => ({ text, style });

/** What a terminal can show. */
export interface Ability {
  readonly colors: boolean;
  readonly unicode: boolean;
}

/** Measures text in terminal cells. */
export const cells = (text: string): number => (narrow.test(text) ? text.length : stringWidth(text));

const notAscii = /[^ -~]/gu;

/** Makes text from outside safe to show; a terminal that cannot show more than ASCII gets a `?` for other characters. */
export const safeText = (text: string, { unicode }: Pick<Ability, 'unicode'>): string =>
  unicode ? sanitize(text) : sanitize(text).replace(notAscii, '?');

/** Cuts a safe text to a width in cells, and fills it up with blanks. */
export function fitTo(
  text: string,
  room: number,
  {
    keeps,
    right = false,
    unicode,
  }: { readonly keeps?: 'end' | 'process' | undefined; readonly right?: boolean; readonly unicode: boolean },
): string {
  const cut = cells(text) <= room ? text : shorten(text, room, { keeps, width: cells, unicode });
  const blanks = ' '.repeat(Math.max(0, room - cells(cut)));
  return right ? blanks + cut : cut + blanks;
}

const codes: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  heading: '1;4',
  good: '32',
  bad: '31',
  doubtful: '33',
  quiet: '36',
  dim: '2',
  selected: '7',
};
const colored: ReadonlySet<Style> = new Set(['good', 'bad', 'doubtful', 'quiet']);

/** Writes a line of exactly `columns` cells: cut, or filled up with blanks in the style of its last piece. */
export function screenLine(pieces: readonly Piece[], columns: number, { colors, unicode }: Ability): string {
  let line = '';
  let room = columns;
  let before = '';
  pieces.forEach(({ text, style }, i) => {
    const width = i === pieces.length - 1 ? room : Math.min(room, cells(text));
    if (width <= 0) return;
    room -= width;
    const code = !colors && colored.has(style) ? '' : codes[style];
    if (code !== before) line += `${before === '' ? '' : '\x1b[0m'}${code === '' ? '' : `\x1b[${code}m`}`;
    before = code;
    line += fitTo(text, width, { unicode });
  });
  return `${line}${before === '' ? '' : '\x1b[0m'}${' '.repeat(room)}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** Formats bytes with three digits at most: `0`, `812 B`, `1.2 kB`, `34 MB`. */
export function bytesText(bytes: number): string {
  if (bytes <= 0) return '0';
  let unit = 0;
  let amount = bytes;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  const digits = unit > 0 && amount < 9.95 ? amount.toFixed(1) : String(Math.round(amount));
  return amount < 0.5 && unit === 0 ? '0' : `${digits} ${units[unit]}`;
}

/** Formats milliseconds: `<0.01`, `0.04`, `1.2`, `34`, `1200`. */
export const millisecondsText = (value: number): string =>
  value > 0 && value < 0.005
    ? '<0.01'
    : value < 0.995
      ? value.toFixed(2)
      : value < 9.95
        ? value.toFixed(1)
        : String(Math.round(value));

const bars = { unicode: ' ▁▂▃▄▅▆▇█', ascii: ' .:-=+*#@' };

/** Draws the last values as a line of bars, one cell each, relative to the largest. An unknown value is a blank. */
export function barsOf(
  values: readonly (number | null)[],
  room: number,
  { unicode }: Pick<Ability, 'unicode'>,
): string {
  if (room <= 0) return '';
  const last = values.slice(-room);
  const most = last.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
  const steps = unicode ? bars.unicode : bars.ascii;
  const bar = (value: number | null): string =>
    value === null || most === 0 || value <= 0
      ? steps[value === null ? 0 : 1]!
      : steps[Math.max(1, Math.ceil((value / most) * 8))]!;
  return last.map(bar).join('').padStart(room);
}
