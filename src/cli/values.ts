// What stands behind the options, read. All of it throws PO1001, or what parsePorts throws.
import { parsePorts, type PortSpan } from '../ports/expression.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** The error for a value that an option does not take. */
export function noValue(option: string, text: unknown, takes: string): PortOwnerError {
  return new PortOwnerError('PO1001', `${option} has no value ${JSON.stringify(text)}`, {
    hint: `It takes ${takes}.`,
    ...(typeof text === 'string' ? { target: text } : {}),
  });
}

/** Comma-separated values of an option that may be repeated; null when it was not given. */
export function listed(option: string, values: readonly string[] | undefined): readonly string[] | null {
  if (values === undefined) return null;
  const list = values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
  // A script's variable that is not set must not become the answer "nobody".
  if (list.length === 0)
    throw new PortOwnerError('PO1001', `${option} needs a value`, {
      hint: 'portowner --help says which.',
      target: option,
    });
  return list;
}

/** What a word stands for, in any case; `takes` is the list of words for the hint. */
export function word<T>(
  option: string,
  text: string,
  words: Readonly<Record<string, T>>,
  takes = Object.keys(words).join(', '),
): T {
  const found = Object.entries(words).find(([name]) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw noValue(option, text, takes);
  return found[1];
}

/** Process ids. */
export function processIds(option: string, texts: readonly string[]): number[] {
  return texts.map((text) => {
    if (!/^\d{1,10}$/.test(text)) throw noValue(option, text, 'process ids');
    return Number(text);
  });
}

/** A whole number in a range. */
export function wholeNumber(
  option: string,
  text: string,
  { least = 1, most }: { least?: number; most: number },
): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (number < least || number > most) throw noValue(option, text, `a whole number from ${least} to ${most}`);
  return number;
}

/** The ports of these expressions; IANA's names are loaded only for a name. */
export async function portSpans(texts: readonly string[]): Promise<PortSpan[]> {
  const named = texts.some((text) => /[a-z]/i.test(text));
  const servicePorts = named ? (await import('../ports/iana.ts')).servicePorts : () => [];
  return texts.flatMap((text) => parsePorts(text, servicePorts));
}
