import { spawnSync } from 'node:child_process';
import { isSea } from 'node:sea';
import { systemLibrary } from './ffi.ts';
import { lastErrorCode } from './kernel32.ts';

// https://learn.microsoft.com/windows/console/console-functions
const kernel32 = systemLibrary('kernel32.dll', {
  FreeConsole: { arguments: [], return: 'int32' },
  AttachConsole: { arguments: ['uint32'], return: 'int32' },
  GetConsoleProcessList: { arguments: ['pointer', 'uint32'], return: 'uint32' },
  SetConsoleCtrlHandler: { arguments: ['pointer', 'int32'], return: 'int32' },
  GenerateConsoleCtrlEvent: { arguments: ['uint32', 'uint32'], return: 'int32' },
  GetStdHandle: { arguments: ['uint32'], return: 'pointer' },
  GetConsoleMode: { arguments: ['pointer', 'pointer'], return: 'int32' },
  SetConsoleMode: { arguments: ['pointer', 'uint32'], return: 'int32' },
  GetConsoleScreenBufferInfo: { arguments: ['pointer', 'pointer'], return: 'int32' },
  WriteConsoleW: { arguments: ['pointer', 'pointer', 'uint32', 'pointer', 'pointer'], return: 'int32' },
});

const standardOutput = -11 >>> 0;
const processedOutput = 0x1;
const virtualTerminalProcessing = 0x4;

/** The mode of the console of standard output; null if that is a terminal of another kind. */
function outputMode(handle: bigint): number | null {
  const mode = Buffer.alloc(4);
  return kernel32.GetConsoleMode(handle, mode) === 0 ? null : mode.readUInt32LE();
}

/**
 * Lets the console of standard output understand escape sequences, and returns how to switch that back.
 * https://learn.microsoft.com/windows/console/setconsolemode
 */
export function switchOnSequences(): () => void {
  const handle = kernel32.GetStdHandle(standardOutput);
  const before = outputMode(handle);
  if (before === null) return () => {};
  kernel32.SetConsoleMode(handle, (before | processedOutput | virtualTerminalProcessing) >>> 0);
  return () => void kernel32.SetConsoleMode(handle, before);
}

/** Moves to the sixth column, and back with a blank line. */
const [toColumn, column, blankLine] = ['\r\x1b[6G', 5, `\r${' '.repeat(8)}\r`];

/**
 * Whether the console understands escape sequences. A successful SetConsoleMode is not enough: Wine accepts every mode.
 * https://learn.microsoft.com/windows/console/console-screen-buffer-info-str
 */
export function understandsSequences(): boolean {
  const handle = kernel32.GetStdHandle(standardOutput);
  if (outputMode(handle) === null) return true;
  const restore = switchOnSequences();
  const write = (text: string): void =>
    void kernel32.WriteConsoleW(handle, Buffer.from(text, 'utf16le'), text.length, Buffer.alloc(4), null);
  write(toColumn);
  const info = Buffer.alloc(22);
  const isMoved = kernel32.GetConsoleScreenBufferInfo(handle, info) !== 0 && info.readInt16LE(4) === column;
  write(isMoved ? '\r' : blankLine);
  restore();
  return isMoved;
}

/** The word that makes this program the helper below; it is not in the help. */
export const helperWord = 'internal-interrupt';
const ctrlC = 0;
const timeoutMs = 10_000;

/**
 * Sends Ctrl+C to a process that is alone on its console. Returns null, or why it was not sent. A process has only one
 * console, so a short-lived process of this same program sends it.
 */
export function askOnConsole(pid: number, startTime: string): string | null {
  const own = isSea() ? [] : [...process.execArgv, process.argv[1]!];
  const { status, stdout, error } = spawnSync(process.execPath, [...own, helperWord, String(pid), startTime], {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: timeoutMs,
    windowsHide: true,
  });
  if (status === 0) return null;
  return stdout?.trim() || `its console could not be reached${error === undefined ? '' : `: ${error.message}`}`;
}

/** The helper's task: joins the console of the process and sends Ctrl+C. Returns null, or why it was not sent. */
export function interruptConsole(pid: number): string | null {
  kernel32.FreeConsole();
  if (kernel32.AttachConsole(pid) === 0)
    return lastErrorCode() === 5 ? 'its console belongs to another user' : 'it has no console';
  const list = Buffer.alloc(4 * 64);
  const count = kernel32.GetConsoleProcessList(list, list.length / 4);
  const pids = Array.from({ length: Math.min(count, list.length / 4) }, (_, index) => list.readUInt32LE(index * 4));
  const others = pids.filter((one) => one !== pid && one !== process.pid);
  if (count === 0 || count > pids.length || others.length > 0 || !pids.includes(pid)) {
    return `it is not alone on its console${others.length === 0 ? '' : ` (with process ${others.join(', ')})`}, so that Ctrl+C would end others too`;
  }
  // Ctrl+C goes to every process on the console, which temporarily includes this one.
  kernel32.SetConsoleCtrlHandler(null, 1);
  return kernel32.GenerateConsoleCtrlEvent(ctrlC, 0) === 0
    ? `Ctrl+C could not be sent to its console (error ${lastErrorCode()})`
    : null;
}
