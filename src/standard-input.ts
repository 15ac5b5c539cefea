import { readSync } from 'node:fs';

/** The first bytes of standard input, at most `most`: a pipe may have no end. */
export function readInput(most: number): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < most) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, most - size));
    let length = 0;
    try {
      length = readSync(0, chunk);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      // So ends a pipe on Windows.
      if (code === 'EOF') break;
      // Whoever shares it has set it not to wait.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      continue;
    }
    if (length === 0) break;
    size += length;
    chunks.push(chunk.subarray(0, length));
  }
  return Buffer.concat(chunks);
}
