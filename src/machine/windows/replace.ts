import { lstatSync } from 'node:fs';
import { replaceFile } from '../../io/temporary.ts';
import { nameObstacle, type ReplaceObstacle } from '../obstacle.ts';
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
  const swap = (temporary: string): void => {
    if (kernel32.ReplaceFileW(wide(path), wide(temporary), 0n, 0, 0n, 0n) === 0) throw lastError('ReplaceFile');
  };
  replaceFile(path, bytes, 0o600, { swap });
}

/** Why a file must not be replaced; see ConfigurationMachine. */
export const replaceObstacle = (path: string): ReplaceObstacle | null => nameObstacle(path, lstatSync(path));
