// Wraps text into a column.
import { part, processAtEnd, shorten, type Cut, type Width } from '../io/cells.ts';

/** In a narrower column, text is cut instead of wrapped. */
const narrowest = 12;
/** A cell has at most this many lines; items that have no room are only counted. */
const mostLines = 8;

/** Splits a word that is wider than a column, preferably after a separator: by default, of folders. */
function split(word: string, room: number, width: Width, separator = /[/\\]/g): string[] {
  const parts: string[] = [];
  let left = word;
  while (width(left) > room) {
    const start = part(left, room, width, 'start');
    // A character can be wider than a column.
    if (start === '') break;
    const after = [...start.matchAll(separator)].at(-1)?.index ?? -1;
    const kept = after + 1 > room / 3 ? start.slice(0, after + 1) : start;
    parts.push(kept);
    left = left.slice(kept.length);
  }
  return [...parts, left];
}

/** Joins pieces with blanks into lines of at most this width. */
function filled(pieces: readonly string[], room: number, width: Width): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const line = lines.at(-1);
    if (line !== undefined && width(line) + 1 + width(piece) <= room) lines[lines.length - 1] = `${line} ${piece}`;
    else lines.push(...split(piece, room, width));
  }
  return lines;
}

/** Wraps one item; keeps the process at its end in one piece. */
function wrapItem(text: string, room: number, width: Width): string[] {
  const [end = ''] = processAtEnd.exec(text.replace(/,$/, '')) ?? [];
  const at = text.lastIndexOf(end === '' ? text : end.slice(1));
  const whole = end !== '' && width(text.slice(at)) <= room ? [text.slice(at)] : text.slice(at).split(' ');
  return filled(
    [...text.slice(0, at).split(' '), ...whole].filter((word) => word !== ''),
    room,
    width,
  );
}

/** Wraps an address, preferably after a colon or a blank. */
export function wrappedAddress(text: string, room: number, { width }: Cut): string[] {
  return split(text, room, width, /(?<!\]):| /g).map((line) => line.trimEnd());
}

/** Wraps the items of a cell into lines. Items that fit stay in one piece. */
export function wrapped(items: readonly string[], room: number, cut: Cut): string[] {
  const { width } = cut;
  const whole = items.join(', ');
  if (width(whole) <= room) return [whole];
  if (room < narrowest) return [shorten(whole, room, cut)];
  let lines: string[] = [];
  for (const [at, item] of items.entries()) {
    const text = at === items.length - 1 ? item : `${item},`;
    const last = lines.at(-1);
    const more =
      last !== undefined && width(last) + 1 + width(text) <= room
        ? [...lines.slice(0, -1), `${last} ${text}`]
        : [...lines, ...(width(text) <= room ? [text] : wrapItem(text, room, width))];
    if (at > 0 && (more.length > mostLines || (more.length === mostLines && at < items.length - 1)))
      return [...lines, `and ${items.length - at} more`];
    lines = more;
  }
  return lines;
}
