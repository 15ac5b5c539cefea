import { dirname, join } from 'node:path';

/**
 * A name in the folder of `path` for a file that takes its place later. Nobody can foresee it; it is to be opened with
 * `wx`, so that nobody can have planted it either.
 */
export function temporaryBeside(path: string): string {
  // Loading it costs milliseconds that only who writes a file should pay.
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  return join(dirname(path), `.portowner-${randomBytes(16).toString('hex')}.tmp`);
}
