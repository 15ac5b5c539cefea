import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { PortOwnerError } from '../schema/problems.ts';
import { specialFile } from './special-file.ts';
import { errorCode, errorWords } from './errors.ts';
import { decodeText, TextError, type TextOptions } from './text.ts';

/*
 * The one reader of files that a command line names, and of standard input: within a limit, never a device or a pipe
 * that waits for its other end, and with the system's refusals in words.
 */

const megabyte = 1024 * 1024;
const headSize = 4096;
const chunkSize = 65_536;

const clock = new Int32Array(new SharedArrayBuffer(4));

/** An open file, of which the first bytes are already read. */
export interface OpenFile {
  /** As messages call it. */
  readonly name: string;
  readonly file: number;
  readonly head: Uint8Array;
  readonly modified: Date;
  readonly hint: string | undefined;
}

/** The error of a file that cannot be read: `why` is what the system threw, or a text. */
export function unreadable(name: string, why: unknown, hint?: string): PortOwnerError {
  return new PortOwnerError(
    'PO2001',
    `cannot read ${name}: ${typeof why === 'string' ? why : errorWords(why, 'read')}`,
    { ...(hint === undefined ? {} : { hint }), target: name, cause: why },
  );
}

/** Runs what reads a file; what the system refuses becomes PO2001. */
function reading<T>(name: string, hint: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof PortOwnerError ? error : unreadable(name, error, hint);
  }
}

/** Fills the buffer from where the file stands, as far as it goes. */
function fill(file: number, buffer: Uint8Array): Uint8Array {
  let length = 0;
  while (length < buffer.length) {
    try {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    } catch (error) {
      const code = errorCode(error);
      // So ends a pipe on Windows.
      if (code === 'EOF') break;
      // Standard input that somebody else set not to block.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(clock, 0, 0, 5);
    }
  }
  return buffer.subarray(0, length);
}

/** Opens a file to read; `-` is standard input. Throws PO2001, with this hint. */
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

/** All of an open file, piece by piece; each is valid until the next is taken. Throws PO2001. */
export function* chunksOf({ name, file, head, hint }: OpenFile): Generator<Uint8Array> {
  yield head;
  const buffer = new Uint8Array(chunkSize);
  for (;;) {
    const chunk = reading(name, hint, () => fill(file, buffer));
    if (chunk.length === 0) return;
    yield chunk;
  }
}

/** What follows the head of a file without a size, such as a pipe, which perhaps has no end. */
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

/** All of an open file. Throws PO2001, also for one that is larger than the limit. */
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

/** The bytes of a file, or of standard input (`-`). Throws PO2001. */
export function readBytes(path: string, maxBytes: number, hint?: string): Buffer {
  const opened = openFile(path, hint);
  try {
    return wholeOf(opened, maxBytes);
  } finally {
    closeFile(opened);
  }
}

/** The first bytes of standard input, at most `most`: a pipe may have no end. Throws PO2001. */
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

/** Both ends of what may be long; between them nothing was left out where it is not. */
export interface InputEnds {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  /** How many bytes between them were left out. */
  readonly leftOut: number;
}

/** More of a pipe is not waited for: it may have no end. */
const mostInput = 1024 * megabyte;

/** The first and the last bytes of standard input, up to a limit. Throws PO2001. */
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

/** Bytes of a file as text. Throws PO2002 with the line and column of what is not text. */
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

/** Where the first whole character of UTF-8 begins. */
function narrowStart(bytes: Uint8Array): number {
  let start = 0;
  while (start < 3 && (bytes[start] ?? 0) >> 6 === 2) start++;
  return start;
}

/** Where the first whole character of UTF-16 begins, of which `odd` bytes are the rest of another. */
function wideStart(bytes: Uint8Array, odd: number, isLittle: boolean): number {
  const high = bytes[odd + (isLittle ? 1 : 0)] ?? 0;
  return high >= 0xdc && high <= 0xdf ? odd + 2 : odd;
}

/** Both ends of a text as one, with the end of a line between them where something was left out. Throws PO2002. */
export function textOfEnds({ first, last, leftOut }: InputEnds, name: string): string {
  if (leftOut === 0) return textOf(Buffer.concat([first, last]), name);
  const isWide = (first[0] === 0xff && first[1] === 0xfe) || (first[0] === 0xfe && first[1] === 0xff);
  // The second part begins anywhere: with the rest of a character, which is left out, too.
  const rest = last.subarray(
    isWide ? wideStart(last, (first.length + leftOut) % 2, first[0] === 0xff) : narrowStart(last),
  );
  const [head, tail] = [
    textOf(first, name, { isCut: true }),
    isWide ? Buffer.concat([first.subarray(0, 2), rest]) : rest,
  ];
  return `${head}\n${textOf(tail, name)}`;
}

/** A text file. Throws PO2001 and PO2002. */
export function readText(path: string, maxBytes: number): string {
  return textOf(readBytes(path, maxBytes), path);
}

/** Whether a path is a folder; who opens it says why it cannot be looked at. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
