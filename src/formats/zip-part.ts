/** The offsets of the fields in a ZIP record that change with its part (APPNOTE 4.3.7, 4.3.12). */
const fields = {
  local: { crc: 14, packed: 18, plain: 22 },
  central: { crc: 16, packed: 20, plain: 24, nameLength: 28, extraLength: 30, commentLength: 32, local: 42 },
} as const;
const endLength = 22;

/**
 * Replaces the text of one part of an archive. The archive must have no comment and no data descriptors, like one that
 * a library wrote in one pass.
 */
export function withPart(archive: Uint8Array, name: string, edit: (text: string) => string): Buffer {
  const { crc32, deflateRawSync, inflateRawSync } = process.getBuiltinModule('node:zlib');
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length);
  const end = Buffer.from(bytes.subarray(-endLength));
  const directory = bytes.subarray(end.readUInt32LE(16), -endLength);
  const [parts, entries]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (let at = 0; at < directory.length;) {
    const { central, local } = fields;
    const nameLength = directory.readUInt16LE(at + central.nameLength);
    const length =
      46 +
      nameLength +
      directory.readUInt16LE(at + central.extraLength) +
      directory.readUInt16LE(at + central.commentLength);
    const entry = Buffer.from(directory.subarray(at, at + length));
    at += length;
    const start = entry.readUInt32LE(central.local);
    const head = Buffer.from(
      bytes.subarray(start, start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28)),
    );
    let data = bytes.subarray(start + head.length, start + head.length + entry.readUInt32LE(central.packed));
    if (entry.toString('utf8', 46, 46 + nameLength) === name) {
      const isPacked = entry.readUInt16LE(10) === 8;
      const plain = Buffer.from(edit((isPacked ? inflateRawSync(data) : data).toString()));
      data = isPacked ? deflateRawSync(plain) : plain;
      for (const [record, at] of [
        [entry, central],
        [head, local],
      ] as const) {
        record.writeUInt32LE(crc32(plain), at.crc);
        record.writeUInt32LE(data.length, at.packed);
        record.writeUInt32LE(plain.length, at.plain);
      }
    }
    entry.writeUInt32LE(offset, central.local);
    parts.push(head, data);
    entries.push(entry);
    offset += head.length + data.length;
  }
  end.writeUInt32LE(Buffer.concat(entries).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...entries, end]);
}
