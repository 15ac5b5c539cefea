import { lstatSync, readFileSync } from 'node:fs';
import { errorCode } from '../../io/errors.ts';
import { moreRights } from '../../system/raw.ts';
import type { PathState } from '../../system/scheduler.ts';
import { userName } from './libc.ts';

type Ffi = typeof import('node:ffi');

/** The access control list of a file or folder; null if it has none. Throws if the C library cannot be called. */
function accessList(path: string): Uint8Array | null {
  const ffi = process.getBuiltinModule('node:ffi') as Ffi;
  const { functions } = ffi.dlopen(null, {
    getxattr: { arguments: ['buffer', 'buffer', 'buffer', 'uint64'], return: 'int64' },
  } as const);
  const value = Buffer.alloc(65_536);
  const length = functions.getxattr(
    Buffer.from(`${path}\0`),
    Buffer.from('system.posix_acl_access\0'),
    value,
    BigInt(value.length),
  );
  return length < 0n ? null : value.subarray(0, Number(length));
}

/** Inspects a path itself and its permissions. */
export function lookAt(path: string): PathState {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return { standing: 'missing', access: null, refusal: null };
    if (stats.isSymbolicLink()) return { standing: 'link', access: null, refusal: null };
    // An access control list that lets anyone write shows in the group bits, which are then its mask.
    const list = (stats.mode & 0o020) === 0 ? null : accessList(path);
    const standing = stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other';
    return {
      standing,
      access: { platform: 'linux', uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777, list },
      refusal: null,
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR') return { standing: 'missing', access: null, refusal: null };
    const denied = code === 'EACCES';
    return {
      standing: 'other',
      access: null,
      refusal: {
        code: denied ? 'AccessDenied' : 'Failed',
        text: denied ? 'looking there was denied' : String(error),
        ...(denied ? { needs: moreRights.linux } : {}),
      },
    };
  }
}

/** The display name of an account such as `user:1000` or `group:50`. */
export function accountText(id: string): string {
  const [kind, number = ''] = id.split(':');
  if (kind === 'user') return userName(Number(number)) ?? `user ${number}`;
  if (kind !== 'group') return 'everybody';
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((one) => one.split(':')[2] === number);
    if (line !== undefined) return `group ${line.split(':')[0]}`;
  } catch {
    // Use its number instead.
  }
  return `group ${number}`;
}
