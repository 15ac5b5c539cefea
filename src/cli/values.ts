// Parses option values. Everything throws PO1001, or the errors of parsePorts.
import { parsePorts, type PortSpan } from '../ports/expression.ts';
import type { Place } from '../ports/place.ts';
import { didYouMean, nearest } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** The error for an invalid option value; `words` are candidates for a suggestion, or the hint itself. */
export function unknownValue(
  option: string,
  text: unknown,
  expected: string,
  words: readonly string[] | string = [],
): PortOwnerError {
  const hint = typeof words === 'string' ? words : typeof text === 'string' ? didYouMean(text, words) : '';
  return new PortOwnerError('PO1001', `unknown value ${JSON.stringify(text)} for ${option}; expected ${expected}`, {
    ...(hint === '' ? {} : { hint }),
    ...(typeof text === 'string' ? { target: text } : {}),
  });
}

/** The error for an option or operand without a value: a script's variable that is not set. */
export function missingValue(option: string, expected: string): PortOwnerError {
  return new PortOwnerError('PO1001', `missing value for ${option}; expected ${expected}`, { target: option });
}

/** Comma-separated values of an option that may be repeated; null when it was not given. */
export function listed(option: string, values: readonly string[] | undefined): readonly string[] | null {
  if (values === undefined) return null;
  const list = values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
  // A script's variable that is not set must not become the answer "nobody".
  if (list.length === 0) throw missingValue(option, 'one or more, separated by commas');
  return list;
}

/** Normalizes a word for comparison: `TIME_WAIT`, `time-wait`, and `TimeWait` are equal. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_\s]/g, '');

/** Joins words for a sentence: `tcp, udp, or both`. */
export function orList(words: readonly string[]): string {
  if (words.length < 3) return words.join(' or ');
  return `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`;
}

/** The meaning of a word, in any case and with any dashes; `also` has synonyms for some words. */
export function word<T>(
  option: string,
  text: string,
  words: Readonly<Record<string, T>>,
  also: Readonly<Record<string, string>> = {},
): T {
  const wanted = plain(text);
  const name = Object.hasOwn(also, wanted) ? plain(also[wanted]!) : wanted;
  const found = Object.entries(words).find(([one]) => plain(one) === name);
  if (found !== undefined) return found[1];
  const names = Object.keys(words);
  const near = nearest(text, [...names, ...Object.keys(also)]);
  // Suggest a value that is in the list.
  const hint = near === null ? '' : `Did you mean ${also[near] ?? near}?`;
  throw unknownValue(option, text, orList(names), hint);
}

/** Parses process IDs. */
export function processIds(option: string, texts: readonly string[]): number[] {
  return texts.map((text) => {
    if (!/^\d{1,10}$/.test(text)) throw unknownValue(option, text, 'process IDs, such as 1234');
    return Number(text);
  });
}

/** Parses a whole number in a range. */
export function wholeNumber(
  option: string,
  text: string,
  { least = 1, most }: { least?: number; most: number },
): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (number < least || number > most) throw unknownValue(option, text, `a whole number from ${least} to ${most}`);
  return number;
}

const unitMs: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a duration: seconds, or a number with a unit: 500ms, 30s, 5m, 1h. `mostDays`: the longest one; by default a week.
 * Returns milliseconds.
 */
export function duration(
  option: string,
  text: string,
  {
    least = 1,
    mostDays = 7,
    else: other = '',
  }: { readonly least?: number; readonly mostDays?: number; readonly else?: string } = {},
): number {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d|)$/i.exec(text.trim()) ?? [];
  const ms = number === '' ? -1 : Math.round(Number(number) * unitMs[unit.toLowerCase()]!);
  if (ms >= least && ms <= mostDays * unitMs['d']!) return ms;
  const also = other === '' ? '' : `, or ${other}`;
  const span = least > 1 ? `from ${least / 1000} seconds to ${mostDays}d` : `up to ${mostDays}d`;
  throw unknownValue(option, text, `seconds, or a number with a unit, such as 30s, 5m, or 1h, ${span}${also}`);
}

/** Splits operands at commas, without empty parts; a URL may have commas, and an empty operand is kept. */
export function portWords(operands: readonly string[]): string[] {
  return operands.flatMap((operand) => {
    const parts = operand.includes('://') ? [operand] : operand.split(',');
    const given = parts.filter((part) => part.trim() !== '');
    return given.length === 0 ? [operand] : given;
  });
}

/** Only port numbers, which need no other parser: the most frequent query. */
const portsAlone = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/;

/**
 * Parses these expressions; IANA's names are loaded only if needed. `commands` are words that an invalid
 * one may have been meant to be; null for none.
 */
export async function places(texts: readonly string[], commands: readonly string[] | null = []): Promise<Place[]> {
  if (texts.every((text) => portsAlone.test(text))) return texts.flatMap((text) => parsePorts(text, () => []));
  const { readPlaces } = await import('./places.ts');
  return readPlaces(texts, commands);
}

/** The ports of these expressions, for an option that takes no protocol or address. */
export async function portSpans(option: string, texts: readonly string[]): Promise<PortSpan[]> {
  const found = await places(texts);
  for (const { protocol, address } of found) {
    if (protocol === undefined && address === undefined) continue;
    const what = protocol === undefined ? `the address ${address}` : `the protocol ${protocol}`;
    throw new PortOwnerError(
      'PO1002',
      `${option} takes only ports, but ${JSON.stringify(texts.join(','))} names ${what}`,
      {
        hint: 'Use a port such as 443, 8000-8100, or https.',
        target: texts.join(','),
      },
    );
  }
  return found;
}
