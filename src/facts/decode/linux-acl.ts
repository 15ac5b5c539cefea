const tag = { user: 0x2, group: 0x8, mask: 0x10 } as const;

/**
 * Named users and groups that the ACL in an extended attribute allows to write, as `user:1000` and `group:50`.
 * https://man7.org/linux/man-pages/man5/acl.5.html; its bytes are struct posix_acl_xattr_header and _entry.
 */
export function listWriters(bytes: Uint8Array): string[] | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 4 || view.readUInt32LE() !== 2 || (view.length - 4) % 8 !== 0) return null;
  const entries = Array.from({ length: (view.length - 4) / 8 }, (_, i) => ({
    kind: view.readUInt16LE(4 + 8 * i),
    rights: view.readUInt16LE(6 + 8 * i),
    id: view.readUInt32LE(8 + 8 * i),
  }));
  const limit = entries.find(({ kind }) => kind === tag.mask)?.rights ?? 7;
  return entries.flatMap(({ kind, rights, id }) =>
    (rights & limit & 2) === 0 ? [] : kind === tag.user ? [`user:${id}`] : kind === tag.group ? [`group:${id}`] : [],
  );
}
