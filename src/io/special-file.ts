import { statSync } from 'node:fs';

/** Names of what the program's caller has open already, as `<(command)` in a shell is: somebody writes to it. */
const openAlready = /^\/(?:dev\/(?:stdin$|fd\/)|proc\/)/;

/**
 * Why what has this name, through links, is nothing to open: opening a named pipe waits for its other end for ever, and
 * a device has no end, or is more than its name. Null for a file, a folder and what is not there.
 */
export function specialFile(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory() || openAlready.test(path)) return null;
  return `it is ${found.isFIFO() ? 'a named pipe' : found.isSocket() ? 'a socket' : 'a device'}, not a file`;
}
