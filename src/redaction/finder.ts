/** The maximum length of a name in any file system or account database. It limits the comparison at each position. */
export const longestName = 255;

/** The position of a name, and its replacement. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Finds names in a text, ignoring case. `whole`: without overlaps, and never a part of a word. */
export type NameFinder = (text: string, whole: boolean) => Generator<Found>;

/**
 * For each code unit, its upper case plus 1, if that is a single code unit, as in case-insensitive regular expressions.
 */
const upper = new Uint32Array(0x10000);

function foldedAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const known = upper[unit]!;
  if (known !== 0) return known - 1;
  const letters = text[at]!.toUpperCase();
  const other = letters.length === 1 && (unit < 128 || letters.charCodeAt(0) >= 128) ? letters.charCodeAt(0) : unit;
  upper[unit] = other + 1;
  return other;
}

function isWordAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122);
}

/**
 * Searches for all names at once, using a tree of their letters: one search per name would multiply the time by the
 * number of names. The longest name at a position wins.
 */
export function nameFinder(names: ReadonlyMap<string, string>): NameFinder {
  /** The next node for a node and a letter. */
  const next = new Map<number, number>();
  const ends = new Map<number, string>();
  const edge = (node: number, letter: number): number => node * 0x10000 + letter;
  let count = 1;
  for (const [name, replacement] of names) {
    let node = 0;
    for (let i = 0; i < name.length; i++) {
      const key = edge(node, foldedAt(name, i));
      const known = next.get(key);
      node = known ?? count++;
      if (known === undefined) next.set(key, node);
    }
    if (!ends.has(node)) ends.set(node, replacement);
  }

  function longestAt(text: string, start: number, whole: boolean): Found | null {
    let found: Found | null = null;
    let node: number | undefined = 0;
    for (let at = start; at < text.length; at++) {
      node = next.get(edge(node, foldedAt(text, at)));
      if (node === undefined) break;
      const replacement = ends.get(node);
      if (replacement !== undefined && !(whole && isWordAt(text, at) && isWordAt(text, at + 1)))
        found = { start, end: at + 1, replacement };
    }
    return found;
  }

  return function* (text, whole) {
    if (ends.size === 0) return;
    for (let start = 0; start < text.length; start++) {
      if (whole && isWordAt(text, start - 1) && isWordAt(text, start)) continue;
      const found = longestAt(text, start, whole);
      if (found === null) continue;
      yield found;
      if (whole) start = found.end - 1;
    }
  };
}
