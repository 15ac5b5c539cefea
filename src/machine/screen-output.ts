// The terminal that a full-screen view is written to.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { errorCode } from '../io/errors.ts';

/** A terminal to write to. */
export interface ScreenOutput {
  readonly isBusy: boolean;
  write(text: string): void;
  /** Writes what is left, as far as the terminal takes it now. */
  flush(): void;
  close(): void;
}

/** How often a terminal that is full is tried again. */
const retryMs = 10;
/** How long a terminal that is full is waited for before it is left. */
const patienceMs = 300;

/** The terminal of a file descriptor, opened once more: only our own descriptor may become non-blocking. */
function ownDescriptor(): number | null {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // It may belong to another user, after su; then a slow terminal blocks.
    return null;
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** A terminal of Linux. Node's stream would block as long as the terminal takes nothing, and no key would be read. */
export function linuxOutput(gone: () => void): ScreenOutput {
  const own = ownDescriptor();
  const fd = own ?? 1;
  let pending: Buffer = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;

  /** Returns whether the terminal takes more. */
  function send(): boolean {
    try {
      while (pending.length > 0) pending = pending.subarray(writeSync(fd, pending));
    } catch (error) {
      if (errorCode(error) === 'EAGAIN') return true;
      pending = pending.subarray(pending.length);
      gone();
    }
    return false;
  }
  function pump(): void {
    clearTimeout(timer);
    if (send()) timer = setTimeout(pump, retryMs);
  }
  return {
    get isBusy() {
      return pending.length > 0;
    },
    write(text) {
      pending = Buffer.concat([pending, Buffer.from(text)]);
      pump();
    },
    flush() {
      clearTimeout(timer);
      for (let waited = 0; send() && waited < patienceMs; waited += retryMs) Atomics.wait(pause, 0, 0, retryMs);
    },
    close() {
      if (own !== null) closeSync(own);
    },
  };
}

/** A Windows console, to which only Node's stream writes Unicode. It writes at once. */
export function windowsOutput(gone: () => void): ScreenOutput {
  const { stdout } = process;
  stdout.on('error', gone);
  return {
    get isBusy() {
      return stdout.writableLength > 0;
    },
    write: (text) => void stdout.write(text),
    flush() {},
    close: () => void stdout.off('error', gone),
  };
}
