import { isLate } from '../../io/errors.ts';
import { Refused } from './errors.ts';
import { systemDirectory } from './ffi.ts';
import { oemCodePage } from './kernel32.ts';

const timeoutMs = 10_000;

/** The output of the system's netsh, in its code page, as a raw entry. */
export function netsh(...args: readonly string[]): { bytes: Buffer; meta: { codePage: number } } {
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  // Loaded only here: most queries do not need netsh.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const result = spawnSync(`${directory}\\netsh.exe`, args, {
    cwd: directory,
    // Nothing from the caller's environment: a search path decides which DLLs a program loads.
    env: { SystemRoot: root, windir: root, PATH: directory, ComSpec: `${directory}\\cmd.exe` },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
    windowsHide: true,
  });
  const call = `netsh ${args.join(' ')}`;
  if (result.error !== undefined) {
    const late = isLate(result.error);
    throw new Refused(
      'Failed',
      late ? `${call} took longer than ${timeoutMs / 1000} s` : `${call} could not be run: ${result.error.message}`,
    );
  }
  if (result.status !== 0) throw new Refused('Failed', `${call} ended with code ${result.status}`);
  if (result.stdout.length === 0) throw new Refused('NotSupported', `${call} printed nothing`);
  return { bytes: result.stdout, meta: { codePage: oemCodePage() } };
}
