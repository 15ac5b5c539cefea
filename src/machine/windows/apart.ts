import { basename } from 'node:path';
import { isSea } from 'node:sea';
import { isLate } from '../../io/errors.ts';
import type { UncoveredSource } from '../../facts/sources.ts';
import type { RawEntry, Refusal } from '../../system/raw.ts';
import { Refused } from './errors.ts';
import { systemDirectory, systemLibrary } from './ffi.ts';
import { uncovered } from './uncovered.ts';

/** The child process's answer for one raw entry, bytes in base64. */
export interface ApartAnswer {
  readonly bytes?: string;
  readonly text?: string;
  readonly refusal?: Refusal;
}

/** Groups of entries; each group is answered by one child process, because its entries are queried together. */
const groups = [['bound4', 'bound6'], ['servicetags'], ['guestports']] as const;
const timeoutMs = 5000;

const iphlpapi = systemLibrary('iphlpapi.dll', uncovered['iphlpapi.dll']);
const sechost = systemLibrary('sechost.dll', uncovered['sechost.dll']);
const computenetwork = systemLibrary('computenetwork.dll', uncovered['computenetwork.dll']);
/** The function that an entry needs: looking it up calls nothing, and if it is missing, no child process is needed. */
const needed: Readonly<Record<UncoveredSource, () => unknown>> = {
  bound4: () => iphlpapi.InternalGetBoundTcpEndpointTable,
  bound6: () => iphlpapi.InternalGetBoundTcp6EndpointTable,
  servicetags: () => sechost.I_QueryTagInformation,
  guestports: () => computenetwork.HcnEnumerateGuestNetworkPortReservations,
};

/** The command line that starts this program again; null if this program does not support --child. */
export function ownCommand(): readonly string[] | null {
  if (isSea()) return [process.execPath];
  const [, script] = process.argv;
  return script !== undefined && basename(script) === 'main.ts'
    ? [process.execPath, ...process.execArgv, script]
    : null;
}

function start(command: readonly string[], names: readonly string[]): ApartAnswer[] {
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  const [program, ...args] = command;
  // Loaded only here: most queries need no child process.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { error, status, stdout } = spawnSync(program!, [...args, '--child', ...names], {
    cwd: directory,
    // Nothing from the caller's environment: a search path decides which DLLs a program loads.
    env: { SystemRoot: root, windir: root, PATH: directory },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
    windowsHide: true,
  });
  if (error !== undefined) {
    const late = isLate(error);
    throw new Refused(
      'Failed',
      late
        ? `the child process took longer than ${timeoutMs / 1000} s`
        : `the child process could not be run: ${error.message}`,
    );
  }
  const lines = stdout.toString('utf8').split('\n').slice(0, -1);
  if (status !== 0 || lines.length !== names.length)
    throw new Refused('Failed', `the child process ended with code ${status}`);
  return lines.map((line) => JSON.parse(line) as ApartAnswer);
}

const answers = new Map<string, ApartAnswer>();

/** Queries a short-lived child process: a wrong FFI call ends the process that makes it, and cannot be caught. */
export function askApart(
  name: UncoveredSource,
  command: readonly string[] | null,
): Pick<RawEntry, 'bytes' | 'text' | 'refusal'> {
  needed[name]();
  if (!answers.has(name)) {
    if (command === null) throw new Refused('NotSupported', 'this program cannot start itself once more');
    const group: readonly string[] = groups.find((names: readonly string[]) => names.includes(name))!;
    start(command, group).forEach((one, i) => answers.set(group[i]!, one));
  }
  const { bytes, text, refusal } = answers.get(name)!;
  // Each answer is used once; the next query starts again.
  answers.delete(name);
  if (refusal !== undefined) return { refusal };
  return bytes === undefined ? { text: text ?? '' } : { bytes: Buffer.from(bytes, 'base64') };
}
