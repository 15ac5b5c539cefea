import { readFileSync } from 'node:fs';
import { decodeText } from '../facts/read.ts';

/** The arguments, with `@-` replaced by more of them from standard input, one a line. */
export function withInput(args: readonly string[], input: () => Uint8Array = () => readFileSync(0)): string[] {
  const lines = decodeText(Buffer.from(input()))
    .split(/\r?\n/)
    .filter((line) => line !== '');
  return args.flatMap((arg) => (arg === '@-' ? lines : [arg]));
}
