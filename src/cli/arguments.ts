import { isUtf8 } from 'node:buffer';
import { textOf } from '../io/read.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** So many words has a command line; there are 65,535 ports. */
export const mostArguments = 100_000;
/** The bytes that are read from standard input; the words above have less than a tenth of it. */
const mostBytes = 16 * 1024 * 1024;

/** Throws PO1001 where a command line has more words than are read. */
export function checkNumber(count: number): void {
  if (count > mostArguments)
    throw new PortOwnerError('PO1001', `the command line has ${count} words; at most ${mostArguments} are read`, {
      hint: 'Give ports as ranges (8000-8100), or ask several times.',
    });
}

/** The arguments, with `@-` replaced by more of them from standard input, one a line. Throws PO1001, PO2001 and PO2002. */
export function withInput(args: readonly string[], input: (most: number) => Uint8Array): string[] {
  const bytes = input(mostBytes + 1);
  if (bytes.length > mostBytes)
    throw new PortOwnerError('PO1001', `@- reads at most ${mostBytes / 1024 / 1024} MB of words from standard input`, {
      hint: 'Give ports as ranges (8000-8100), or ask several times.',
    });
  const lines = textOf(bytes, 'standard input', { hint: 'Give one argument a line, in UTF-8.' })
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const marks = args.filter((arg) => arg === '@-').length;
  checkNumber(args.length - marks + marks * lines.length);
  return args.flatMap((arg) => (arg === '@-' ? lines : [arg]));
}

/**
 * Throws PO1001 for an argument whose bytes are not text: Node has put other characters in their place, and a pattern
 * with those finds nothing. `bytes` are all arguments of the process, each ended by a zero, the last `count` of them ours.
 */
export function checkBytes(bytes: Uint8Array, count: number): void {
  const parts = Buffer.from(bytes).toString('latin1').split('\0').slice(0, -1).slice(-count);
  for (const part of parts) {
    const own = Buffer.from(part, 'latin1');
    if (isUtf8(own)) continue;
    throw new PortOwnerError('PO1001', `the argument ${JSON.stringify(own.toString())} is not UTF-8 text`, {
      hint: 'Give it in UTF-8. A file with such a name can be given a link with another name.',
    });
  }
}
