import { writeFileSync } from 'node:fs';

/** Makes a file that was a store of ours once: its header is whole, and nothing else. */
export function writeDamagedStore(path: string): Buffer {
  const bytes = Buffer.alloc(8192, 0xaa);
  bytes.write('SQLite format 3\0', 0, 'latin1');
  // The size of a page, how it is written, and our number.
  bytes.writeUInt16BE(4096, 16);
  bytes.fill(1, 18, 20);
  bytes.writeUInt32BE(0x504f5254, 68);
  writeFileSync(path, bytes);
  return bytes;
}
