/*
 * The encoding of configuration files: text with positions, from which the bytes of a value can be found and replaced
 * while every other byte stays as it is. UTF-8, UTF-16 with a byte order mark, and, for anything else, Latin-1.
 */

export type FileEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

/** A decoded file. Positions in it are those of `text`. */
export interface TextFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly encoding: FileEncoding;
  /** The number of bytes of its byte order mark. */
  readonly mark: number;
}

/** The replacement of a part of a text. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function encodingOf(bytes: Uint8Array): { encoding: FileEncoding; mark: number } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: 'utf-16le', mark: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: 'utf-16be', mark: 2 };
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { encoding: 'utf-8', mark };
  } catch {
    return { encoding: 'latin1', mark: 0 };
  }
}

/** Decodes a file. Null if it is not text: it has a NUL character, or half a UTF-16 character. */
export function decodeFile(path: string, bytes: Uint8Array): TextFile | null {
  const { encoding, mark } = encodingOf(bytes);
  const rest = bytes.subarray(mark);
  if (encoding.startsWith('utf-16') && rest.length % 2 !== 0) return null;
  // The decoder of Node for latin1 is that of Windows-1252, which is not one character a byte.
  const text =
    encoding === 'latin1'
      ? Buffer.from(rest).toString('latin1')
      : encoding === 'utf-16be'
        ? Buffer.from(rest).swap16().toString('utf16le')
        : encoding === 'utf-16le'
          ? Buffer.from(rest).toString('utf16le')
          : Buffer.from(rest).toString('utf8');
  return text.includes('\0') ? null : { path, bytes, text, encoding, mark };
}

/** Encodes a text as in this file, without a byte order mark. Null if the encoding lacks a character. */
function encode(text: string, encoding: FileEncoding): Buffer | null {
  if (encoding === 'latin1') return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : null;
  if (encoding === 'utf-8') return text.isWellFormed() ? Buffer.from(text, 'utf8') : null;
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}

/** Returns the position in the bytes of a position in the text. */
export function byteAt({ text, encoding, mark }: TextFile, at: number): number {
  if (encoding === 'latin1') return mark + at;
  return mark + (encoding === 'utf-8' ? Buffer.byteLength(text.slice(0, at)) : 2 * at);
}

/** Returns the bytes of a file after edits, which must not overlap. Null if its encoding lacks a character. */
export function edited(file: TextFile, edits: readonly Edit[]): Buffer | null {
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    const [from, to] = [byteAt(file, start), byteAt(file, end)];
    const bytes = encode(text, file.encoding);
    if (bytes === null) return null;
    if (from < done || to < from) throw new RangeError(`the edits of ${file.path} overlap`);
    parts.push(file.bytes.subarray(done, from), bytes);
    done = to;
  }
  parts.push(file.bytes.subarray(done));
  return Buffer.concat(parts);
}

/** The text in which a line was counted last, and where it begins and ends: positions are mostly asked for in order. */
let counted = { text: '', line: 1, start: 0, end: -1 };

/** Returns the line of a position, counted from 1. */
export function lineAt(text: string, at: number): number {
  // CRLF and LF both end in LF; a lone CR ends no line for the servers.
  let { line, start, end } = counted;
  if (counted.text !== text || at < start) [line, start, end] = [1, 0, text.indexOf('\n')];
  for (; end >= 0 && end < at; end = text.indexOf('\n', start)) [line, start] = [line + 1, end + 1];
  counted = { text, line, start, end };
  return line;
}
