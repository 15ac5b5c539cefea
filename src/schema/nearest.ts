/** The edit distance between two words: an added, missing, or different letter, or two swapped neighbors. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[to.length]!;
}

/** Normalizes a word: ignores its case and dashes. */
const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/** Returns how far a word is from a name. */
function away(wanted: string, name: string): number {
  // Of the names that a word begins, the shortest one: it leaves out the least.
  if (name.startsWith(wanted) && name !== wanted) return 0.9 - 0.4 * (wanted.length / name.length);
  return distance(wanted, name) + (name[0] === wanted[0] ? 0 : 0.25);
}

const sorted = (word: string): string => [...word].sort().join('');

/**
 * Whether a name of a long list can be meant by a word: some of them begins with almost any word, or differs from it in one or
 * two letters.
 */
function isMeant(wanted: string, name: string): boolean {
  if (name.startsWith(wanted)) return (name.length - wanted.length) * 2 <= wanted.length;
  if (name.length === wanted.length && sorted(name) === sorted(wanted)) return true;
  return name[0] === wanted[0] && (wanted.length > 3 || name.length > wanted.length);
}

/**
 * The candidate closest to a mistyped or abbreviated word; null if none is close. Among equally close candidates, the first
 * that starts with the same letter. `longList`: further candidates, of which there are thousands.
 */
export function nearest(word: string, candidates: Iterable<string>, longList: Iterable<string> = []): string | null {
  const wanted = plain(word);
  // Anything is close to two letters; a long text is not a mistyped word, and would take quadratic time.
  if (wanted.length < 3 || wanted.length > 40) return null;
  let [found, least]: [string | null, number] = [null, Math.max(1, Math.floor(wanted.length / 3)) + 0.5];
  for (const [isLong, list] of [
    [false, candidates],
    [true, longList],
  ] as const)
    for (const candidate of list) {
      const name = plain(candidate);
      if (!name.startsWith(wanted) && Math.abs(name.length - wanted.length) > least) continue;
      const far = away(wanted, name);
      if (isLong && (far >= 2 || !isMeant(wanted, name))) continue;
      if (far < least && far < name.length) [found, least] = [candidate, far];
    }
  return found;
}

/** A hint that begins with the closest candidate, if any is close. */
export const didYouMean = (word: string, candidates: Iterable<string>, hint = ''): string =>
  suggested(nearest(word, candidates), hint);

/** A hint that begins with a suggestion, if there is one. */
export function suggested(found: string | null, hint: string): string {
  return found === null ? hint : `Did you mean ${found}?${hint === '' ? '' : ` ${hint}`}`;
}
