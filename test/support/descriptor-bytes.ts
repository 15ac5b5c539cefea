// Security descriptors as MS-DTYP 2.4 describes them, for tests.

export function sidBytes(text: string): Buffer {
  const [, , authority, ...parts] = text.split('-').map(Number);
  const bytes = Buffer.alloc(8 + 4 * parts.length);
  bytes[0] = 1;
  bytes[1] = parts.length;
  bytes.writeUIntBE(authority!, 2, 6);
  for (const [i, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + 4 * i);
  return bytes;
}

/** An entry; `guids` is for entries of objects: how many stand before the SID. */
export function ace({ sid, mask, type = 0, flags = 0, guids }: { sid: string; mask: number; type?: number; flags?: number; guids?: 0 | 1 | 2 }): Buffer {
  const head = Buffer.alloc(8);
  head[0] = type;
  head[1] = flags;
  head.writeUInt32LE(mask, 4);
  const object = guids === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([[0, 1, 3][guids]!, 0, 0, 0]), Buffer.alloc(16 * guids, 0xee)]);
  const all = Buffer.concat([head, object, sidBytes(sid)]);
  all.writeUInt16LE(all.length, 2);
  return all;
}

/** A self-relative descriptor; without `entries` it has no access list. */
export function descriptor({ owner, entries, isProtected = false }: { owner: string | null; entries: readonly Buffer[] | null; isProtected?: boolean }): Buffer {
  const head = Buffer.alloc(20);
  const ownerBytes = owner === null ? Buffer.alloc(0) : sidBytes(owner);
  head[0] = 1;
  head.writeUInt16LE(0x8000 | (entries === null ? 0 : 0x4) | (isProtected ? 0x1000 : 0), 2);
  if (owner !== null) head.writeUInt32LE(20, 4);
  if (entries === null) return Buffer.concat([head, ownerBytes]);
  head.writeUInt32LE(20 + ownerBytes.length, 16);
  const list = Buffer.concat([Buffer.alloc(8), ...entries]);
  list[0] = 2;
  list.writeUInt16LE(list.length, 2);
  list.writeUInt16LE(entries.length, 4);
  return Buffer.concat([head, ownerBytes, list]);
}
