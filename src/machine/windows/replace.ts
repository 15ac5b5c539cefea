import { closeSync, fsyncSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { temporaryBeside } from '../../io/temporary.ts';
import { lastError } from './kernel32.ts';
import { systemLibrary, wide } from './ffi.ts';

const kernel32 = systemLibrary('kernel32.dll', {
  ReplaceFileW: { arguments: ['pointer', 'pointer', 'pointer', 'uint32', 'pointer', 'pointer'], return: 'int32' },
});

/**
 * Replaces a file atomically; it keeps its access list, attributes, and streams. Throws system errors, and Refused.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-replacefilew
 */
export function replaceKeeping(path: string, bytes: Uint8Array): void {
  const temporary = temporaryBeside(path);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(writeSync(file, rest));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (kernel32.ReplaceFileW(wide(path), wide(temporary), 0n, 0, 0n, 0n) === 0) throw lastError('ReplaceFile');
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Why a file must not be replaced; see ConfigurationMachine. */
export function replaceObstacle(path: string): { readonly text: string; readonly serious: boolean } | null {
  const found = lstatSync(path);
  if (!found.isFile()) return { text: `${path} is not a regular file`, serious: true };
  if (found.nlink > 1)
    return { text: `${path} has ${found.nlink} names (hard links), which replacing it would separate`, serious: true };
  return null;
}
