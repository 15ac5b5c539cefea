/*
 * Wildcard patterns: `*` stands for any characters, `?` for one, and where they are asked for `[a-z]` for one of a set.
 * One pattern takes at most its length times that of the text: no pattern and no text can make it hang.
 */

/** More characters no pattern has: a path has at most 32,767, and nobody writes one with wildcards. */
export const longestPattern = 1_000;
/** So many patterns with wildcards are tried one after another. */
export const mostPatterns = 1_000;

/** A pattern that cannot be read; the message says why. */
export class PatternError extends Error {
  readonly pattern: string;

  constructor(pattern: string, why: string) {
    super(why);
    this.pattern = pattern;
  }
}

export interface WildcardOptions {
  /** Upper and lower case are the same. */
  readonly anyCase: boolean;
  /** `[a-z]` stands for a set of characters, as in PowerShell's -like. */
  readonly sets: boolean;
}

type Step = '*' | '?' | { readonly literal: string } | { readonly set: RegExp };

const foldAll = (characters: readonly string[]): string[] => characters.map((character) => character.toLowerCase());

/** The characters of a text, whole code points. */
function charactersOf(text: string, { anyCase }: WildcardOptions): string[] {
  if (/^[\0-\x7f]*$/.test(text)) return (anyCase ? text.toLowerCase() : text).split('');
  return anyCase ? foldAll([...text]) : [...text];
}

/** A text in lower case, as patterns compare it. */
export const foldCase = (text: string): string => charactersOf(text, { anyCase: true, sets: false }).join('');

function setOf(part: string, pattern: string, { anyCase }: WildcardOptions): RegExp {
  try {
    return new RegExp(`^[${part.slice(1, -1).replace(/[\\\]^[]/g, '\\$&')}]$`, anyCase ? 'iu' : 'u');
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
  const parts = options.sets ? pattern.match(/\[[^\]]+\]|[\s\S]/gu) : [...pattern];
  return (parts ?? []).map((part): Step => {
    if (part === '*' || part === '?') return part;
    if (options.sets && part.length > 2 && part.startsWith('[')) return { set: setOf(part, pattern, options) };
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
      // The last star takes one character more: those before it need not.
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (steps[at] === '*') at++;
  return at === steps.length;
}

/** A pattern that is a text, with a star before or behind it, or neither; null for any other. */
function plainPart(
  pattern: string,
  { sets }: WildcardOptions,
): { text: string; kind: 'whole' | 'end' | 'start' } | null {
  const special = sets ? /[*?[]/ : /[*?]/;
  if (!special.test(pattern)) return { text: pattern, kind: 'whole' };
  if (pattern.startsWith('*') && !special.test(pattern.slice(1))) return { text: pattern.slice(1), kind: 'end' };
  if (pattern.endsWith('*') && !special.test(pattern.slice(0, -1)))
    return { text: pattern.slice(0, -1), kind: 'start' };
  return null;
}

/** Texts by their length. */
function byLength(texts: readonly string[]): [length: number, texts: Set<string>][] {
  return [...Map.groupBy(texts, ({ length }) => length)].map(([length, group]) => [length, new Set(group)]);
}

/**
 * Whether any of the patterns fits. Those without a wildcard within them are looked up, however many there are; of others
 * there may be so many. Throws PatternError.
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
  // Many sockets have one owner.
  const known = new Map<string, boolean>();
  return (text) => {
    let answer = known.get(text);
    if (answer === undefined) known.set(text, (answer = found(text)));
    return answer;
  };
}
