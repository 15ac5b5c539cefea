import { posix, win32 } from 'node:path';
import { settingWords, type AuditSettings } from '../audit/settings.ts';
import { filesOfReport } from '../audit/collector-address.ts';
import { filesOfUrl } from '../audit/store/address.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { isUrl } from '../io/url.ts';

/** Who the task runs as: the machine itself, or a group managed service account, `DOMAIN\name$`. */
export type TaskAccount = { readonly kind: 'system' } | { readonly kind: 'gmsa'; readonly name: string };

/** The command line of the audit; paths are absolute. */
export interface AuditCommandLine extends AuditSettings {
  readonly executable: string;
  readonly store: string;
}

/** A nightly audit, independent of the system's own format. */
export interface AuditTask {
  readonly name: string;
  readonly account: TaskAccount;
  readonly command: AuditCommandLine;
  /** The machine's local time. */
  readonly at: { readonly hour: number; readonly minute: number };
  /** Minutes, so that many machines do not start at the same time. */
  readonly randomDelay: number;
  /** Minutes after which the audit is ended. */
  readonly timeLimit: number;
}

export const defaultName = 'PortOwner audit';
export const description = 'Compares the listening ports of this machine with the approved ones.';

export type TaskPlatform = 'win32' | 'linux';

/** The arguments after the executable. */
export const auditArguments = (command: AuditCommandLine): string[] => ['audit', ...settingWords(command)];

/** What the audit creates and changes in folders. */
export const writtenFiles = ({ store, spool, reports }: AuditCommandLine): string[] => [
  ...(isUrl(store) ? [] : [store]),
  ...(spool === null ? [] : [spool]),
  ...reports.filter((report) => !isUrl(report)),
];

/** The files that a URL names, with their roles; none for a URL that the audit will reject. */
function filesNamedBy(url: string, filesOf: typeof filesOfUrl, owner: string): [role: string, path: string][] {
  try {
    return filesOf(url).map(([parameter, path]) => [`the ${parameter} of ${owner}`, path]);
  } catch (error) {
    if (error instanceof PortOwnerError) return [];
    throw error;
  }
}

/** Whether a role of a file is that of a secret: nobody else may be able to read it. */
export const isSecretRole = (role: string): boolean => /^the (?:passfile|sslkey|headersfile) of /.test(role);

/** The files that the URLs of a store and of reports name, with their roles: each file once, as a secret if it has one. */
export function filesOfUrls({ store, reports }: AuditCommandLine): [role: string, path: string][] {
  const files = [
    ...(isUrl(store) ? filesNamedBy(store, filesOfUrl, 'the store') : []),
    ...reports.filter(isUrl).flatMap((url) => filesNamedBy(url, filesOfReport, 'a report')),
  ];
  const secretsFirst = files.toSorted(([a], [b]) => Number(isSecretRole(b)) - Number(isSecretRole(a)));
  return secretsFirst.filter(([, path], index) => secretsFirst.findIndex((other) => other[1] === path) === index);
}

/** Whether the audit uses other machines. */
export const needsNetwork = ({ store, reports }: AuditCommandLine): boolean => isUrl(store) || reports.some(isUrl);

function usage(message: string, target: string, hint?: string): PortOwnerError {
  return new PortOwnerError('PO1001', message, { target, ...(hint === undefined ? {} : { hint }) });
}

/** `3:05` or `03:05` as hour and minute. Throws PO1001. */
export function parseTime(text: string): { hour: number; minute: number } {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59)
    throw usage(`unknown value ${JSON.stringify(text)} for --at; expected a time of day, such as 03:00`, text);
  return { hour: Number(hour), minute: Number(minute) };
}

/** `SYSTEM`, or `DOMAIN\name$`. Throws PO1001. */
export function parseAccount(text: string): TaskAccount {
  if (/^(?:NT AUTHORITY\\)?SYSTEM$/i.test(text) || text === 'S-1-5-18') return { kind: 'system' };
  // Characters that account names cannot contain: https://learn.microsoft.com/windows/win32/adschema/a-samaccountname
  if (/^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,255}\\[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,255}\$$/u.test(text))
    return { kind: 'gmsa', name: text };
  throw usage(
    `unknown value ${JSON.stringify(text)} for --account; expected SYSTEM, or a group managed service account as DOMAIN\\name$`,
    text,
  );
}

/** Throws PO1001 for an invalid task name. */
export function checkName(name: string): string {
  if (/^[^\\/:*?"<>|%$\p{Cc}\p{Cs}]{1,200}$/u.test(name) && name.trim() === name && !name.endsWith('.')) return name;
  throw usage(
    `unknown value ${JSON.stringify(name)} for --name; expected up to 200 characters without any of \\ / : * ? " < > | % $`,
    name,
  );
}

/** Checks a URL for use in a task: it names `files` by their full paths. Throws PO1001. */
function taskUrl(option: string, url: string, platform: TaskPlatform, files: [string, string][]): string {
  const flaw = (why: string, hint: string): PortOwnerError => usage(`unusable URL for ${option}: ${why}`, url, hint);
  if (platform === 'win32' && /%|\$\(/.test(url))
    throw flaw('Task Scheduler would expand % or $(', 'Choose names and paths without them.');
  const isAbsolute = platform === 'win32' ? win32.isAbsolute : posix.isAbsolute;
  for (const [parameter, path] of files)
    if (!isAbsolute(path)) throw flaw(`the path of ${parameter} is not absolute`, 'Specify the full path.');
  return url;
}

/**
 * Converts a path for use in a task: absolute and unambiguous. `here` says whether it is a path on this machine, so that a
 * relative path is relative to the current folder. Throws PO1001.
 */
export function taskPath(option: string, path: string, platform: TaskPlatform, here: boolean): string {
  const flaw = (why: string, hint: string): PortOwnerError =>
    usage(`unusable value ${JSON.stringify(path)} for ${option}: ${why}`, path, hint);
  if (path === '') throw usage(`missing value for ${option}; expected the path of a file`, option);
  if (option === '--store' && isUrl(path)) return taskUrl(option, path, platform, filesOfUrl(path));
  if (option === '--report' && isUrl(path)) return taskUrl(option, path, platform, filesOfReport(path));
  // XML can contain neither lone surrogates nor control characters.
  if (/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(path))
    throw flaw('it contains characters that a task cannot contain', 'Choose another path.');
  if (platform === 'linux') {
    if (!here && !path.startsWith('/')) throw flaw('it is not absolute', 'Use a path that starts with /.');
    return posix.resolve(path);
  }
  if (/["<>|*?]/.test(path)) throw flaw('it is not a valid Windows path', 'Choose another path.');
  if (/%|\$\(/.test(path)) throw flaw('Task Scheduler would expand % or $(', 'Choose a path without them.');
  const absolute = here ? win32.resolve(path) : win32.normalize(path);
  if (absolute.startsWith('\\\\')) {
    if (/^\\\\[.?]\\/.test(absolute))
      throw flaw('it is the path of a device', 'Use a path with a drive, such as C:\\folder\\file.');
    return absolute;
  }
  if (!/^[A-Za-z]:\\/.test(absolute))
    throw flaw('it is not absolute', 'Use a path with a drive, such as C:\\folder\\file.');
  if (absolute.slice(2).includes(':')) throw flaw('it names an alternate data stream', 'Choose another path.');
  if (
    absolute
      .slice(3)
      .split('\\')
      .some((part) => /[. ]$/.test(part))
  )
    throw flaw('Windows drops a space or dot at the end of a name', 'Choose another path.');
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

/** Splits the arguments of a command line the way the C runtime does. */
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

/** Splits a unit's ExecStart, as written by units.ts or by a person without other escapes. */
export function splitUnit(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain], index) => {
    const text = (quoted === undefined ? plain! : quoted.replace(/\\(.)/g, '$1')).replaceAll('%%', '%');
    return index === 0 ? text : text.replaceAll('$$', '$');
  });
}

/** Joins the arguments for Task Scheduler's `Arguments`. */
export const windowsArguments = (words: readonly string[]): string => words.map(windowsWord).join(' ');

/** The limit of CreateProcess, including the executable's path. */
const longestCommandLine = 32_000;

/** Checks the length of a task's command line. Throws PO5004. */
export function checkLengths({ command }: AuditTask): void {
  const longest = 260;
  if (command.executable.length > longest) {
    throw new PortOwnerError(
      'PO5004',
      `the path of the executable has more than ${longest} characters, which Task Scheduler does not accept`,
      { hint: 'Put portowner.exe in a folder with a shorter path.', target: command.executable },
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
