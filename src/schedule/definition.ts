import { posix, win32 } from 'node:path';
import { settingWords, type AuditSettings } from '../audit/settings.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** Who the task runs as: the machine itself, or a group managed service account, `DOMAIN\name$`. */
export type TaskAccount = { readonly kind: 'system' } | { readonly kind: 'gmsa'; readonly name: string };

/** What the audit is started with; paths are absolute. */
export interface AuditCommandLine extends AuditSettings {
  readonly executable: string;
  readonly store: string;
}

/** A nightly audit, before it is put in a system's own words. */
export interface AuditTask {
  readonly name: string;
  readonly account: TaskAccount;
  readonly command: AuditCommandLine;
  /** The machine's local time. */
  readonly at: { readonly hour: number; readonly minute: number };
  /** Minutes, so that many machines do not start at once. */
  readonly randomDelay: number;
  /** Minutes after which the audit is ended. */
  readonly timeLimit: number;
}

export const defaultName = 'PortOwner audit';
export const description = 'Compares the listening ports of this machine with what was approved.';

export type TaskPlatform = 'win32' | 'linux';

/** The words of the command line behind the executable. */
export const auditArguments = (command: AuditCommandLine): string[] => ['audit', ...settingWords(command)];

function usage(message: string, hint: string, target: string): PortOwnerError {
  return new PortOwnerError('PO1001', message, { hint, target });
}

/** `3:05` or `03:05` as hour and minute. Throws PO1001. */
export function parseTime(text: string): { hour: number; minute: number } {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59)
    throw usage(`--at has no value ${JSON.stringify(text)}`, 'It takes a time of day, such as 03:00.', text);
  return { hour: Number(hour), minute: Number(minute) };
}

/** `SYSTEM`, or `DOMAIN\name$`. Throws PO1001. */
export function parseAccount(text: string): TaskAccount {
  if (/^(?:NT AUTHORITY\\)?SYSTEM$/i.test(text) || text === 'S-1-5-18') return { kind: 'system' };
  // What account names cannot have: https://learn.microsoft.com/windows/win32/adschema/a-samaccountname
  if (/^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,255}\\[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,255}\$$/u.test(text))
    return { kind: 'gmsa', name: text };
  throw usage(
    `--account has no value ${JSON.stringify(text)}`,
    'It takes SYSTEM, or a group managed service account as DOMAIN\\name$.',
    text,
  );
}

/** Throws PO1001 for what cannot be the name of a task. */
export function checkName(name: string): string {
  if (/^[^\\/:*?"<>|%$\p{Cc}\p{Cs}]{1,200}$/u.test(name) && name.trim() === name && !name.endsWith('.')) return name;
  throw usage(
    `--name has no value ${JSON.stringify(name)}`,
    'It takes up to 200 characters without any of \\ / : * ? " < > | % $.',
    name,
  );
}

/**
 * A path as it can stand in a task: absolute, and read by nobody as anything else. `here` says whether it is a path of
 * this machine, whose current folder a relative one is in. Throws PO1001.
 */
export function taskPath(option: string, path: string, platform: TaskPlatform, here: boolean): string {
  const flaw = (why: string, hint: string): PortOwnerError =>
    usage(`${option} has no value ${JSON.stringify(path)}: ${why}`, hint, path);
  if (path === '') throw flaw('it is empty', 'It takes the path of a file.');
  // A lone surrogate is in no XML, and XML knows no way to write a control character.
  if (/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(path))
    throw flaw('it has characters that no task can carry', 'Choose another path.');
  if (platform === 'linux') {
    if (!here && !path.startsWith('/')) throw flaw('it is not absolute', 'Give it from / on.');
    return posix.resolve(path);
  }
  if (/["<>|*?]/.test(path)) throw flaw('Windows has no such names', 'Choose another path.');
  if (/%|\$\(/.test(path))
    throw flaw('Task Scheduler would put something else for % or $(', 'Choose a path without them.');
  const absolute = here ? win32.resolve(path) : win32.normalize(path);
  if (absolute.startsWith('\\\\')) {
    if (/^\\\\[.?]\\/.test(absolute))
      throw flaw('it is the path of a device', 'Give it with its drive, such as C:\\folder\\file.');
    return absolute;
  }
  if (!/^[A-Za-z]:\\/.test(absolute))
    throw flaw('it is not absolute', 'Give it with its drive, such as C:\\folder\\file.');
  if (absolute.slice(2).includes(':')) throw flaw('it names a stream of a file', 'Choose another path.');
  if (
    absolute
      .slice(3)
      .split('\\')
      .some((part) => /[. ]$/.test(part))
  )
    throw flaw('Windows leaves out a blank or dot at the end of a name', 'Choose another path.');
  return absolute;
}

/**
 * A word of a Windows command line, as the C runtime reads it back.
 * https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
 */
export function windowsWord(word: string): string {
  if (word !== '' && !/[\s"]/.test(word) && !/[^ -~]/.test(word) && !/[&^|<>();]/.test(word)) return word;
  return `"${word.replace(/(?<!\\)(\\*)"/g, '$1$1\\"').replace(/(?<!\\)(\\+)$/, '$1$1')}"`;
}

/** The words of a command line behind its program, as the C runtime reads them. */
export function splitWindows(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const slashes = /^\\*/.exec(line.slice(i))![0].length;
    if (line[i + slashes] === '"') {
      word = (word ?? '') + '\\'.repeat(Math.floor(slashes / 2));
      if (slashes % 2 === 1) word += '"';
      else quoted = !quoted;
      i += slashes;
    } else if (slashes > 0) {
      word = (word ?? '') + line.slice(i, i + slashes);
      i += slashes - 1;
    } else if (!quoted && /[ \t]/.test(line[i]!)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + line[i];
  }
  return word === null ? words : [...words, word];
}

/** The words of a unit's ExecStart, as units.ts writes them or a person does without other escapes. */
export function splitUnit(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain], index) => {
    const text = (quoted === undefined ? plain! : quoted.replace(/\\(.)/g, '$1')).replaceAll('%%', '%');
    return index === 0 ? text : text.replaceAll('$$', '$');
  });
}

/** The words as one text, for Task Scheduler's `Arguments`. */
export const windowsArguments = (words: readonly string[]): string => words.map(windowsWord).join(' ');

/** CreateProcess takes no more, the executable's path included. */
const longestCommandLine = 32_000;

/** What a task's words are too long for. Throws PO5004. */
export function checkLengths({ command }: AuditTask): void {
  const longest = 260;
  if (command.executable.length > longest) {
    throw new PortOwnerError(
      'PO5004',
      `the path of the executable has more than ${longest} characters, which Task Scheduler does not take`,
      { hint: 'Put portowner.exe into a folder with a shorter path.', target: command.executable },
    );
  }
  if (windowsArguments(auditArguments(command)).length + command.executable.length > longestCommandLine) {
    throw new PortOwnerError('PO5004', 'the command line of the audit is too long for Windows', {
      hint: 'Use shorter paths, or fewer reports.',
    });
  }
}

/** The folder that a path is in. */
export const folderOf = (path: string, platform: TaskPlatform): string =>
  (platform === 'win32' ? win32 : posix).dirname(path);
