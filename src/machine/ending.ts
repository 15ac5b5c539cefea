import { fstatSync, writeSync } from 'node:fs';
import type { Ending } from '../system/ending.ts';

const POLLERR = 0x08;
const POLLHUP = 0x10;
/** A reader that is gone is noticed after this time, although nothing is written. */
const pollMs = 200;

/** Returns a test for whether standard output, if it is a pipe or a socket, still has a reader. */
async function readerTest(): Promise<(() => boolean) | null> {
  if (!fstatSync(1).isFIFO() && !fstatSync(1).isSocket()) return null;
  if (process.platform !== 'linux')
    return () => {
      // Windows also checks a pipe if nothing is written to it.
      writeSync(1, '');
      return true;
    };
  const { poll } = (await import('./linux/libc.ts')).pollCalls();
  // struct pollfd: the descriptor, and no events, so that only errors are reported.
  const one = Buffer.alloc(8);
  one.writeInt32LE(1, 0);
  return () => poll(one, 1, 0) < 1 || (one.readInt16LE(6) & (POLLERR | POLLHUP)) === 0;
}

/** Returns the end of a command: from now on, the first Ctrl+C does not end the program. */
export async function untilEnded(): Promise<Ending> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  const hasReader = await readerTest().catch(() => null);
  const check = (): void => {
    try {
      if (hasReader!()) return;
    } catch {
      // The pipe is closed.
    }
    abort();
  };
  const timer = hasReader === null ? undefined : setInterval(check, pollMs).unref();
  return {
    signal: controller.signal,
    release() {
      clearInterval(timer);
      process.off('SIGINT', abort);
    },
  };
}
