/*
 * Decodes bytes to text, the same way for every file: UTF-8, or UTF-16 with a byte order mark. Anything else is
 * rejected with the position of the first invalid character, because a replacement character would change the meaning
 * of a rule.
 */

/** Thrown for bytes that are not text; the message ends a sentence about the file. */
export class TextError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, { line, column }: TextPlace) {
    super(message);
    this.name = 'TextError';
    this.line = line;
    this.column = column;
  }
}

/** A position in a text, counted from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

const encodingNames: Readonly<Record<TextEncoding, string>> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
};

/** Returns the position directly after a text that begins at another position; columns count as in editors. */
export function placeAfter(text: string, { line, column }: TextPlace = { line: 1, column: 1 }): TextPlace {
  let lines = 0;
  let last = -1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    lines++;
    last = at;
  }
  return { line: line + lines, column: (lines === 0 ? column : 1) + text.length - last - 1 };
}

function isReplacement(bytes: Uint8Array, at: number, encoding: TextEncoding): boolean {
  if (encoding === 'utf-8') return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
  const [low, high] = encoding === 'utf-16le' ? [at, at + 1] : [at + 1, at];
  return bytes[low] === 0xfd && bytes[high] === 0xff;
}

/** Returns the text before the first invalid bytes. */
function validPart(bytes: Uint8Array, encoding: TextEncoding): string {
  // Every invalid sequence becomes a replacement character, but valid text may also contain one.
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  let at = 0;
  for (let index = 0; index < text.length;) {
    const code = text.codePointAt(index)!;
    if (code === 0xfffd && !isReplacement(bytes, at, encoding)) return text.slice(0, index);
    if (encoding !== 'utf-8') at += code > 0xffff ? 4 : 2;
    else at += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    index += code > 0xffff ? 2 : 1;
  }
  return text;
}

function byteOrderMark(bytes: Uint8Array): { encoding: TextEncoding; length: number } {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe && !(c === 0 && d === 0)) return { encoding: 'utf-16le', length: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', length: 2 };
  if ((a === 0xff && b === 0xfe) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    throw new TextError('it is UTF-32 text; only UTF-8 and UTF-16 are read', { line: 1, column: 1 });
  return { encoding: 'utf-8', length: a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0 };
}

/** Returns the error for invalid bytes; `start` is the position where they begin. */
export function invalidText(bytes: Uint8Array, encoding: TextEncoding, start?: TextPlace): TextError {
  return new TextError(`it is not ${encodingNames[encoding]} text`, placeAfter(validPart(bytes, encoding), start));
}

export interface TextOptions {
  /** Whether NUL characters are allowed. */
  readonly allowNul?: boolean;
  /** Whether more bytes follow, so that the last character may be incomplete. */
  readonly isCut?: boolean;
}

/**
 * Decodes a file that a person, PowerShell or another program may have written. Throws TextError for bytes that are not
 * text, and for NUL characters, which only occur in UTF-16 without a byte order mark and in binary files.
 */
export function decodeText(bytes: Uint8Array, { allowNul = false, isCut = false }: TextOptions = {}): string {
  const { encoding, length } = byteOrderMark(bytes);
  const body = bytes.subarray(length);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(body, { stream: isCut });
  } catch {
    throw invalidText(body, encoding);
  }
  const nul = allowNul ? -1 : text.indexOf('\0');
  if (nul >= 0) throw new TextError('it has a NUL character, which is not text', placeAfter(text.slice(0, nul)));
  return text;
}
