import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The SHA-256 of a file's bytes in lower-case hex. Throws the file system's error. */
export function sha256(path: string): string {
  const file = openSync(path, 'r');
  try {
    // A pipe or a device would never end.
    if (!fstatSync(file).isFile()) throw new Error('it is not a file');
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
