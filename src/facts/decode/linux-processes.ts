import { parseJson } from '../../io/nesting.ts';
import { needsArguments, recordedApplication, recordedFor, toldApplication } from './application/application.ts';
import { maskArguments, maskCommandLine } from '../gather/mask.ts';
import { isRefusalCode, type Refusal } from '../../system/raw.ts';

/** The fields of /proc/PID/stat that PortOwner uses. */
export interface Stat {
  /** The name in the kernel: up to 15 bytes; the process can change it. */
  readonly name: string;
  /** 0 if it has no parent in this PID namespace. */
  readonly parent: number;
  /** Its start time in clock ticks since boot. */
  readonly startTicks: number;
  /** Whether it leads a session with a terminal, as an interactive shell does. */
  readonly leadsTerminal: boolean;
}

/** The raw entry `process/PID`. */
export interface ProcessDetails {
  readonly stat: Stat;
  readonly uid: number | null;
  /** The path of its executable. The kernel appends ` (deleted)` if the file was removed or replaced. */
  readonly exe: string | null;
  /** Whether ` (deleted)` at the end of `exe` is part of the file's actual name. */
  readonly literalExe: boolean;
  readonly cgroup: string | null;
  /** Arguments, each terminated by NUL. */
  readonly cmdline: string | null;
  /** The path of its working directory; also null if it was not requested. */
  readonly cwd: string | null;
  /** The application name, in recordings that do not contain the arguments. */
  readonly application: string | null;
  /** Why each missing member is missing. */
  readonly refused: Readonly<Record<string, Refusal['code']>>;
}

/** Parses /proc/PID/stat; null if it is unreadable. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function decodeStat(text: string): Stat | null {
  // The name may contain any characters, including parentheses and line breaks. No later field contains a parenthesis.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const parent = Number(fields[1] ?? NaN);
  const startTicks = Number(fields[19] ?? NaN);
  if (!Number.isSafeInteger(parent) || parent < 0 || !Number.isSafeInteger(startTicks) || startTicks < 0) return null;
  const pid = text.slice(0, open).trim();
  const leadsTerminal = fields[3] === pid && fields[4] !== undefined && fields[4] !== '0';
  return { name: text.slice(open + 1, close), parent, startTicks, leadsTerminal };
}

const deletedMark = / \(deleted\)$/;

/**
 * Returns whether the kernel reports that the executable was removed or replaced after the program started. `literal`:
 * the path is the file's actual name.
 */
export const isDeleted = (path: string, literal: boolean): boolean => !literal && deletedMark.test(path);

/** Returns the path of the executable, without the suffix that the kernel appends if the file is gone. */
export const programFile = (path: string, literal: boolean): string => (literal ? path : path.replace(deletedMark, ''));

/** Parses the raw entry `process/PID`; null if it is unreadable. */
export function decodeProcess(text: string): ProcessDetails | null {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  const members = parsed as Record<string, unknown>;
  const string = (name: string): string | null => (typeof members[name] === 'string' ? members[name] : null);
  const stat = decodeStat(string('stat') ?? '');
  if (stat === null) return null;
  const { uid, refused } = members;
  const reasons = typeof refused === 'object' && refused !== null ? Object.entries(refused) : [];
  return {
    stat,
    uid: typeof uid === 'number' && Number.isInteger(uid) && uid >= 0 ? uid : null,
    exe: string('exe'),
    literalExe: members['literalExe'] === true,
    cgroup: string('cgroup'),
    cmdline: string('cmdline'),
    cwd: string('cwd'),
    application: recordedApplication(members['application']),
    refused: Object.fromEntries(reasons.filter(([, code]) => isRefusalCode(code))) as Record<string, Refusal['code']>,
  };
}

/** Returns the file name of the executable or, if that is not visible, the kernel's name for the process. */
export function imageName(details: ProcessDetails): string {
  const exe = programFile(details.exe ?? '', details.literalExe);
  const file = exe.slice(exe.lastIndexOf('/') + 1);
  return file === '' ? details.stat.name : file;
}

/**
 * Returns the application that a process runs, if its arguments say more than its file name. A recording may contain
 * only the name.
 */
export function applicationIn(details: ProcessDetails): string | null {
  const name = imageName(details);
  if (details.application !== null) return recordedFor(details.application, name);
  if (details.cmdline === null || !needsArguments(name)) return null;
  return toldApplication({ imageName: name, arguments: cut(withoutEnd(details.cmdline)).split('\0') });
}

/** Quotes an argument for a shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./*-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** Longer command lines are truncated and end with an ellipsis. */
const longest = 32_768;

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** Removes the trailing NUL characters. */
export function withoutEnd(cmdline: string): string {
  let end = cmdline.length;
  while (end > 0 && cmdline[end - 1] === '\0') end--;
  return cmdline.slice(0, end);
}

/** Returns a command line for display, with secrets masked; null if the process has none (a kernel thread). */
export function commandLine(cmdline: string): string | null {
  const args = cut(withoutEnd(cmdline)).split('\0');
  // A process that writes its own title ("nginx: master process …") leaves a single text instead of arguments.
  const text = args.length > 1 ? maskArguments(args).map(quoted).join(' ') : maskCommandLine(args[0]!);
  return text.trim() === '' ? null : cut(text);
}

/**
 * Returns the start time of a process in UTC, with milliseconds. The result is the same for every scan. Null if it
 * cannot be determined.
 */
export function startTime(btime: number, hertz: number, ticks: number): string | null {
  const date = new Date(btime * 1000 + Math.round((ticks * 1000) / hertz));
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return text.length === 24 ? text : null;
}
