import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { stdoutSink, type Sink } from '../io/sink.ts';
import type { Terminal } from '../system/terminal.ts';
import { fitted } from '../io/wrap.ts';
import { readInput, readInputEnds } from '../io/read.ts';
import { liveBinder, liveEventLog, liveHands, liveScheduler, liveSource, liveTools } from './live.ts';
import type { Surroundings } from '../system/surroundings.ts';

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

function terminal(): Terminal | null {
  // node:tty costs milliseconds: a pipe or a file does not need it.
  if (!isCharacterDevice(1) || !process.stdout.isTTY) return null;
  const { NO_COLOR, TERM, LANG, LC_ALL, LC_CTYPE } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return {
    columns: process.stdout.columns || 80,
    colors: !NO_COLOR && TERM !== 'dumb',
    unicode: process.platform === 'win32' || /utf-?8/i.test(locale),
  };
}

/** The program that started this one, or else the shell that the user has. */
function shell(): string | null {
  const known = /^(?:ba|z|fi)sh$|^pwsh$/;
  let parent = '';
  try {
    if (process.platform === 'linux') parent = readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trim();
  } catch {
    // It has ended, or belongs to somebody else.
  }
  if (known.test(parent)) return parent;
  const { SHELL = '' } = process.env;
  const own = basename(SHELL);
  return known.test(own) ? own : null;
}

/** What the user asks for, or what the terminal has; 80 where neither says. */
function lineWidth(): number {
  const { COLUMNS } = process.env;
  const asked = Number(COLUMNS);
  if (Number.isInteger(asked) && asked > 0) return asked;
  return isCharacterDevice(1) ? process.stdout.columns || 80 : 80;
}

/** Text for a Windows console: Node's own stream speaks UTF-16 to it, plain bytes would meet its code page. */
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

/** Where this user's programs keep their state, by the system's convention. */
async function stateFolder(): Promise<string> {
  if (process.platform === 'win32') return (await import('./windows/state-folder.ts')).userStateFolder();
  const { XDG_STATE_HOME } = process.env;
  if (XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME)) return join(XDG_STATE_HOME, 'portowner');
  return join(ownHome(), '.local', 'state', 'portowner');
}

/** After sudo HOME may still be another user's; a container may run as a number that no user has. */
function ownHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    const { HOME = '' } = process.env;
    return isAbsolute(HOME) ? HOME : '/';
  }
}

/** On Windows arguments are UTF-16, and without /proc there is no way to them. */
function argumentBytes(): Uint8Array | null {
  try {
    return process.platform === 'linux' ? readFileSync('/proc/self/cmdline') : null;
  } catch {
    return null;
  }
}

/** Asks on the terminal itself; without a whole line that says yes it is a no. */
function confirm(question: string): boolean {
  const bytes = Buffer.alloc(256);
  let read = 0;
  let terminalInput: number | null = null;
  try {
    writeSync(2, question);
    // Standard input does not block where it is shared with a shell that set it so.
    terminalInput = openSync(process.platform === 'win32' ? '\\\\.\\CONIN$' : '/dev/tty', 'r');
    read = readSync(terminalInput, bytes);
  } catch {
    return false;
  } finally {
    if (terminalInput !== null) closeSync(terminalInput);
  }
  return /^(?:y|yes)$/i.test(bytes.toString('utf8', 0, read).trim());
}

/** What goes to standard error: no wider than the terminal, where that is one. */
function forTerminal(text: string): string {
  if (!isCharacterDevice(2) || !process.stderr.isTTY) return text;
  return fitted(text, process.stderr.columns || 80);
}

/** Whether a person sits at both ends: reads what is asked, and types. */
function hasPerson(): boolean {
  return isCharacterDevice(0) && isCharacterDevice(2) && process.stdin.isTTY && process.stderr.isTTY;
}

/** The real ones, of this process. */
export function processSurroundings(): Surroundings {
  return {
    source: liveSource,
    binder: liveBinder,
    tools: liveTools,
    hands: liveHands,
    eventLog: liveEventLog,
    scheduler: liveScheduler,
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
        // Nobody listens: the exit code still tells.
      }
    },
    terminal,
    shell,
    lineWidth,
    now: () => new Date(),
  };
}
