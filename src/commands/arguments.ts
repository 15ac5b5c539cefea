import { textOf } from '../io/read.ts';

/** The arguments, with `@-` replaced by more of them from standard input, one a line. Throws PO2001 and PO2002. */
export function withInput(args: readonly string[], input: () => Uint8Array): string[] {
  const lines = textOf(input(), 'standard input', { hint: 'Give one argument a line, in UTF-8.' })
    .split(/\r?\n/)
    .filter((line) => line !== '');
  return args.flatMap((arg) => (arg === '@-' ? lines : [arg]));
}
