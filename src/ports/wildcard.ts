/*
 * Wildcard patterns: `*` matches any characters, `?` matches one, and `[a-z]` optionally matches one of a set. Matching
 * takes at most the length of the pattern times that of the text, so that no input can make it hang.
 */

/** The longest pattern in characters: a path has at most 32,767, and nobody writes a long one with wildcards. */
export const longestPattern = 1_000;
/** The most patterns with wildcards that are tried one after another. */
export const mostPatterns = 1_000;

/** An invalid pattern; the message says why. */
export class PatternError extends Error {
  readonly pattern: string;

  constructor(pattern: string, why: string) {
    super(why);
    this.pattern = pattern;
  }
}

export interface WildcardOptions {
  /** Whether to ignore case. */
  readonly anyCase: boolean;
  /** Whether `[a-z]` matches a set of characters: as in PowerShell's -like, or as in a shell, where `[!a-z]` matches others. */
  readonly sets: false | 'like' | 'shell';
}

type Step = '*' | '?' | { readonly literal: string } | { readonly set: RegExp };

const foldAll = (characters: readonly string[]): string[] => characters.map((character) => character.toLowerCase());

/** Returns the characters of a text as whole code points. */
function charactersOf(text: string, { anyCase }: WildcardOptions): string[] {
  if (/^[\0-\x7f]*$/.test(text)) return (anyCase ? text.toLowerCase() : text).split('');
  return anyCase ? foldAll([...text]) : [...text];
}

/** Converts a text to lower case, as patterns compare it. */
export const foldCase = (text: string): string => charactersOf(text, { anyCase: true, sets: false }).join('');

function setOf(part: string, pattern: string, { anyCase, sets }: WildcardOptions): RegExp {
  const isNegated = sets === 'shell' && /^\[[!^]./.test(part.slice(0, -1));
  const inside = part.slice(isNegated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
  try {
    return new RegExp(`^[${isNegated ? '^' : ''}${inside}]$`, anyCase ? 'iu' : 'u');
  } catch {
    throw new PatternError(pattern, `${JSON.stringify(pattern)} is not a wildcard pattern`);
  }
}

function stepsOf(pattern: string, options: WildcardOptions): Step[] {
  if (pattern.length > longestPattern)
    throw new PatternError(
      pattern,
      `a wildcard pattern has ${pattern.length} characters; the limit is ${longestPattern}`,
    );
  const parts = options.sets !== false ? pattern.match(/\[[^\]]+\]|[\s\S]/gu) : [...pattern];
  return (parts ?? []).map((part): Step => {
    if (part === '*' || part === '?') return part;
    if (options.sets !== false && part.length > 2 && part.startsWith('['))
      return { set: setOf(part, pattern, options) };
    return { literal: options.anyCase ? part.toLowerCase() : part };
  });
}

function fits(step: Step | undefined, character: string): boolean {
  if (step === undefined || step === '*') return false;
  if (step === '?') return true;
  return 'literal' in step ? step.literal === character : step.set.test(character);
}

function matches(steps: readonly Step[], text: readonly string[]): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < text.length;) {
    if (steps[at] === '*') {
      star = at++;
      resume = i;
    } else if (fits(steps[at], text[i]!)) {
      at++;
      i++;
    } else if (star >= 0) {
      // Only the last star needs to take one more character.
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (steps[at] === '*') at++;
  return at === steps.length;
}

/**
 * Returns the plain text of a pattern without wildcards, or with only a star at its beginning or end; null for any
 * other pattern.
 */
function plainPart(
  pattern: string,
  { sets }: WildcardOptions,
): { text: string; kind: 'whole' | 'end' | 'start' } | null {
  const special = sets !== false ? /[*?[]/ : /[*?]/;
  if (!special.test(pattern)) return { text: pattern, kind: 'whole' };
  if (pattern.startsWith('*') && !special.test(pattern.slice(1))) return { text: pattern.slice(1), kind: 'end' };
  if (pattern.endsWith('*') && !special.test(pattern.slice(0, -1)))
    return { text: pattern.slice(0, -1), kind: 'start' };
  return null;
}

/** Groups texts by length. */
function byLength(texts: readonly string[]): [length: number, texts: Set<string>][] {
  return [...Map.groupBy(texts, ({ length }) => length)].map(([length, group]) => [length, new Set(group)]);
}

/**
 * Returns a test for whether any pattern matches. Any number of patterns with at most a star at one end are looked up
 * quickly; of other patterns, at most `mostPatterns` are allowed. Throws PatternError.
 */
export function anyOf(patterns: readonly string[], options: WildcardOptions): (text: string) => boolean {
  const fold = (text: string): string => charactersOf(text, options).join('');
  const plain = { whole: [] as string[], end: [] as string[], start: [] as string[] };
  const tests: (readonly Step[])[] = [];
  for (const pattern of new Set(patterns)) {
    const part = plainPart(pattern, options);
    if (part === null) tests.push(stepsOf(pattern, options));
    else plain[part.kind].push(fold(part.text));
  }
  if (tests.length > mostPatterns)
    throw new PatternError(
      patterns[0]!,
      `there are ${tests.length} patterns with wildcards; the limit is ${mostPatterns}`,
    );
  const whole = new Set(plain.whole);
  const [ends, starts] = [byLength(plain.end), byLength(plain.start)];
  const found = (text: string): boolean => {
    const characters = charactersOf(text, options);
    const folded = characters.join('');
    return (
      whole.has(folded) ||
      ends.some(([length, texts]) => length <= folded.length && texts.has(folded.slice(folded.length - length))) ||
      starts.some(([length, texts]) => length <= folded.length && texts.has(folded.slice(0, length))) ||
      tests.some((steps) => matches(steps, characters))
    );
  };
  // Cached, because one owner often has many sockets.
  const known = new Map<string, boolean>();
  return (text) => {
    let answer = known.get(text);
    if (answer === undefined) known.set(text, (answer = found(text)));
    return answer;
  };
}
