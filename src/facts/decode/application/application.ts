import { splitCommandLine } from '../relays.ts';
import { launchers, multiCall, packages, runners, type Launcher } from './launchers.ts';

/** The parts of a process that are needed to name its application. */
export interface ApplicationCandidate {
  /** Its file name. */
  readonly imageName: string;
  /** Its arguments, starting with the program. A title that the process set is one argument. Null if unavailable. */
  readonly arguments: readonly string[] | null;
}

/** Longer names are truncated. */
const longest = 64;

let byFile: ReadonlyMap<string, Launcher> | undefined;

const isVersionCharacter = (character: string | undefined): boolean =>
  character !== undefined && ((character >= '0' && character <= '9') || character === '.');

/**
 * Returns the index of the first digit of the version at the end of a name, or the length of a name without a version.
 */
function versionStart(name: string): number {
  let start = name.length;
  while (start > 0 && isVersionCharacter(name[start - 1])) start--;
  while (name[start] === '.') start++;
  return start;
}

/** Returns a file name without `.exe` and version: `python` for `python3.11`, `node` for `node-v22.1.0-win-x64.exe`. */
function bareName(file: string): string {
  const name = file.replace(/\.exe$/i, '');
  const inside = name.search(/[-_]v?\d+\.\d/);
  if (inside > 0) return name.slice(0, inside);
  return name.slice(0, versionStart(name)).replace(/[-_]?v?$/, '');
}

/** Hundreds of processes can share one name. */
const known = new Map<string, Launcher | undefined>();

function launcherOf(imageName: string): Launcher | undefined {
  if (known.has(imageName)) return known.get(imageName);
  const whole = imageName.toLowerCase().replace(/\.exe$/, '');
  byFile ??= new Map(launchers.flatMap((launcher) => launcher.files.map((file) => [file, launcher])));
  const launcher = byFile.get(whole) ?? byFile.get(bareName(whole));
  known.set(imageName, launcher);
  return launcher;
}

/** Returns the last part of a Windows or Linux path. */
const fileOf = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** Returns whether a program with this file name can be identified only by its arguments. */
export function needsArguments(imageName: string): boolean {
  return launcherOf(imageName) !== undefined || Object.hasOwn(multiCall, imageName.toLowerCase().replace(/\.exe$/, ''));
}

/** Returns the options of an interpreter that precede the program it runs. */
export function optionsBefore(imageName: string, args: readonly string[]): string[] {
  const launcher = launcherOf(imageName);
  const found: string[] = [];
  for (let i = 1; i < args.length; i++) {
    const argument = args[i]!;
    if (!argument.startsWith('-') || argument === '--') break;
    found.push(argument);
    if (launcher?.valued?.includes(argument) === true) i++;
  }
  return found;
}

/**
 * Returns the common name of a program by its file name: `node`, `python` for `python3.11`, `nginx` for `nginx.exe`.
 */
export function programName(imageName: string): string {
  const name = imageName.replace(/\.exe$/i, '');
  const launcher = launcherOf(imageName);
  if (launcher !== undefined) return launcher.name;
  const start = versionStart(name);
  // A number without a dot may be part of the name: sqlservr2 is not sqlservr.
  return start > 0 && name.includes('.', start) ? name.slice(0, start).replace(/[-_]$/, '') : name;
}

/**
 * Returns whether `application` is one of the names that a multi-call program may have. The file name then adds
 * nothing.
 */
export function isOwnName(imageName: string, application: string): boolean {
  const file = imageName.toLowerCase();
  return Object.hasOwn(multiCall, file) && multiCall[file]!.includes(application);
}

/** Returns the script, module, or archive that an application runs: `server.js` for `node server.js`; null if none is named. */
function scriptIn(application: string): string | null {
  const last = application.slice(application.lastIndexOf(' ') + 1);
  return last !== application && last.lastIndexOf('.') > 0 ? last : null;
}

/**
 * Returns every name by which users search for a program with this file name: `python3.11`, `python3`, `python`, and what
 * it runs: `server.js`.
 */
export function namesOf(imageName: string, application: string | null): readonly string[] {
  const names = new Set([imageName, imageName.replace(/\.exe$/i, '')]);
  const name = imageName.replace(/\.exe$/i, '');
  for (let dot = name.lastIndexOf('.'), left = 3; dot >= versionStart(name) && left > 0; left--) {
    names.add(name.slice(0, dot));
    dot = name.lastIndexOf('.', dot - 1);
  }
  names.add(programName(imageName));
  if (application !== null) names.add(application).add(application.replace(/:?\s.*$/s, ''));
  const script = application === null ? null : scriptIn(application);
  if (script !== null) names.add(script);
  return [...names];
}

/**
 * Returns the first plain words; paths are reduced to their last part. Stops at an option: its value may be a secret.
 */
function plainWords(args: readonly string[], most: number): string[] {
  const words: string[] = [];
  for (const argument of args.slice(0, most)) {
    const word = fileOf(argument);
    if (!/^[a-z_@][\w@.:-]*$/i.test(word)) break;
    words.push(word);
  }
  return words;
}

/** Returns a tool's name; for a tool that runs others, followed by what it runs. */
function toolName(tool: string, rest: readonly string[]): string {
  if (!Object.hasOwn(runners, tool)) return tool;
  const words = plainWords(rest, 2);
  return [tool, ...(runners[tool]!.includes(words[0] ?? '') ? words : words.slice(0, 1))].join(' ');
}

/** Returns the package that a file in node_modules belongs to, or the tool that a `.bin` link points to. */
function packageOf(given: string): string | null {
  const path = `/${given}`;
  const at = path.lastIndexOf('/node_modules/');
  if (at < 0) return null;
  const [first = '', second = '', third = ''] = path.slice(at + '/node_modules/'.length).split('/');
  if (first === '.bin') return second;
  if (first === 'npm') return /^npx(?:-cli)?\.c?js$/.test(fileOf(path)) ? 'npx' : 'npm';
  const name = first.startsWith('@') && third !== '' ? `${first}/${second}` : first;
  return Object.hasOwn(packages, name) ? packages[name]! : name;
}

/** Extensions that identify the interpreter. Files without one of these are named without their interpreter. */
const extension =
  /\.(?:[cm]?[jt]sx?|pyw?|pyz|pyc|rb|ru|php|phar|p[lm]|lua|r|jl|dll|exe|jar|war|ps1|bat|cmd|vbs|sh|bash|zsh|fish)$/i;
/** Returns a file name without its version: `shop.jar` for `shop-1.4.2-SNAPSHOT.jar`. */
function withoutVersion(file: string): string {
  const dot = file.lastIndexOf('.');
  if (dot <= 0 || !/\d/.test(file)) return file;
  const stem = file.slice(0, dot).replace(/[-.](?:snapshot|release|final|rc\d*|beta\d*)$/i, '');
  const before = /[-_.]v?$/.exec(stem.slice(0, versionStart(stem)));
  return before === null || before.index === 0 ? file : stem.slice(0, before.index) + file.slice(dot);
}

/** A script that has no name: an open file. */
const openFile = /^\/(?:dev\/(?:stdin$|fd\/)|proc\/\w+\/fd\/)/;

/** Returns the name of a launcher whose script comes from standard input, and so has no name. */
const fromInput = ({ name }: Launcher): string => `${name} script from stdin`;

/** Returns the name of a known program; if it is a launcher itself, such as PowerShell, with what that runs. */
function knownName(name: string, args: readonly string[]): string {
  const launcher = launchers.find((one) => one.name === name);
  return (launcher === undefined ? null : launched(launcher, args)) ?? name;
}

/** Returns the name of a script together with its interpreter. */
function scriptName(launcher: Launcher, script: string, rest: readonly string[]): string {
  const path = script.replaceAll('\\', '/');
  const file = withoutVersion(fileOf(path));
  if (Object.hasOwn(launcher.known ?? {}, file)) return knownName(launcher.known![file]!, [script, ...rest]);
  if (path === '-') return fromInput(launcher);
  if (openFile.test(path)) return path === '/dev/stdin' ? fromInput(launcher) : launcher.name;
  const owner = packageOf(path);
  if (owner !== null && owner !== '') return toolName(owner, rest);
  // Launchers that pip and similar tools install: bin/uvicorn, Scripts\uvicorn.exe\__main__.py.
  const tool = /\/[Ss]cripts\/([^/]+?)(?:-script)?\.(?:exe|py)(?:\/__main__\.py)?$/.exec(path)?.[1];
  if (tool !== undefined) return toolName(tool, rest);
  if (/^(?:npm|npx|pnpm|pnpx|yarn)(?:-cli)?\.[cm]?js$/.test(file))
    return toolName(file.replace(/(?:-cli)?\.\w+$/, ''), rest);
  if (file !== '' && /(?:^|\/)s?bin\/[^/]+$/.test(path) && !extension.test(file)) return toolName(file, rest);
  return `${launcher.name} ${file === '' || file === '..' ? '.' : file}`;
}

/**
 * Returns the name for the value of an option that names the program, such as a module or a jar. The name does not
 * depend on the port.
 */
function namedProgram(launcher: Launcher, option: string, value: string, rest: readonly string[]): string {
  if (option === '-S' || option === '--server') return `${launcher.name} -S`;
  const file = withoutVersion(fileOf(value));
  const [module = ''] = file.split('/');
  if (Object.hasOwn(launcher.known ?? {}, module)) return launcher.known![module]!;
  if (launcher.name === 'erlang') return `erlang ${module}`;
  if (launcher.name === 'python' && pythonTools.has(module)) return toolName(module, rest);
  return `${launcher.name} ${option} ${file}`;
}

/** Modules that are known as tools, however they are started. */
const pythonTools = new Set([
  'uvicorn',
  'gunicorn',
  'hypercorn',
  'daphne',
  'waitress',
  'flask',
  'celery',
  'streamlit',
  'jupyter',
  'mkdocs',
  'pytest',
]);

/** Returns whether `argument` is one of the options, optionally ignoring case. */
function has(options: readonly string[] | undefined, argument: string, anyCase: boolean): boolean {
  if (options === undefined) return false;
  return (
    options.includes(argument) ||
    (anyCase && options.some((one) => one.toLowerCase() === argument.toLowerCase().replace(/^--?/, '-')))
  );
}

/** An option, and a value that is attached to it. */
interface GivenOption {
  readonly option: string;
  readonly attached: string;
}

/** Separates an option from the flags before it and the value after it: `-um` and `-mhttp.server` are `-m`. */
function separated({ flags }: Launcher, argument: string): GivenOption {
  const whole = { option: argument, attached: '' };
  if (flags === undefined || !/^-[^-]/.test(argument)) return whole;
  let at = 1;
  while (flags.includes(argument[at] ?? ' ')) at++;
  return at === argument.length ? whole : { option: `-${argument[at]}`, attached: argument.slice(at + 1) };
}

/** Returns the name of a launcher that runs inline code: `python -c`. */
function inlineName({ name, inline }: Launcher, option: string, anyCase: boolean): string | null {
  const found = inline?.find((options) => has(options, option, anyCase));
  return found === undefined ? null : `${name} ${found[0]}`;
}

/** Long options of interpreters that take no value, so that the script may follow. */
const flag =
  /^--(?:no-|inspect|watch|trace|experimental|enable|preserve|allow|permission|throw|pending|expose|abort|interpreted|jitless|prof|cpu-prof|heap-prof|harmony|use|force|frozen|insecure|report|track|interactive|warnings|optimize|huge|test|add|show|dry-run|verbose|debug|login|posix|norc|noprofile)/;

/**
 * Whether a word may be something else than a script: a number, or the value of an option that is not known. It must not
 * become a part of the name, because it may be a secret.
 */
function isDoubtful(word: string, before: string | undefined): boolean {
  if (/^\d+$/.test(word)) return true;
  const isOption = before !== undefined && /^--[^=]+$/.test(before) && !flag.test(before);
  return isOption && !/[\\/]/.test(word) && word !== '.' && !extension.test(word);
}

/** Returns the program that a launcher's arguments name; null if they name none. */
function launched(launcher: Launcher, args: readonly string[]): string | null {
  const anyCase = launcher.windowsOptions === true;
  const verbs: string[] = [];
  for (let i = 1; i < args.length; i++) {
    const argument = args[i]!;
    const next = args[i + 1];
    if (launcher.onlyNamed === true && !has(launcher.named, argument, false)) continue;
    // The script comes from standard input, and the rest are its arguments.
    const isScript = argument === '-' && (next === undefined || launcher.dashEndsOptions !== true);
    if (isScript || launcher.standardInput?.test(argument) === true) return fromInput(launcher);
    if (argument === '--' || argument === '-')
      return next === undefined ? null : scriptName(launcher, next, args.slice(i + 2));
    const { option, attached } = separated(launcher, argument);
    const inline = inlineName(launcher, option.replace(/^(--[\w-]+)=[^]*$/, '$1'), anyCase);
    if (inline !== null) return inline;
    if (has(launcher.named, option, anyCase)) {
      const [value, ...rest] = attached === '' ? args.slice(i + 1) : [attached, ...args.slice(i + 1)];
      return value === undefined ? null : namedProgram(launcher, option, value, rest);
    }
    if (has(launcher.script, argument, anyCase))
      return next === undefined ? null : batchOrScript(launcher, argument, args.slice(i + 1));
    if (has(launcher.valued, option, anyCase)) i += attached === '' ? 1 : 0;
    else if (argument.startsWith('-') || argument.startsWith('+') || (anyCase && /^\/\w+(?::.*)?$/.test(argument)))
      continue;
    else if (verbs.length === 0 && launcher.verbs?.includes(argument)) verbs.push(argument);
    else if (isDoubtful(argument, i > 1 && args[i - 1] !== verbs[0] ? args[i - 1] : undefined)) return null;
    else if (launcher.name === 'java') return javaClass(launcher, argument);
    else if (verbs.length > 0) return verbName(launcher, verbs[0]!, argument);
    else return scriptName(launcher, argument, args.slice(i + 1));
  }
  return verbs.length === 0 ? null : `${launcher.name} ${verbs[0]!}`;
}

function verbName(launcher: Launcher, verb: string, argument: string): string {
  const file = fileOf(argument);
  // `dotnet exec App.dll` is equivalent to `dotnet App.dll`.
  if (verb === 'exec') return scriptName(launcher, argument, []);
  return [launcher.name, verb, ...plainWords([file], 1)].join(' ');
}

function javaClass(launcher: Launcher, name: string): string | null {
  // Java also runs source files, so a path is accepted.
  if (!/^[\w$./]+$/.test(name)) return null;
  return Object.hasOwn(launcher.known ?? {}, name) ? launcher.known![name]! : `java ${fileOf(name)}`;
}

/** cmd can run a whole command; only a batch file counts as a program. */
function batchOrScript(launcher: Launcher, option: string, [script = '', ...rest]: readonly string[]): string {
  if (launcher.name !== 'cmd') return scriptName(launcher, script, rest);
  const [first = ''] = splitCommandLine(script.replace(/^["\s]+/, ''));
  const [, file] = /^([^"\s]+\.(?:bat|cmd))$/i.exec(fileOf(first)) ?? [];
  return `cmd ${file ?? option.toLowerCase()}`;
}

/** Programs whose process titles state a role: `gunicorn: worker`, `php-fpm: pool www`. */
const roles = new Set(['gunicorn', 'php-fpm', 'unicorn', 'uwsgi', 'celeryd', 'passenger']);

/** Parses a title that a process set in place of its arguments: `npm run dev`, `puma 6.4.0 (tcp://…) [shop]`. */
function titled(title: string): string | null {
  const [first = '', ...rest] = title.trim().split(/\s+/);
  const name = fileOf(first.replace(/:$/, ''));
  if (!/^[\w@][\w@.+-]*$/.test(name)) return null;
  if (first.endsWith(':')) return roles.has(name) ? [`${name}:`, ...plainWords(rest, 2)].join(' ') : name;
  return Object.hasOwn(runners, name) ? toolName(name, rest) : name;
}

/** Returns the name of a multi-call program, from the link that started it. */
function multiCallName(imageName: string, args: readonly string[]): string | null {
  const file = imageName.toLowerCase();
  if (!Object.hasOwn(multiCall, file)) return null;
  const names = multiCall[file]!;
  // Some programs write a title over their arguments: "/usr/bin/redis-server 127.0.0.1:6379".
  const called = (text: string | undefined): string => fileOf(/^\S*/.exec(text ?? '')![0]).replace(/^-/, '');
  const own = called(args[0]);
  const name = own === file ? called(args[1]) : own;
  if (!/^[\w[][\w.+-]*$/.test(name)) return null;
  return names.length === 0 || names.includes(name) ? name : null;
}

/** Removes characters that cannot be shown on one line: names come from the machine. */
function clean(name: string): string {
  // Loading the Unicode tables takes longer than everything else here.
  const text = (/^[ -~]*$/.test(name) ? name : name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')).trim();
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** Returns a name from a recording; null if it is not a valid name. */
export function recordedApplication(name: unknown): string | null {
  return typeof name === 'string' ? clean(name) || null : null;
}

/** Returns the application name from a recording; null if the file name is at least as informative. */
export const recordedFor = (name: string, imageName: string): string | null =>
  !needsArguments(imageName) || name === programName(imageName) ? null : name;

const publicNames = (): readonly string[] => [
  ...launchers.map(({ name }) => name),
  ...launchers.flatMap(({ known }) => Object.values(known ?? {})),
  ...Object.keys(runners),
  ...Object.values(packages),
  ...Object.values(multiCall).flat(),
  ...pythonTools,
  ...roles,
];

/**
 * Returns the part of an application name that does not depend on the project: `node` for `node shop.js`. Empty if
 * nothing remains.
 */
export function withoutProject(application: string): string {
  const first = /^[^\s:]*/.exec(application)![0];
  const known = publicNames();
  return known.includes(application) ? application : known.includes(first) ? first : '';
}

/** Longer command lines are truncated before parsing. */
const longestLine = 32_768;

/** Splits a Windows command line into arguments. The leading path may contain spaces without being quoted. */
export function argumentsOfLine(line: string, imageName: string): string[] {
  const text = line.slice(0, longestLine);
  const args = splitCommandLine(text);
  const bare = imageName.toLowerCase().replace(/\.exe$/, '');
  const [first = ''] = args;
  if (
    text.startsWith('"') ||
    fileOf(first)
      .toLowerCase()
      .replace(/\.exe$/, '') === bare
  )
    return args;
  const found = new RegExp(String.raw`\\${RegExp.escape(bare)}(?:\.exe)?(?=\s|$)`, 'i').exec(text);
  if (found === null) return args;
  const end = found.index + found[0].length;
  return [text.slice(0, end), ...splitCommandLine(text.slice(end))];
}

function nameIn(imageName: string, args: readonly string[]): string | null {
  const launcher = launcherOf(imageName);
  if (launcher === undefined) return multiCallName(imageName, args);
  // A single argument that contains spaces, or that is not the program's name, is a title.
  const [only = ''] = args;
  const title = args.length === 1 && (/\s/.test(only.trim()) || launcherOf(fileOf(only)) === undefined);
  return title ? titled(only) : launchedBy(launcher, args);
}

/** Returns the application that a process's arguments name; null if they add nothing to its file name. */
export function toldApplication({ imageName, arguments: args }: ApplicationCandidate): string | null {
  const name = args === null || args.length === 0 ? '' : clean(nameIn(imageName, args) ?? '');
  return name === '' || name === programName(imageName) ? null : name;
}

/**
 * Returns the name a developer would use for a process: `node server.js`, `vite`, `java -jar app.jar`, `redis-server`.
 * It is short and the same after a restart: no path, version, or port. Arguments are considered only for interpreters
 * and launchers.
 */
export function applicationOf(candidate: ApplicationCandidate): string {
  return toldApplication(candidate) ?? clean(programName(candidate.imageName));
}

/** Returns the name of the program that a launcher runs. A launcher in `runners` is named as a tool. */
function launchedBy(launcher: Launcher, args: readonly string[]): string | null {
  if (Object.hasOwn(runners, launcher.name)) return toolName(fileOf(args[0]!).replace(/\.exe$/i, ''), args.slice(1));
  return launched(launcher, args);
}
