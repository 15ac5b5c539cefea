import { fstatSync, writeSync } from 'node:fs';
import { stdoutSink, type Sink } from '../formats/sink.ts';
import type { Terminal } from '../formats/format.ts';
import { liveSource } from '../machine/live.ts';
import type { Surroundings } from './surroundings.ts';

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
    colours: !NO_COLOR && TERM !== 'dumb',
    unicode: process.platform === 'win32' || /utf-?8/i.test(locale),
  };
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

/** The real ones, of this process. */
export function processSurroundings(): Surroundings {
  return {
    source: liveSource,
    output: () => (isConsole(1) ? consoleSink(process.stdout) : stdoutSink()),
    error: (text) => {
      try {
        if (isConsole(2)) process.stderr.write(text);
        else writeSync(2, text);
      } catch {
        // Nobody listens: the exit code still tells.
      }
    },
    terminal,
    now: () => new Date(),
  };
}
