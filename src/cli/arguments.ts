import { isUtf8 } from 'node:buffer';
import { textOf } from '../io/read.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** The most words of a command line; there are 65,535 ports. */
export const mostArguments = 100_000;
/** The most bytes read from standard input; the words above need less than a tenth of this. */
const mostBytes = 16 * 1024 * 1024;

/** Throws PO1001 if a command line has too many words. */
export function checkNumber(count: number): void {
  if (count > mostArguments)
    throw new PortOwnerError('PO1001', `the command line has ${count} words; the limit is ${mostArguments}`, {
      hint: 'Use port ranges (8000-8100), or run several queries.',
    });
}

/** The arguments, with `@-` replaced by those on standard input, one on a line. Throws PO1001, PO2001, and PO2002. */
export function withInput(args: readonly string[], input: (most: number) => Uint8Array): string[] {
  const bytes = input(mostBytes + 1);
  if (bytes.length > mostBytes)
    throw new PortOwnerError('PO1001', `@- reads at most ${mostBytes / 1024 / 1024} MB of words from standard input`, {
      hint: 'Use port ranges (8000-8100), or run several queries.',
    });
  const lines = textOf(bytes, 'standard input', { hint: 'Use one argument per line, in UTF-8.' })
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const marks = args.filter((arg) => arg === '@-').length;
  checkNumber(args.length - marks + marks * lines.length);
  return args.flatMap((arg) => (arg === '@-' ? lines : [arg]));
}

/**
 * Throws PO1001 for an argument whose bytes are not text: Node has replaced its characters, and such a pattern would
 * match nothing. `bytes` are all arguments of the process, each NUL-terminated; the last `count` of them are ours.
 */
export function checkBytes(bytes: Uint8Array, count: number): void {
  const parts = Buffer.from(bytes).toString('latin1').split('\0').slice(0, -1).slice(-count);
  for (const part of parts) {
    const own = Buffer.from(part, 'latin1');
    if (isUtf8(own)) continue;
    throw new PortOwnerError('PO1001', `the argument ${JSON.stringify(own.toString())} is not UTF-8 text`, {
      hint: 'Use UTF-8. For a file with such a name, create a link with another name.',
    });
  }
}
