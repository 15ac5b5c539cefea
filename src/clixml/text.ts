import { invalidText, placeAfter, type TextPlace, type TextEncoding } from '../io/text.ts';
import { encodingOf } from './sniff.ts';

/** Thrown by the readers in this folder; the message completes a sentence that begins with the name of the file. */
export class ClixmlError extends Error {}

/** The first line that makes PowerShell read a program's output as CLIXML; our own --format clixml writes it. */
const header = /^[ \t\r\n]*#< CLIXML[ \t]*\r?\n/;
/** Enough for a byte order mark, blanks, the header and an XML declaration. */
const headLength = 256;
const declaration = /^\s*<\?xml\b[^>]*?\sencoding\s*=\s*["']([^"']*)["']/;
const unicode = /^(?:utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii)$/i;

/** Strips PowerShell's header from the first characters of a file. Throws if they declare another encoding. */
function withoutHeader(head: string): string {
  const text = head.replace(header, '');
  const declared = declaration.exec(text)?.[1];
  if (declared !== undefined && !unicode.test(declared))
    throw new ClixmlError(`declares the encoding ${JSON.stringify(declared)}; only UTF-8 and UTF-16 are read`);
  return text;
}

/** Decodes a file chunk by chunk and tracks the position of invalid text. */
class Decoder {
  readonly #encoding: TextEncoding;
  readonly #decoder: TextDecoder;
  #place: TextPlace = { line: 1, column: 1 };
  /** The last decoded bytes: they may end with the beginning of a character. */
  #before: Uint8Array = new Uint8Array();

  constructor(head: Uint8Array) {
    const encoding = encodingOf(head);
    if (encoding === 'utf-32') throw new ClixmlError('is UTF-32 text; only UTF-8 and UTF-16 are read');
    this.#encoding = encoding;
    this.#decoder = new TextDecoder(encoding, { fatal: true });
  }

  decode(bytes: Uint8Array, last: boolean): string {
    try {
      const text = this.#decoder.decode(bytes, { stream: !last });
      this.#place = placeAfter(text, this.#place);
      this.#before = Uint8Array.from(bytes.subarray(-3));
      return text;
    } catch {
      const unfinished = incompleteEnd(this.#before, this.#encoding);
      const { line, column } = invalidText(Buffer.concat([unfinished, bytes]), this.#encoding, this.#place);
      throw new ClixmlError(`is not ${this.#encoding.toUpperCase()} text: line ${line}, column ${column}`);
    }
  }
}

/** Returns the bytes of an incomplete character at the end. */
function incompleteEnd(bytes: Uint8Array, encoding: TextEncoding): Uint8Array {
  for (let length = Math.min(3, bytes.length); length > 0; length--) {
    const end = bytes.subarray(bytes.length - length);
    const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    try {
      if (decoder.decode(end, { stream: true }) === '') return end;
    } catch {
      // The chunk begins in the middle of a character.
    }
  }
  return new Uint8Array();
}

/** Yields the text of a file in UTF-8 or UTF-16, with or without a byte order mark, and without PowerShell's header. */
export function* decodeChunks(chunks: Iterable<Uint8Array>): Generator<string> {
  let decoder: Decoder | null = null;
  let first: Uint8Array = new Uint8Array();
  let head: string | null = '';
  for (const chunk of chunks) {
    // The first four bytes show the encoding.
    const bytes = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    first = new Uint8Array();
    if (decoder === null && bytes.length < 4) {
      first = Buffer.from(bytes);
      continue;
    }
    decoder ??= new Decoder(bytes);
    const text = decoder.decode(bytes, false);
    if (head === null) {
      yield text;
    } else {
      head += text;
      if (head.length < headLength) continue;
      yield withoutHeader(head);
      head = null;
    }
  }
  const rest = (decoder ?? new Decoder(first)).decode(first, true);
  yield head === null ? rest : withoutHeader(head + rest);
}
