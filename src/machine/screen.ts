import { openSync } from 'node:fs';
import { emitKeypressEvents } from 'node:readline';
import { ReadStream } from 'node:tty';
import { PortOwnerError } from '../schema/problems.ts';
import type { KeyPress, Screen, ScreenEvents } from '../system/screen.ts';
import { linuxOutput, windowsOutput, type ScreenOutput } from './screen-output.ts';

// The alternate screen, without a cursor and without wrapping at the last column; and back. Input modes are not changed.
const enterText = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leaveText = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Signals that ask the process to end. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** How long a sequence that begins with Escape may take to arrive; Node's half a second is long for the key itself. */
const escapeMs = 100;
const isWindows = process.platform === 'win32';

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

/** A terminal that is taken over. */
class ProcessScreen implements Screen {
  readonly colors: boolean;
  readonly unicode: boolean;
  private readonly input = openInput();
  private readonly output: ScreenOutput;
  private readonly switchConsole: () => () => void;
  private restoreConsole = (): void => {};
  private events: ScreenEvents | null = null;
  private isOpen = false;
  private isSuspended = false;
  private signal: NodeJS.Signals | null = null;

  constructor({ colors, unicode }: Pick<Screen, 'colors' | 'unicode'>, switchConsole: () => () => void) {
    [this.colors, this.unicode, this.switchConsole] = [colors, unicode, switchConsole];
    this.output = (isWindows ? windowsOutput : linuxOutput)(this.onGone);
    // The types want a whole interface.
    emitKeypressEvents(this.input, { escapeCodeTimeout: escapeMs } as never);
    this.input.on('keypress', this.onKey).on('error', this.onGone).on('end', this.onGone);
    process.stdout.on('resize', this.onResize);
    if (!isWindows) process.on('SIGCONT', this.onContinue);
    // The last way out: an exception that nobody caught.
    process.on('exit', this.leave);
    this.enter();
  }

  private readonly onKey = (_text: string | undefined, press: KeyPress): void => this.events?.key(press);
  private readonly onResize = (): void => this.events?.resized();
  private readonly onGone = (): void => this.events?.ended();
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    // SIGINT from another program is what Ctrl+C is on the terminal, which is a key here: a normal end.
    if (signal !== 'SIGINT') this.signal = signal;
    this.events?.ended();
  };
  private readonly onStop = (): void => this.suspend();
  private readonly onContinue = (): void => {
    if (this.isSuspended) this.enter();
    else if (this.isOpen) this.setRaw(true);
    this.isSuspended = false;
    if (this.isOpen) this.events?.resized();
  };

  get columns(): number {
    return process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  get isBusy(): boolean {
    return this.output.isBusy;
  }

  write(text: string): void {
    // The shell's screen is not the view's.
    if (this.isOpen) this.output.write(text);
  }

  listen(events: ScreenEvents): void {
    this.events = events;
  }

  private setRaw(isRaw: boolean): void {
    try {
      this.input.setRawMode(isRaw);
    } catch {
      // The terminal is gone.
    }
  }

  readonly enter = (): void => {
    if (this.isOpen) return;
    this.isOpen = true;
    this.restoreConsole = this.switchConsole();
    this.setRaw(true);
    this.input.resume();
    for (const one of endings) process.on(one, this.onSignal);
    if (!isWindows) process.on('SIGTSTP', this.onStop);
    this.output.write(enterText);
  };

  readonly leave = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.output.write(leaveText);
    this.output.flush();
    this.setRaw(false);
    this.input.pause();
    // Meanwhile, they end this process as usual.
    for (const one of endings) process.off(one, this.onSignal);
    process.off('SIGTSTP', this.onStop);
    this.restoreConsole();
  };

  suspend(): void {
    if (isWindows || !this.isOpen) return;
    this.leave();
    this.isSuspended = true;
    // As the terminal's driver does for Ctrl+Z: the whole job stops. Without a shell that could continue it, it does not.
    process.kill(0, 'SIGTSTP');
    setTimeout(this.onContinue, 100);
  }

  close(): void {
    this.leave();
    this.output.close();
    this.input.off('keypress', this.onKey);
    process.stdout.off('resize', this.onResize);
    process.off('SIGCONT', this.onContinue);
    process.off('exit', this.leave);
    if (this.input === (process.stdin as ReadStream)) this.input.pause();
    else this.input.destroy();
    if (this.signal !== null) process.kill(process.pid, this.signal);
  }
}

/**
 * Takes over the terminal of this process. `switchConsole` switches the modes of a Windows console, and returns how to
 * switch them back. Throws PO3001 if there is no terminal to read keys from.
 */
export const openScreen = (abilities: Pick<Screen, 'colors' | 'unicode'>, switchConsole: () => () => void): Screen =>
  new ProcessScreen(abilities, switchConsole);
