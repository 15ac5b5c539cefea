import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { emitKeypressEvents } from 'node:readline';
import { ReadStream } from 'node:tty';
import { errorCode } from '../io/errors.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { KeyPress, Screen, ScreenEvents } from '../system/screen.ts';

// The alternate screen, without a cursor and without wrapping at the last column; and back. Input modes are not changed.
const enterText = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leaveText = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Signals that ask the process to end. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const isWindows = process.platform === 'win32';

/** A terminal to write to. */
interface Output {
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
function linuxOutput(gone: () => void): Output {
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
function windowsOutput(gone: () => void): Output {
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

/** The terminal to read keys from; standard input may be a pipe. */
function openInput(): ReadStream {
  if (!isWindows && process.stdin.isTTY) return process.stdin as ReadStream;
  try {
    return new ReadStream(openSync(isWindows ? '\\\\.\\CONIN$' : '/dev/tty', 'r+'));
  } catch (error) {
    throw new PortOwnerError('PO3001', 'there is no terminal to read keys from', {
      hint: 'Use --plain to write lines instead.',
      cause: error,
    });
  }
}

/**
 * Takes over the terminal of this process. `console` switches the modes of a Windows console, and returns how to switch
 * them back. Throws PO3001 if there is no terminal to read keys from.
 */
export function openScreen(abilities: Pick<Screen, 'colors' | 'unicode'>, console: () => () => void): Screen {
  const input = openInput();
  const { stdout } = process;
  let events: ScreenEvents | null = null;
  let isOpen = false;
  let isSuspended = false;
  let signal: NodeJS.Signals | null = null;
  let restoreConsole = (): void => {};
  const output = (isWindows ? windowsOutput : linuxOutput)(() => events?.ended());

  const onKey = (_text: string | undefined, press: KeyPress): void => events?.key(press);
  const onResize = (): void => events?.resized();
  const onGone = (): void => events?.ended();
  const onSignal = (given: NodeJS.Signals): void => {
    // From another program; Ctrl+C on the terminal is a key. Both end the view normally.
    if (given !== 'SIGINT') signal = given;
    events?.ended();
  };
  const onContinue = (): void => {
    if (isSuspended) enter();
    else if (isOpen) setRaw(true);
    isSuspended = false;
    if (isOpen) events?.resized();
  };
  const setRaw = (isRaw: boolean): void => {
    try {
      input.setRawMode(isRaw);
    } catch {
      // The terminal is gone.
    }
  };
  function enter(): void {
    if (isOpen) return;
    isOpen = true;
    restoreConsole = console();
    setRaw(true);
    input.resume();
    for (const one of endings) process.on(one, onSignal);
    output.write(enterText);
  }
  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    output.write(leaveText);
    output.flush();
    setRaw(false);
    input.pause();
    // Meanwhile, they end this process as usual.
    for (const one of endings) process.off(one, onSignal);
    restoreConsole();
  }

  emitKeypressEvents(input);
  input.on('keypress', onKey);
  input.on('error', onGone);
  input.on('end', onGone);
  stdout.on('resize', onResize);
  if (!isWindows) process.on('SIGCONT', onContinue);
  // The last way out: an exception that nobody caught.
  process.on('exit', leave);
  enter();

  return {
    ...abilities,
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    get isBusy() {
      return output.isBusy;
    },
    write: (text) => output.write(text),
    listen: (given) => void (events = given),
    leave,
    enter,
    suspend() {
      if (isWindows) return;
      leave();
      isSuspended = true;
      // As the terminal's driver does for Ctrl+Z: the whole job stops. Without a shell that could continue it, it does not.
      process.kill(0, 'SIGTSTP');
      setTimeout(onContinue, 100);
    },
    close() {
      leave();
      output.close();
      input.off('keypress', onKey);
      stdout.off('resize', onResize);
      process.off('SIGCONT', onContinue);
      process.off('exit', leave);
      if (input === (process.stdin as ReadStream)) input.pause();
      else input.destroy();
      if (signal !== null) process.kill(process.pid, signal);
    },
  };
}
