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

/** What the formats write to. */
export interface TextSink {
  /** Takes text; it leaves in chunks of 64 KiB. */
  write(text: string): void;
  /** Sends at once what was taken so far. */
  flush(): void;
  /** Takes bytes, where the sink is a file. */
  bytes?(bytes: Uint8Array): void;
}

/**
 * The one way out of the program. Every method throws PortOwnerError PO2004 when the target
 * cannot be written, and ClosedPipe when nobody reads any more.
 */
export interface Sink extends TextSink {
  bytes(bytes: Uint8Array): void;
  /** The end: everything is written, and a file is in its place. */
  close(): void;
  /** The end without success: a file stays as it was before. Does nothing after close(). */
  abort(): void;
}

/** The reader of a pipe went away, as in `portowner | head -1`: no error, the program ends quietly, with the exit code of its answer. */
export class ClosedPipe extends Error {
  constructor() {
    super('the reader closed the pipe');
    this.name = 'ClosedPipe';
  }
}

/** Takes everything and writes nothing. */
export const nullSink = (): Sink => ({ write() {}, flush() {}, bytes() {}, close() {}, abort() {} });

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
      // Windows says EOF where others say EPIPE; a socket that was left with something to read, ECONNRESET.
      if (code === 'EPIPE' || code === 'EOF' || code === 'ECONNRESET') throw new ClosedPipe();
      if (code !== 'EAGAIN') throw error;
    }
    // The pipe is full and does not block: give its reader a moment.
    if (written === 0) Atomics.wait(clock, 0, 0, 1);
    at += written;
  }
}

/** A sink over an open file; `finish` and `discard` say what the two ends mean for it. */
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

/** Standard output (or another open file descriptor, for tests). */
export function stdoutSink(fd = 1): Sink {
  return sinkOf(
    fd,
    'standard output',
    () => {},
    () => {},
  );
}

// Names of a file that is already open somewhere: renaming over it would miss whoever has it open.
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

function replacing(path: string, target: string, existing: Stats | undefined): Sink {
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
        // Only root gives files away; the file is then the caller's own, like any new file.
      }
      fchmodSync(fd, existing.mode & 0o777);
    }
    fsyncSync(fd);
    opened = false;
    closeSync(fd);
    renameSync(temporary, target);
  }

  return sinkOf(fd, path, finish, discard);
}

/**
 * A file. What is written goes to a temporary file beside it, which takes its place in close():
 * until then, and for good after abort() or a kill, an existing file stays as it was.
 * Terminals, other character devices and named pipes are written directly.
 */
export function fileSink(path: string): Sink {
  if (path === '/dev/stdout') return stdoutSink();
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    if (existing?.isBlockDevice()) throw new Error('it is a disk, not a file');
    if (openAlready.test(path) || (existing && !existing.isFile())) return direct(path);
    return replacing(path, destination(path), existing);
  } catch (error) {
    throw unwritable(path, error);
  }
}
