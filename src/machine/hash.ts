import { closeSync, readSync } from 'node:fs';
import { openRegular } from './regular-file.ts';

/** The SHA-256 of a file's bytes in lower-case hex. Throws the file system's error. */
export function sha256(path: string): string {
  const file = openRegular(path);
  // A pipe or a device would never end.
  if (file === null) throw new Error('it is not a file');
  try {
    // Loading it takes milliseconds, so load it only when a hash is requested.
    const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer))
      hash.update(buffer.subarray(0, length));
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}
