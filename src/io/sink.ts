import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { errorCode, errorWords } from './errors.ts';
import { destination } from './place.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { temporaryBeside } from './temporary.ts';

/** The output for the formats. */
export interface TextSink {
  /** Writes text, buffered in chunks of 64 KiB. */
  write(text: string): void;
  /** Sends the buffered text immediately. */
  flush(): void;
  /** Writes bytes, if the sink is a file. */
  bytes?(bytes: Uint8Array): void;
}

/**
 * The only output of the program. Every method throws PortOwnerError PO2004 if the target cannot be written, and
 * ClosedPipe if nobody reads it anymore.
 */
export interface Sink extends TextSink {
  bytes(bytes: Uint8Array): void;
  /** Finishes: writes everything and puts a file in its place. */
  close(): void;
  /** Cancels: an existing file stays unchanged. Does nothing after close(). */
  abort(): void;
}

/**
 * The reader of a pipe is gone, as in `portowner | head -1`: not an error. The program ends silently, with the exit
 * code of its answer.
 */
export class ClosedPipe extends Error {
  constructor() {
    super('the reader closed the pipe');
    this.name = 'ClosedPipe';
  }
}

/** Discards all output. */
export const nullSink = (): Sink => ({ write() {}, flush() {}, bytes() {}, close() {}, abort() {} });

/** Passes text on, and discards bytes. */
export const textSink = (write: (text: string) => void): Sink => ({ ...nullSink(), write });

const chunkSize = 64 * 1024;

const hints: Readonly<Record<string, string>> = {
  EACCES: 'Choose another file, or close the program that has this one open.',
  EPERM: 'Choose another file, or close the program that has this one open.',
  EBUSY: 'Close that program, or choose another file.',
  ENOENT: 'Create the folder first.',
  ENOSPC: 'Free some space, or choose another place.',
};

function unwritable(name: string, error: unknown): PortOwnerError {
  const hint = hints[errorCode(error)];
  return new PortOwnerError('PO2004', `cannot write ${name}: ${errorWords(error, 'write')}`, {
    ...(hint === undefined ? {} : { hint }),
    target: name,
    cause: error,
  });
}

const clock = new Int32Array(new SharedArrayBuffer(4));

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    let written = 0;
    try {
      written = writeSync(fd, bytes, at);
    } catch (error) {
      const code = errorCode(error);
      // Windows returns EOF instead of EPIPE; a socket closed with unread data returns ECONNRESET.
      if (code === 'EPIPE' || code === 'EOF' || code === 'ECONNRESET') throw new ClosedPipe();
      if (code !== 'EAGAIN') throw error;
    }
    // The pipe is full and nonblocking: wait for its reader.
    if (written === 0) Atomics.wait(clock, 0, 0, 1);
    at += written;
  }
}

/** Returns a sink over an open file; `finish` and `discard` handle close() and abort(). */
function sinkOf(fd: number, name: string, finish: () => void, discard: () => void): Sink {
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(2 * chunkSize);
  let pending = '';
  let open = true;

  function abort(): void {
    if (!open) return;
    open = false;
    pending = '';
    discard();
  }

  function guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      abort();
      throw error instanceof ClosedPipe ? error : unwritable(name, error);
    }
  }

  function send(): void {
    let rest = pending;
    pending = '';
    while (rest !== '') {
      const { read, written } = encoder.encodeInto(rest, buffer);
      writeAll(fd, buffer.subarray(0, written));
      rest = rest.slice(read);
    }
  }

  return {
    write(text) {
      pending += text;
      if (pending.length >= chunkSize) guarded(send);
    },
    bytes(bytes) {
      guarded(() => {
        send();
        writeAll(fd, bytes);
      });
    },
    flush() {
      guarded(send);
    },
    close() {
      guarded(() => {
        send();
        finish();
      });
      open = false;
    },
    abort,
  };
}

/** Returns the sink for standard output (or another open file descriptor, for tests). */
export function stdoutSink(fd = 1): Sink {
  return sinkOf(
    fd,
    'standard output',
    () => {},
    () => {},
  );
}

// Names of files that are already open: renaming over one would bypass the process that has it open.
const openAlready = /^(?:\/dev\/(?:stderr$|fd\/)|\/proc\/)/;

function direct(path: string): Sink {
  const fd = openSync(path, 'w');
  return sinkOf(
    fd,
    path,
    () => closeSync(fd),
    () => closeSync(fd),
  );
}

function replacing(path: string, target: string, existing: Stats | undefined, mode: number | undefined): Sink {
  if (existing) accessSync(target, constants.W_OK);
  const temporary = temporaryBeside(target);
  const fd = openSync(temporary, 'wx', existing ? 0o600 : 0o666);
  let opened = true;

  function discard(): void {
    if (opened) closeSync(fd);
    rmSync(temporary, { force: true });
  }

  function finish(): void {
    if (existing) {
      try {
        fchownSync(fd, existing.uid, existing.gid);
      } catch {
        // Only root can give files away; otherwise the file belongs to the caller, like any new file.
      }
      fchmodSync(fd, existing.mode & 0o777);
    } else if (mode !== undefined) fchmodSync(fd, mode);
    fsyncSync(fd);
    opened = false;
    closeSync(fd);
    renameSync(temporary, target);
  }

  return sinkOf(fd, path, finish, discard);
}

/**
 * Returns a sink for a file. Output goes to a temporary file beside it, which replaces it in close(): until then, and
 * permanently after abort() or a kill, an existing file stays unchanged. Terminals, other character devices and named
 * pipes are written directly. `mode`: the mode of a new file, whatever the mask of the process is.
 */
export function fileSink(path: string, mode?: number): Sink {
  if (path === '/dev/stdout') return stdoutSink();
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    if (existing?.isBlockDevice()) throw new Error('it is a disk, not a file');
    if (openAlready.test(path) || (existing && !existing.isFile())) return direct(path);
    return replacing(path, destination(path), existing, mode);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Finishes a sink after `work`, or cancels it if that fails. */
export async function finished<T>(sink: Sink, work: (sink: Sink) => Promise<T>): Promise<T> {
  try {
    const result = await work(sink);
    sink.close();
    return result;
  } catch (error) {
    sink.abort();
    throw error;
  }
}
