import { fstatSync, writeSync } from 'node:fs';
import { stdoutSink } from '../formats/sink.ts';
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

/** The real ones, of this process. */
export function processSurroundings(): Surroundings {
  return {
    source: liveSource,
    output: () => stdoutSink(),
    error: (text) => {
      try {
        writeSync(2, text);
      } catch {
        // Nobody listens: the exit code still tells.
      }
    },
    terminal,
    now: () => new Date(),
  };
}
