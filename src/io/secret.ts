import { fstatSync } from 'node:fs';
import { PortOwnerError } from '../schema/problems.ts';
import { closeFile, openFile, wholeOf } from './read.ts';

const maxBytes = 65_536;

/** Why others may know what is in an open file; null if only this account and root can read it. Windows has no mode. */
function whyShared(file: number): string | null {
  const own = process.geteuid?.();
  if (own === undefined) return null;
  const { uid, mode } = fstatSync(file);
  if (uid !== own && uid !== 0) return `it belongs to another user (uid ${uid})`;
  // An access list shows in the rights of the group.
  return (mode & 0o077) === 0 ? null : 'other users can read it';
}

/** Reads a file with a secret. Throws PO4210 if others can read it, and PO2001. */
export function readSecret(path: string, what: string): string {
  const opened = openFile(path);
  try {
    const why = whyShared(opened.file);
    if (why !== null)
      throw new PortOwnerError('PO4210', `${what} ${path} was not used: ${why}`, {
        hint: `To let only its owner read it: chmod 600 ${path}`,
        target: path,
      });
    return wholeOf(opened, maxBytes).toString('utf8');
  } finally {
    closeFile(opened);
  }
}
