import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { guardSecrets } from '../io/secret.ts';
import { stdoutSink, type Sink } from '../io/sink.ts';
import type { Terminal } from '../system/terminal.ts';
import { fitted } from '../io/wrap.ts';
import { readInput, readInputEnds } from '../io/read.ts';
import { liveBinder, liveEventLog, liveHands, liveLooks, liveScheduler, liveSource, liveTools } from './live.ts';
import type { Screen } from '../system/screen.ts';
import type { Surroundings } from '../system/surroundings.ts';

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

function terminal(): Terminal | null {
  // Loading node:tty takes milliseconds, and pipes and files do not need it.
  if (!isCharacterDevice(1) || !process.stdout.isTTY) return null;
  const { NO_COLOR, TERM, LANG, LC_ALL, LC_CTYPE } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return {
    columns: process.stdout.columns || 80,
    colors: !NO_COLOR && TERM !== 'dumb',
    unicode: process.platform === 'win32' || /utf-?8/i.test(locale),
  };
}

/** The program that started this one, or if unknown, the user's shell. */
function shell(): string | null {
  const known = /^(?:ba|z|fi)sh$|^pwsh$/;
  let parent = '';
  try {
    if (process.platform === 'linux') parent = readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trim();
  } catch {
    // It has ended, or belongs to another user.
  }
  if (known.test(parent)) return parent;
  const { SHELL = '' } = process.env;
  const own = basename(SHELL);
  return known.test(own) ? own : null;
}

/** The width that the user requests, or the terminal's; 80 if neither is known. */
function lineWidth(): number {
  const { COLUMNS } = process.env;
  const asked = Number(COLUMNS);
  if (Number.isInteger(asked) && asked > 0) return asked;
  return isCharacterDevice(1) ? process.stdout.columns || 80 : 80;
}

/** A sink for a Windows console: Node's stream writes UTF-16, whereas plain bytes would be read in its code page. */
function consoleSink(stream: NodeJS.WriteStream): Sink {
  return {
    write: (text) => void stream.write(text),
    bytes: (bytes) => void stream.write(bytes),
    flush() {},
    close() {},
    abort() {},
  };
}

/** Whether a standard stream is a Windows console. */
function isConsole(fd: 1 | 2): boolean {
  return process.platform === 'win32' && isCharacterDevice(fd) && (fd === 1 ? process.stdout : process.stderr).isTTY;
}

/** The system's standard folder for the state of this user's programs. */
async function stateFolder(): Promise<string> {
  if (process.platform === 'win32') return (await import('./windows/state-folder.ts')).userStateFolder();
  const { XDG_STATE_HOME } = process.env;
  if (XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME)) return join(XDG_STATE_HOME, 'portowner');
  return join(ownHome(), '.local', 'state', 'portowner');
}

/** This user's home folder: after sudo, HOME may be another user's, and in a container the user ID may be unknown. */
function ownHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    const { HOME = '' } = process.env;
    return isAbsolute(HOME) ? HOME : '/';
  }
}

/** The bytes of the arguments; null on Windows, where they are UTF-16, and null if /proc is unavailable. */
function argumentBytes(): Uint8Array | null {
  try {
    return process.platform === 'linux' ? readFileSync('/proc/self/cmdline') : null;
  } catch {
    return null;
  }
}

/** Asks on the terminal itself; anything but a complete line that says yes counts as no. */
function confirm(question: string): boolean {
  const bytes = Buffer.alloc(256);
  let read = 0;
  let terminalInput: number | null = null;
  try {
    writeSync(2, question);
    // Standard input may be non-blocking, if a shell that shares it has set it so.
    terminalInput = openSync(process.platform === 'win32' ? '\\\\.\\CONIN$' : '/dev/tty', 'r');
    read = readSync(terminalInput, bytes);
  } catch {
    return false;
  } finally {
    if (terminalInput !== null) closeSync(terminalInput);
  }
  return /^(?:y|yes)$/i.test(bytes.toString('utf8', 0, read).trim());
}

/** Wraps text for standard error to the terminal's width, if it is a terminal. */
function forTerminal(text: string): string {
  if (!isCharacterDevice(2) || !process.stderr.isTTY) return text;
  return fitted(text, process.stderr.columns || 80);
}

/** Whether a person can read the question and type the answer. */
function hasPerson(): boolean {
  return isCharacterDevice(0) && isCharacterDevice(2) && process.stdin.isTTY && process.stderr.isTTY;
}

/** Returns how to take over the terminal; null if it cannot show a full-screen view. */
async function screen(): Promise<(() => Screen) | null> {
  const { TERM } = process.env;
  const abilities = terminal();
  if (abilities === null || TERM === 'dumb') return null;
  const { openScreen } = await import('./screen.ts');
  if (process.platform !== 'win32') return () => openScreen(abilities, () => () => {});
  const { understandsSequences, switchOnSequences } = await import('./windows/console.ts');
  return understandsSequences() ? () => openScreen(abilities, switchOnSequences) : null;
}

/** The actual surroundings of this process. */
export function processSurroundings(): Surroundings {
  if (process.platform === 'win32') guardSecrets(async () => (await import('./windows/secrets.ts')).windowsSecrets);
  return {
    source: liveSource,
    live: liveLooks,
    binder: liveBinder,
    tools: liveTools,
    hands: liveHands,
    eventLog: liveEventLog,
    scheduler: liveScheduler,
    configuration: async () => (await import('./configuration.ts')).liveConfiguration(),
    remote: async () => (await import('./ssh.ts')).askBySsh,
    stateFolder,
    homeFolder: ownHome,
    projects: async () => (await import('./project.ts')).findProject,
    get confirm() {
      return hasPerson() ? confirm : null;
    },
    argumentBytes,
    input: readInput,
    inputEnds: readInputEnds,
    output: () => (isConsole(1) ? consoleSink(process.stdout) : stdoutSink()),
    error: (given) => {
      const text = forTerminal(given);
      try {
        if (isConsole(2)) process.stderr.write(text);
        else writeSync(2, text);
      } catch {
        // Nothing reads standard error; the exit code still reports the result.
      }
    },
    terminal,
    screen,
    shell,
    lineWidth,
    ending: async () => (await import('./ending.ts')).untilEnded(),
    now: () => new Date(),
  };
}
