import { statSync } from 'node:fs';

/** Names of files that the caller already has open, such as `<(command)` in a shell, so a writer exists. */
const openAlready = /^\/(?:dev\/(?:stdin$|fd\/)|proc\/)/;

/**
 * Returns why the target of a path must not be opened: opening a named pipe blocks until its other end opens, and a
 * device may have no end or side effects. Null for a file, a folder and a missing path.
 */
export function specialFile(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory() || openAlready.test(path)) return null;
  return `it is ${found.isFIFO() ? 'a named pipe' : found.isSocket() ? 'a socket' : 'a device'}, not a file`;
}
