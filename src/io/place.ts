import { lstatSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from './errors.ts';

/** A folder that everybody may put files into, and where nobody may take away another's: /tmp. */
const isShared = ({ mode }: Stats): boolean => (mode & 0o1002) === 0o1002;

/**
 * Throws where another user put a link or a file into a shared folder, to have this one follow or fill it. Linux has
 * the same rules for what opens a file (protected_symlinks, protected_regular), but not for what resolves links itself
 * and renames.
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
 * Where writing to `path` really ends up: through symbolic links, dangling ones too. Throws what the system says, and
 * for what another user put into a shared folder.
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
  // Links that go round in circles end here with ELOOP.
  statSync(path, { throwIfNoEntry: false });
  return destination(resolve(dirname(path), readlinkSync(path)));
}
