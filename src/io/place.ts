import { lstatSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from './errors.ts';

/** Whether everyone can create files in a folder, but not remove those of others, as in /tmp. */
const isShared = ({ mode }: Stats): boolean => (mode & 0o1002) === 0o1002;

/**
 * Throws if another user put a link or a file into a shared folder, so that this user follows or fills it. Linux
 * enforces the same rules when a file is opened (protected_symlinks, protected_regular), but not for a program that
 * resolves links itself and renames files.
 */
function checkOwner(path: string, found: Stats): void {
  const own = process.geteuid?.();
  if (own === undefined || found.uid === own || !(found.isSymbolicLink() || found.isFile())) return;
  const folder = statSync(dirname(resolve(path)));
  if (isShared(folder) && found.uid !== folder.uid)
    throw new Error(
      `${found.isSymbolicLink() ? 'a link' : 'the file'} at ${path} is another user's, in a folder that all users share`,
    );
}

/**
 * Returns the real destination of writing to `path`: resolves symbolic links, including dangling ones. Throws system
 * errors, and an error if another user put the path into a shared folder.
 */
export function destination(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) checkOwner(path, found);
  if (found?.isSymbolicLink() !== true) {
    try {
      return realpathSync(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      return resolve(path);
    }
  }
  // Throws ELOOP for circular links.
  statSync(path, { throwIfNoEntry: false });
  return destination(resolve(dirname(path), readlinkSync(path)));
}
