import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { isSea } from 'node:sea';
import { decodeConsoleText, taskText } from '../../facts/decode/windows-text.ts';
import { errorCode } from '../../io/errors.ts';
import type { Said, WindowsScheduler } from '../../system/scheduler.ts';
import {
  accountRights,
  accountSid,
  administratorsOnly,
  isRemote,
  lookAt,
  makeFolder,
  programData,
  sidBytes,
} from './acl.ts';
import { accountName, elevated, sidText } from './advapi32.ts';
import { Refused } from './errors.ts';
import { addEventSource, eventSource, removeEventSource } from './eventsource.ts';
import { systemDirectory } from './ffi.ts';
import { computerName, oemCodePage, ownMemory } from './kernel32.ts';

const timeoutMs = 120_000;

/** Runs a program in the system directory, without the caller's environment. */
function system(
  program: string,
  args: readonly string[],
): { readonly status: number | null; readonly bytes: Buffer; readonly text: string } {
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  const { status, stdout, stderr, error } = spawnSync(`${directory}\\${program}`, args, {
    cwd: directory,
    env: {
      SystemRoot: root,
      windir: root,
      SystemDrive: root.slice(0, 2),
      PATH: directory,
      ComSpec: `${directory}\\cmd.exe`,
      PSModulePath: `${directory}\\WindowsPowerShell\\v1.0\\Modules`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    maxBuffer: 16 * 1024 * 1024,
    windowsHide: true,
  });
  if (error !== undefined) throw new Refused('Failed', `${program} could not be run: ${error.message}`);
  return { status, bytes: stdout, text: decodeConsoleText(Buffer.concat([stdout, stderr]), oemCodePage()).trim() };
}

const said = ({ status, text }: { readonly status: number | null; readonly text: string }): Said => ({
  done: status === 0,
  text,
});

/** Whether a file exists that only administrators may read. */
function isThere(path: string): boolean {
  const { standing, refusal } = lookAt(path);
  return standing !== 'missing' || refusal !== null;
}

/** Creates a file with an unpredictable name, passes it to `use`, and then removes it. */
function withFile<T>(folder: string, bytes: Uint8Array, use: (path: string) => T): T {
  const path = `${folder}\\task-${randomBytes(16).toString('hex')}.xml`;
  const descriptor = openSync(path, 'wx');
  try {
    try {
      writeSync(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return use(path);
  } finally {
    rmSync(path, { force: true });
  }
}

/** Reads the definitions in a task folder and its subfolders, by name below `root`. Throws the system's error. */
function readDefinitions(root: string, below: string, found: Map<string, string>): void {
  for (const entry of readdirSync(`${root}\\${below}`, { withFileTypes: true })) {
    const name = `${below}${entry.name}`;
    if (entry.isFile()) found.set(name, taskText(readFileSync(`${root}\\${name}`)));
    // Windows has hundreds of tasks, and administrators may not read all of them.
    else if (entry.isDirectory() && name.toLowerCase() !== 'microsoft') readDefinitions(root, `${name}\\`, found);
  }
}

/** Runs a script in Windows PowerShell, which prints only the message of what failed. */
function runScript(script: string): Said {
  const wrapped = `$ProgressPreference = 'SilentlyContinue'; try { ${script} } catch { [Console]::Out.WriteLine($_.Exception.Message); exit 1 }`;
  const encoded = Buffer.from(wrapped, 'utf16le').toString('base64');
  const quiet = ['-NoLogo', '-NoProfile', '-NonInteractive', '-OutputFormat', 'Text'];
  const args = [...quiet, '-ExecutionPolicy', 'Bypass', '-EncodedCommand', encoded];
  return said(system('WindowsPowerShell\\v1.0\\powershell.exe', args));
}

/** Every definition below a task folder, except those of Windows; null if this user may not read them. */
function definitionsIn(folder: string): Map<string, string> | null {
  const found = new Map<string, string>();
  try {
    readDefinitions(folder, '', found);
    return found;
  } catch (error) {
    if (errorCode(error) !== '') return null;
    throw error;
  }
}

/** This Windows machine's Task Scheduler, through tools and calls that every Windows version has. */
export function windowsScheduler(): WindowsScheduler {
  const taskFolder = (): string => `${systemDirectory()}\\Tasks`;
  const taskFile = (name: string): string => `${taskFolder()}\\${name}`;
  return {
    platform: 'win32',
    executable: isSea() ? process.execPath : null,
    dataFolder: `${programData(ownMemory)}\\PortOwner`,
    mayInstall: elevated(),
    machine: computerName(),
    look: lookAt,
    file: (path) => path,
    accountName: (sid) => accountName(sidBytes(sid)),
    makeFolder(path, sid) {
      // Modify for the account.
      makeFolder(path, `${administratorsOnly}${sid === null ? '' : `(A;OICI;0x1301bf;;;${sid})`}`);
    },
    sid(account) {
      const sid = accountSid(account);
      return sid === null ? null : sidText(sid);
    },
    isRemote,
    rights: (sid) => accountRights(sidBytes(sid), ownMemory),
    create: (name, file, folder) =>
      withFile(folder, file, (path) => said(system('schtasks.exe', ['/Create', '/TN', name, '/XML', path, '/F']))),
    run: runScript,
    remove: (name) => said(system('schtasks.exe', ['/Delete', '/TN', name, '/F'])),
    // The message of schtasks is in the system's language, so use the file that the service keeps for each task.
    exists: (name) => isThere(taskFile(name)),
    changedAt(name) {
      try {
        return statSync(taskFile(name)).mtime;
      } catch {
        return null;
      }
    },
    definitions: () => definitionsIn(taskFolder()),
    query(name) {
      const { status, bytes, text } = system('schtasks.exe', ['/Query', '/TN', name, '/XML']);
      if (status !== 0)
        return { refusal: { code: 'Failed', text: `schtasks /Query ended with code ${status}: ${text}` } };
      if (bytes.length === 0) return { refusal: { code: 'NotSupported', text: 'schtasks /Query printed nothing' } };
      return { bytes, decode: (all) => decodeConsoleText(all, oemCodePage()) };
    },
    eventSource,
    addEventSource,
    removeEventSource,
  };
}
