import { encodingOf } from './sniff.ts';

/** Thrown by the readers here: what is wrong with the file, as the end of a sentence that begins with its name. */
export class ClixmlError extends Error {}

/** The first line that makes PowerShell read a program's output as CLIXML; our own --format clixml writes it. */
const header = /^[ \t\r\n]*#< CLIXML[ \t]*\r?\n/;
/** Enough for a byte order mark, blanks and the header. */
const headLength = 64;

/** The text of a file: UTF-8 or UTF-16, with or without a byte order mark, and without PowerShell's header. */
export function* decodeText(chunks: Iterable<Uint8Array>): Generator<string> {
  let decoder: TextDecoder | null = null;
  let first: Uint8Array = new Uint8Array();
  let head: string | null = '';
  function decode(bytes: Uint8Array, last: boolean): string {
    if (decoder === null) {
      const encoding = encodingOf(bytes);
      if (encoding === 'utf-32') throw new ClixmlError('is UTF-32 text; only UTF-8 and UTF-16 are read');
      decoder = new TextDecoder(encoding, { fatal: true });
    }
    try {
      return decoder.decode(bytes, { stream: !last });
    } catch {
      throw new ClixmlError(`is not ${decoder.encoding.toUpperCase()} text`);
    }
  }
  for (const chunk of chunks) {
    // The encoding shows in the first four bytes.
    const bytes = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    first = new Uint8Array();
    if (decoder === null && bytes.length < 4) {
      first = Buffer.from(bytes);
      continue;
    }
    const text = decode(bytes, false);
    if (head === null) {
      yield text;
    } else {
      head += text;
      if (head.length < headLength) continue;
      yield head.replace(header, '');
      head = null;
    }
  }
  const rest = decode(first, true);
  yield head === null ? rest : (head + rest).replace(header, '');
}
