import { closeSync, lstatSync, openSync } from 'node:fs';
import { errorCode } from '../../io/errors.ts';
import { registryData, registryPlace, isRegistryPath } from '../../system/registry.ts';
import { replaceFile } from '../../io/temporary.ts';
import { nameObstacle, type ReplaceObstacle } from '../obstacle.ts';
import { anyLength } from './acl.ts';
import { refused, win32 } from './errors.ts';
import { systemLibrary } from './ffi.ts';
import { lastErrorCode } from './kernel32.ts';
import { canChange, setRegistryValue } from './registry.ts';

const kernel32 = systemLibrary('kernel32.dll', {
  ReplaceFileW: { arguments: ['pointer', 'pointer', 'pointer', 'uint32', 'pointer', 'pointer'], return: 'int32' },
  MoveFileExW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'int32' },
  GetFileAttributesW: { arguments: ['pointer'], return: 'uint32' },
  SetFileAttributesW: { arguments: ['pointer', 'uint32'], return: 'int32' },
});

const noAttributes = 0xffff_ffff;
const readOnly = 0x1;
const isReadOnly = (attributes: number): boolean => attributes !== noAttributes && (attributes & readOnly) !== 0;
const writeThrough = 0x8;
/** While another program has the file open; nothing was changed yet. */
const busy: ReadonlySet<number> = new Set([win32.accessDenied, 32, 1175]);
/** The old file is gone, and the new one still has its temporary name. */
const halfDone: ReadonlySet<number> = new Set([win32.fileNotFound, 1176, 1177]);
const attempts = 100;
const clock = new Int32Array(new SharedArrayBuffer(4));

/** Replaces a file that may be open for a moment, as those of virus scanners are. */
function swap(temporary: string, path: string): void {
  const [from, to] = [anyLength(temporary), anyLength(path)];
  for (let attempt = 0; ; attempt++) {
    if (kernel32.ReplaceFileW(to, from, null, 0, null, null) !== 0) return;
    const error = lastErrorCode();
    const isGone = halfDone.has(error) && kernel32.GetFileAttributesW(to) === noAttributes;
    if (isGone && kernel32.MoveFileExW(from, to, writeThrough) !== 0) return;
    if (!busy.has(error) || attempt >= attempts) throw refused('ReplaceFile', error);
    Atomics.wait(clock, 0, 0, 10);
  }
}

/**
 * Replaces a file atomically; it keeps its access list, attributes, and streams. A value of the registry keeps its type.
 * Throws system errors, and Refused.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-replacefilew
 */
export function replaceKeeping(path: string, bytes: Uint8Array): void {
  if (isRegistryPath(path)) return setRegistryValue(registryPlace(path), registryData(bytes));
  const name = anyLength(path);
  const attributes = kernel32.GetFileAttributesW(name);
  // Windows replaces no file that is marked read-only.
  if (isReadOnly(attributes)) kernel32.SetFileAttributesW(name, attributes & ~readOnly);
  try {
    replaceFile(path, bytes, 0o600, { swap });
  } finally {
    // Wine does not keep those of hidden files.
    const isSame = attributes === noAttributes || kernel32.GetFileAttributesW(name) === attributes;
    if (!isSame) kernel32.SetFileAttributesW(name, attributes);
  }
}

/** Why a file must not be replaced; see ConfigurationMachine. */
export function replaceObstacle(path: string): ReplaceObstacle | null {
  if (isRegistryPath(path))
    return canChange(registryPlace(path))
      ? null
      : { text: `changing ${path} needs an administrator (an elevated PowerShell)`, serious: true };
  const hindrance = nameObstacle(path, lstatSync(path));
  if (hindrance !== null) return hindrance;
  if (isReadOnly(kernel32.GetFileAttributesW(anyLength(path))))
    return { text: `${path} is marked read-only`, serious: false };
  try {
    closeSync(openSync(path, 'r+'));
    return null;
  } catch (error) {
    return ['EPERM', 'EACCES'].includes(errorCode(error))
      ? { text: `changing ${path} needs an administrator (an elevated PowerShell)`, serious: true }
      : null;
  }
}
