import { splitCommandLine } from '../../facts/decode/relays.ts';
import { isRegistryPath, registryPlace, registryText } from '../../system/registry.ts';
import type { AdministratorsFolder, FileRead, StartedProgram } from '../../system/configuration.ts';
import { accountText, administratorsOnly, lookAt, makeFolder, programData } from './acl.ts';
import { elevated, processSid } from './advapi32.ts';
import { Refused } from './errors.ts';
import { systemDirectory } from './ffi.ts';
import { access, ownMemory, thisProcess, withProcess } from './kernel32.ts';
import { commandLine } from './ntdll.ts';
import { registryNames, registryValue } from './registry.ts';
import { replaceKeeping, replaceObstacle } from './replace.ts';
import { restartService, startCommands } from './servicecontrol.ts';
import { allProcesses } from './terminate.ts';

/** Returns what `ask` does, or a default if Windows refuses. */
function orElse<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Refused) return otherwise;
    throw error;
  }
}

function readValue(path: string): FileRead {
  const failed = (refusal: string, isMissing = false): FileRead => ({ bytes: null, refusal, isMissing });
  try {
    const found = registryValue(registryPlace(path));
    if (found === null) return failed('it does not exist', true);
    const bytes = registryText(found);
    return bytes === null ? failed('its type or its data is not supported') : { bytes, refusal: null };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failed(error.refusal.code === 'AccessDenied' ? 'access is denied' : error.message);
  }
}

/** Sorted like the names of files. */
const sorted = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** This process and its ancestors, nearest first. */
function ancestors(): readonly number[] {
  const parents = new Map(orElse(allProcesses, []).map(({ pid, parent }) => [pid, parent]));
  const found: number[] = [];
  for (let pid: number | null = process.pid; pid !== null && pid !== 0 && !found.includes(pid);) {
    if (!parents.has(pid)) break;
    found.push(pid);
    pid = parents.get(pid) ?? null;
  }
  return found;
}

function startedProgram(pid: number): StartedProgram | null {
  const line = orElse(() => withProcess(pid, access.queryLimited, (handle) => commandLine(pid, handle)), null);
  return line === null ? null : { arguments: splitCommandLine(line), environment: null, account: null };
}

/** Apart from the folder of audits, which the account of the task can change. */
function administratorsFolder(): AdministratorsFolder {
  const path = `${programData(ownMemory)}\\PortOwner-moves`;
  return { path, make: () => makeFolder(path, administratorsOnly), trusted: [] };
}

/** What liveConfiguration needs of Windows. */
export function windowsParts() {
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  return {
    isElevated: elevated(),
    ancestors,
    program: startedProgram,
    programs: () => [],
    obstacle: replaceObstacle,
    replace: replaceKeeping,
    service: restartService,
    startCommands,
    systemFolder: directory,
    administratorsFolder,
    access: {
      look: lookAt,
      // Programs of this user, and of the accounts that services have, can change their files anyway.
      trusted: [orElse(() => processSid(thisProcess), ''), 'S-1-5-19', 'S-1-5-20'],
      accountName: accountText,
    },
    bare: { SystemRoot: root, windir: root, SystemDrive: root.slice(0, 2), PATH: directory },
    readOther: (path: string) => (isRegistryPath(path) ? readValue(path) : null),
    listOther(path: string) {
      if (!isRegistryPath(path)) return undefined;
      const names = orElse(() => registryNames(path.slice('HKLM\\'.length)), null);
      return names === null ? null : sorted(names);
    },
  };
}
