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

/**
 * The candidate closest to a mistyped or abbreviated word; null if none is close. Among equally close candidates, the first
 * that starts with the same letter.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = plain(word);
  // Anything is close to two letters; a long text is not a mistyped word, and would take quadratic time.
  if (wanted.length < 3 || wanted.length > 40) return null;
  let [found, least]: [string | null, number] = [null, Math.max(1, Math.floor(wanted.length / 3)) + 0.5];
  for (const candidate of candidates) {
    const name = plain(candidate);
    const begun = name.startsWith(wanted);
    if (!begun && Math.abs(name.length - wanted.length) > least) continue;
    const away = begun && name !== wanted ? 0.9 : distance(wanted, name) + (name[0] === wanted[0] ? 0 : 0.25);
    if (away < least && away < name.length) [found, least] = [candidate, away];
  }
  return found;
}

/** A hint that begins with the closest candidate, if any is close. */
export function didYouMean(word: string, candidates: Iterable<string>, hint = ''): string {
  const found = nearest(word, candidates);
  return found === null ? hint : `Did you mean ${found}?${hint === '' ? '' : ` ${hint}`}`;
}
