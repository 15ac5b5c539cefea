// Fits text into terminal cells: wide characters take two.
import type { Column } from '../schema/column.ts';

/** Measures text in terminal cells. */
export type Width = (text: string) => number;

// Printable ASCII, Latin, Greek, and Cyrillic letters, dashes, and quotes: one cell per character. Only other text
// needs string-width, which takes longer to load than everything else here.
export const narrow = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027]*$/;

let segmenter: Intl.Segmenter | undefined;

/** Returns as many whole characters of a text as there is room for, from its start or its end. */
export function part(text: string, room: number, width: Width, from: 'start' | 'end'): string {
  if (narrow.test(text)) return from === 'start' ? text.slice(0, room) : text.slice(text.length - room);
  segmenter ??= new Intl.Segmenter();
  const characters = [...segmenter.segment(text)].map(({ segment }) => segment);
  let kept = '';
  for (const one of from === 'start' ? characters : characters.toReversed()) {
    const longer = from === 'start' ? kept + one : one + kept;
    if (width(longer) > room) break;
    kept = longer;
  }
  return kept;
}

/** The process at the end of an owner. */
export const processAtEnd = / \([^()]*\d\)$/;

/** How text is cut: which part is kept, how its width is measured, and whether the terminal can show an ellipsis. */
export interface Cut {
  readonly keeps: Column['keeps'];
  readonly width: Width;
  readonly unicode: boolean;
}

/** Cuts a text to a width in terminal cells, without splitting characters; keeps its end if the column says so. */
export function shorten(text: string, room: number, { keeps, width, unicode }: Cut): string {
  if (width(text) <= room) return text;
  const mark = (unicode ? '\u2026' : '...').slice(0, room);
  const inside = room - mark.length;
  if (keeps === 'end') return mark + part(text, inside, width, 'end');
  const [end = ''] = keeps === 'process' ? (processAtEnd.exec(text) ?? []) : [];
  if (end === '' || width(end) > inside / 2) return part(text, inside, width, 'start') + mark;
  return part(text, inside - width(end), width, 'start').trimEnd() + mark + end;
}
