import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { decodeStat } from '../facts/decode/linux-processes.ts';
import { errorWords, isMissing } from '../io/errors.ts';
import type {
  Account,
  ConfigurationMachine,
  FileRead,
  ProgramCall,
  ProgramResult,
  StartedProgram,
} from '../system/configuration.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { openRegular } from './regular-file.ts';

/** Configurations are far smaller. */
const largestFile = 4 * 1024 * 1024;
const longestOutput = 16 * 1024;
const shortestTimeoutMs = 30_000;

function readFile(path: string): FileRead {
  let file: number | null = null;
  try {
    file = openRegular(path);
    if (file === null) return { bytes: null, refusal: 'it is not a regular file', isMissing: false };
    const { size } = fstatSync(file);
    if (size > largestFile)
      return { bytes: null, refusal: `it has more than ${largestFile / 1024 / 1024} MB`, isMissing: false };
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let read = -1; length < size && read !== 0; length += read)
      read = readSync(file, bytes, length, size - length, length);
    return { bytes: bytes.subarray(0, length), refusal: null };
  } catch (error) {
    return { bytes: null, refusal: errorWords(error, 'read'), isMissing: isMissing(error) };
  } finally {
    if (file !== null) closeSync(file);
  }
}

function listFolder(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch {
    return null;
  }
}

const parts = (text: string): string[] => text.split('\0').slice(0, text.endsWith('\0') ? -1 : undefined);

function startedProgram(pid: number): StartedProgram | null {
  try {
    const args = parts(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    let environment: ReadonlyMap<string, string> | null = null;
    try {
      environment = new Map(
        parts(readFileSync(`/proc/${pid}/environ`, 'utf8')).map((one): [string, string] => {
          const at = one.indexOf('=');
          return [one.slice(0, at), one.slice(at + 1)];
        }),
      );
    } catch {
      // It belongs to another user.
    }
    return { arguments: args, environment, account: accountOf(pid) };
  } catch {
    return null;
  }
}

/** This process and its ancestors, nearest first. */
function ancestors(): readonly number[] {
  const found: number[] = [];
  try {
    for (let pid = process.pid; pid > 0 && !found.includes(pid);) {
      found.push(pid);
      pid = decodeStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.parent ?? 0;
    }
  } catch {
    // It has ended, and its children belong to another process.
  }
  return found;
}

/** The user and the groups of a process. */
function accountOf(pid: number): Account | null {
  const owner = ownerOf(`/proc/${pid}`);
  const [, groups] = /^Groups:([\d\s]*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return owner === null || groups === undefined
    ? owner
    : { ...owner, groups: groups.split(/\s+/).filter(Boolean).map(Number) };
}

function ownerOf(path: string): { uid: number; gid: number } | null {
  try {
    const { uid, gid } = statSync(path);
    return { uid, gid };
  } catch {
    return null;
  }
}

function changedAt(path: string): number | null {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return null;
  }
}

/** See ConfigurationMachine; Windows does not show it. */
function errorOutput(pid: number): string | null {
  const descriptor = `/proc/${pid}/fd/2`;
  try {
    const path = readlinkSync(descriptor);
    if (path === '/dev/null') return path;
    // It may have been deleted, or replaced since.
    const [open, named] = [statSync(descriptor), lstatSync(path)];
    return named.isFile() && open.dev === named.dev && open.ino === named.ino ? path : null;
  } catch {
    return null;
  }
}

/** What a program needs of the environment to start at all. */
type BareEnvironment = Readonly<Record<string, string>>;

/** Whether a user has a name, so that its groups can be found. */
const isNamed = (uid: number): boolean =>
  readFileSync('/etc/passwd', 'latin1')
    .split('\n')
    .some((line) => line.split(':')[2] === String(uid));

/** How a program runs as another user: Node itself would leave out the other groups of that user. */
function callAs(words: readonly string[], as: Account | undefined): Pick<ProgramCall, 'words' | 'as'> {
  const setpriv = '/usr/bin/setpriv';
  if (as === undefined || process.geteuid?.() !== 0) return { words };
  if (!existsSync(setpriv)) return { words, as };
  const { uid, gid, groups } = as;
  const more =
    groups === undefined
      ? isNamed(uid)
        ? '--init-groups'
        : '--clear-groups'
      : groups.length > 0
        ? `--groups=${groups.join(',')}`
        : '--clear-groups';
  return { words: [setpriv, `--reuid=${uid}`, `--regid=${gid}`, more, '--', ...words] };
}

/** Runs a program without a shell, and without the caller's environment. */
function runProgram(call: ProgramCall, bare: BareEnvironment): ProgramResult {
  const { workingDirectory, environment } = call;
  const {
    words: [program = '', ...args],
    as,
  } = callAs(call.words, call.as);
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: Math.max(call.timeoutMs ?? 0, shortestTimeoutMs),
    maxBuffer: 4 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // In a session of its own: before Linux 6.2, it could type into the terminal of this process. Undocumented here.
    ...(process.platform === 'linux' ? { detached: true } : {}),
    env: { ...bare, ...environment },
    ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
    ...(workingDirectory === undefined ? {} : { cwd: workingDirectory }),
  });
  const output = error === undefined ? `${stdout}${stderr}` : error.message;
  return { status: error === undefined ? status : null, output: output.trim().slice(0, longestOutput) };
}

/** What is different on each system. */
type SystemParts = Pick<
  ConfigurationMachine,
  | 'isElevated'
  | 'ancestors'
  | 'program'
  | 'programs'
  | 'obstacle'
  | 'replace'
  | 'service'
  | 'startCommands'
  | 'access'
  | 'systemFolder'
  | 'administratorsFolder'
> & {
  readonly bare: BareEnvironment;
  /** Reads and lists what is not a file. */
  readonly readOther: (path: string) => FileRead | null;
  readonly listOther: (path: string) => readonly string[] | null | undefined;
};

async function linuxParts(): Promise<SystemParts> {
  const [{ replaceKeeping, replaceObstacle }, { controlUnit, startCommands }, { runningPrograms }] = await Promise.all([
    import('./linux/replace.ts'),
    import('./linux/control-unit.ts'),
    import('./linux/programs.ts'),
  ]);
  return {
    isElevated: process.geteuid?.() === 0,
    ancestors,
    program: startedProgram,
    programs: runningPrograms,
    obstacle: replaceObstacle,
    replace: replaceKeeping,
    service: controlUnit,
    startCommands,
    systemFolder: null,
    administratorsFolder: () => null,
    access: null,
    bare: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    readOther: () => null,
    listOther: () => undefined,
  };
}

/** The configurations of this machine. Throws PO3003 on an unsupported operating system. */
export async function liveConfiguration(): Promise<ConfigurationMachine> {
  const { platform } = process;
  if (platform !== 'win32' && platform !== 'linux')
    throw new PortOwnerError('PO3003', `PortOwner does not run on ${platform}`, {
      hint: 'It runs on Windows and Linux.',
    });
  const { bare, readOther, listOther, ...parts } =
    platform === 'win32' ? (await import('./windows/configuration.ts')).windowsParts() : await linuxParts();
  // The path of another process can name a machine, which would get the credentials of this account.
  const isRemote = (path: string): boolean => platform === 'win32' && /^[\\/]{2}(?!\?\\[A-Za-z]:\\)/.test(path);
  const remote: FileRead = { bytes: null, refusal: 'it is on another machine', isMissing: false };
  return {
    ...parts,
    platform,
    variables: new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
    read: (path) => (isRemote(path) ? remote : (readOther(path) ?? readFile(path))),
    list(folder) {
      if (isRemote(folder)) return null;
      const other = listOther(folder);
      return other === undefined ? listFolder(folder) : other;
    },
    realPath: (path) => {
      if (isRemote(path)) return null;
      try {
        return realpathSync.native(path);
      } catch {
        return null;
      }
    },
    ownerOf,
    changedAt: (path) => (isRemote(path) ? null : changedAt(path)),
    errorOutput,
    run: (call) => runProgram(call, bare),
    signal: (pid, name) => void process.kill(pid, name),
  };
}
