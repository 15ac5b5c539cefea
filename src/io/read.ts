import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { PortOwnerError } from '../schema/problems.ts';
import { specialFile } from './special-file.ts';
import { errorCode, errorWords } from './errors.ts';
import { decodeText, TextError, type TextOptions } from './text.ts';

/*
 * The only reader of standard input and of files named on the command line: enforces a limit, rejects devices and pipes
 * that block until their other end opens, and reports system errors in words.
 */

const megabyte = 1024 * 1024;
const headSize = 4096;
const chunkSize = 65_536;

const clock = new Int32Array(new SharedArrayBuffer(4));

/** An open file whose first bytes have been read. */
export interface OpenFile {
  /** Its name in messages. */
  readonly name: string;
  readonly file: number;
  readonly head: Uint8Array;
  readonly modified: Date;
  readonly hint: string | undefined;
}

/** Returns the error for an unreadable file; `why` is the system error, or a text. */
export function unreadable(name: string, why: unknown, hint?: string): PortOwnerError {
  return new PortOwnerError(
    'PO2001',
    `cannot read ${name}: ${typeof why === 'string' ? why : errorWords(why, 'read')}`,
    { ...(hint === undefined ? {} : { hint }), target: name, cause: why },
  );
}

/** Runs a function that reads a file; converts system errors to PO2001. */
function reading<T>(name: string, hint: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof PortOwnerError ? error : unreadable(name, error, hint);
  }
}

/** Fills the buffer from the current position, or up to the end of the file. */
function fill(file: number, buffer: Uint8Array): Uint8Array {
  let length = 0;
  while (length < buffer.length) {
    try {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    } catch (error) {
      const code = errorCode(error);
      // The end of a pipe on Windows.
      if (code === 'EOF') break;
      // EAGAIN: another process made standard input nonblocking.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(clock, 0, 0, 5);
    }
  }
  return buffer.subarray(0, length);
}

/** Opens a file to read; `-` is standard input. Throws PO2001 with this hint. */
export function openFile(path: string, hint?: string): OpenFile {
  const name = path === '-' ? 'standard input' : path;
  return reading(name, hint, () => {
    const special = path === '-' ? null : specialFile(path);
    if (special !== null) throw unreadable(name, special, hint);
    const file = path === '-' ? 0 : openSync(path, 'r');
    try {
      return { name, file, head: fill(file, new Uint8Array(headSize)), modified: fstatSync(file).mtime, hint };
    } catch (error) {
      if (file !== 0) closeSync(file);
      throw error;
    }
  });
}

export function closeFile({ file }: OpenFile): void {
  if (file !== 0) closeSync(file);
}

/** Yields an open file in chunks, each valid until the next one. Throws PO2001. */
export function* chunksOf({ name, file, head, hint }: OpenFile): Generator<Uint8Array> {
  yield head;
  const buffer = new Uint8Array(chunkSize);
  for (;;) {
    const chunk = reading(name, hint, () => fill(file, buffer));
    if (chunk.length === 0) return;
    yield chunk;
  }
}

/** Reads the rest of a file without a size, such as a pipe, which may have no end. Null if it exceeds the limit. */
function restOf({ file, head }: OpenFile, maxBytes: number): Buffer | null {
  const chunks: Uint8Array[] = [head];
  for (let size = head.length; size <= maxBytes;) {
    const chunk = fill(file, Buffer.allocUnsafe(chunkSize));
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
    size += chunk.length;
  }
  return null;
}

/** Reads an open file completely. Throws PO2001, also if it exceeds the limit. */
export function wholeOf(opened: OpenFile, maxBytes: number): Buffer {
  const { name, file, head, hint } = opened;
  return reading(name, hint, () => {
    const { size } = fstatSync(file);
    const tooLarge = unreadable(name, `it has more than ${maxBytes / megabyte} MB`, hint);
    if (size > maxBytes) throw tooLarge;
    if (size <= head.length) {
      const whole = restOf(opened, maxBytes);
      if (whole === null) throw tooLarge;
      return whole;
    }
    const whole = Buffer.allocUnsafe(size);
    whole.set(head);
    return whole.subarray(0, head.length + fill(file, whole.subarray(head.length)).length);
  });
}

/** Reads a file, or standard input (`-`). Throws PO2001. */
export function readBytes(path: string, maxBytes: number, hint?: string): Buffer {
  const opened = openFile(path, hint);
  try {
    return wholeOf(opened, maxBytes);
  } finally {
    closeFile(opened);
  }
}

/** Reads at most the first `most` bytes of standard input, because a pipe may have no end. Throws PO2001. */
export function readInput(most: number): Buffer {
  const chunks: Uint8Array[] = [];
  return reading('standard input', undefined, () => {
    for (let size = 0; size < most;) {
      const chunk = fill(0, Buffer.allocUnsafe(Math.min(chunkSize, most - size)));
      if (chunk.length === 0) break;
      chunks.push(chunk);
      size += chunk.length;
    }
    return Buffer.concat(chunks);
  });
}

/** The first and last bytes of an input that may be long. */
export interface InputEnds {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  /** The number of bytes between them that were left out. */
  readonly leftOut: number;
}

/** The most bytes to read from a pipe, which may have no end. */
const mostInput = 1024 * megabyte;

/** Reads the first and the last bytes of standard input, up to a limit. Throws PO2001. */
export function readInputEnds(most: { readonly first: number; readonly last: number }): InputEnds {
  return reading('standard input', undefined, () => {
    const first = fill(0, Buffer.alloc(most.first));
    const chunks: Uint8Array[] = [];
    let kept = 0;
    let size = first.length;
    while (first.length === most.first && size < mostInput) {
      const chunk = fill(0, Buffer.allocUnsafe(chunkSize));
      if (chunk.length === 0) break;
      size += chunk.length;
      kept += chunk.length;
      chunks.push(chunk);
      while (kept - chunks[0]!.length >= most.last) kept -= chunks.shift()!.length;
    }
    const last = Buffer.concat(chunks).subarray(-most.last);
    return {
      first,
      last: kept === 0 ? new Uint8Array() : last,
      leftOut: size - first.length - Math.min(kept, most.last),
    };
  });
}

/** Decodes the bytes of a file. Throws PO2002 with the line and column of the first invalid character. */
export function textOf(bytes: Uint8Array, name: string, more: TextOptions & { hint?: string } = {}): string {
  try {
    return decodeText(bytes, more);
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    throw new PortOwnerError('PO2002', `${name}, line ${error.line}, column ${error.column}: ${error.message}`, {
      hint: more.hint ?? 'Save it as UTF-8.',
      target: name,
      cause: error,
    });
  }
}

/** Returns the offset of the first complete UTF-8 character. */
function narrowStart(bytes: Uint8Array): number {
  let start = 0;
  while (start < 3 && (bytes[start] ?? 0) >> 6 === 2) start++;
  return start;
}

/** Returns the offset of the first complete UTF-16 character; the first `odd` bytes belong to an earlier character. */
function wideStart(bytes: Uint8Array, odd: number, isLittle: boolean): number {
  const high = bytes[odd + (isLittle ? 1 : 0)] ?? 0;
  return high >= 0xdc && high <= 0xdf ? odd + 2 : odd;
}

/** Joins both ends of a text, with a line break between them if something was left out. Throws PO2002. */
export function textOfEnds({ first, last, leftOut }: InputEnds, name: string): string {
  if (leftOut === 0) return textOf(Buffer.concat([first, last]), name);
  const isWide = (first[0] === 0xff && first[1] === 0xfe) || (first[0] === 0xfe && first[1] === 0xff);
  // The second part may begin inside a character; its remaining bytes are dropped.
  const rest = last.subarray(
    isWide ? wideStart(last, (first.length + leftOut) % 2, first[0] === 0xff) : narrowStart(last),
  );
  const [head, tail] = [
    textOf(first, name, { isCut: true }),
    isWide ? Buffer.concat([first.subarray(0, 2), rest]) : rest,
  ];
  return `${head}\n${textOf(tail, name)}`;
}

/** Reads a text file. Throws PO2001 and PO2002. */
export function readText(path: string, maxBytes: number): string {
  return textOf(readBytes(path, maxBytes), path);
}

/** Whether a path is a folder; false if it cannot be checked, because opening it reports the error. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}

/** The longest file of which its replacement keeps values. */
const maxReplaced = 4 * 1024 * 1024;

/** The text of the file that is being replaced; null if there is none, or it cannot be read. */
export function replacedText(path: string): string | null {
  try {
    return readBytes(path, maxReplaced).toString('utf8');
  } catch (error) {
    if (error instanceof PortOwnerError) return null;
    throw error;
  }
}
