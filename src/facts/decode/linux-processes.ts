import { parseJson } from '../../io/nesting.ts';
import { needsArguments, recordedApplication, recordedFor, toldApplication } from './application/application.ts';
import { maskArguments, maskCommandLine } from '../gather/mask.ts';
import type { Refusal } from '../../system/raw.ts';

/** What /proc/PID/stat says of a process. */
export interface Stat {
  /** The name that the kernel keeps: 15 bytes, and the process may change it. */
  readonly name: string;
  /** 0 when it has none that is visible here. */
  readonly parent: number;
  /** Clock ticks from boot to its start. */
  readonly startTicks: number;
  /** Whether it leads a session that has a terminal, as the shell at a prompt does. */
  readonly leadsTerminal: boolean;
}

/** The raw entry `process/PID`. */
export interface ProcessDetails {
  readonly stat: Stat;
  readonly uid: number | null;
  /** The path of its executable; the kernel adds ` (deleted)` when that was removed or replaced. */
  readonly exe: string | null;
  /** The file itself is called so, though exe ends with ` (deleted)`. */
  readonly literalExe: boolean;
  readonly cgroup: string | null;
  /** Arguments, each ended by NUL. */
  readonly cmdline: string | null;
  /** The path of its working directory; null as well when it was not asked for. */
  readonly cwd: string | null;
  /** What it runs, in recordings that do not have its arguments. */
  readonly application: string | null;
  /** Why one of the above is missing. */
  readonly refused: Readonly<Record<string, Refusal['code']>>;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; null when it is not readable. */
export function decodeStat(text: string): Stat | null {
  // The name may hold anything, parentheses and line breaks too; nothing after it holds a parenthesis.
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

const codes: readonly string[] = [
  'AccessDenied',
  'Gone',
  'NotSupported',
  'Failed',
  'Disabled',
] satisfies Refusal['code'][];

const deletedMark = / \(deleted\)$/;

/** Whether the kernel says that the file of a program was removed or replaced since the program started. `literal`: the path is the file's very name. */
export const isDeleted = (path: string, literal: boolean): boolean => !literal && deletedMark.test(path);

/** The path that a program was started from, without what the kernel adds when its file is gone. */
export const programFile = (path: string, literal: boolean): string => (literal ? path : path.replace(deletedMark, ''));

/** Null when it is not readable. */
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
    refused: Object.fromEntries(reasons.filter(([, code]) => codes.includes(String(code)))) as Record<
      string,
      Refusal['code']
    >,
  };
}

/** The file name of an executable or, where that cannot be seen, the kernel's name for the process. */
export function imageName(details: ProcessDetails): string {
  const exe = programFile(details.exe ?? '', details.literalExe);
  const file = exe.slice(exe.lastIndexOf('/') + 1);
  return file === '' ? details.stat.name : file;
}

/** What a process runs, where its arguments say it and its file name does not. A recording may have the name alone. */
export function applicationIn(details: ProcessDetails): string | null {
  const name = imageName(details);
  if (details.application !== null) return recordedFor(details.application, name);
  if (details.cmdline === null || !needsArguments(name)) return null;
  return toldApplication({ imageName: name, arguments: cut(withoutEnd(details.cmdline)).split('\0') });
}

/** As a shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./*-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** Longer command lines are cut, and say so with an ellipsis. */
const longest = 32_768;

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** Arguments without the zeros behind the last. */
export function withoutEnd(cmdline: string): string {
  let end = cmdline.length;
  while (end > 0 && cmdline[end - 1] === '\0') end--;
  return cmdline.slice(0, end);
}

/** A command line for people, secrets masked; null when the process has none (a kernel thread). */
export function commandLine(cmdline: string): string | null {
  const args = cut(withoutEnd(cmdline)).split('\0');
  // A process that writes its own title ("nginx: master process …") leaves one text, not arguments.
  const text = args.length > 1 ? maskArguments(args).map(quoted).join(' ') : maskCommandLine(args[0]!);
  return text.trim() === '' ? null : cut(text);
}

/** When a process was started, UTC with milliseconds: the same text at every look. Null when it cannot be told. */
export function startTime(btime: number, hertz: number, ticks: number): string | null {
  const date = new Date(btime * 1000 + Math.round((ticks * 1000) / hertz));
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return text.length === 24 ? text : null;
}
