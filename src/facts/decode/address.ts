/** The IPv4 address at `offset`, dotted. */
export function ipv4Text(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]!}.${bytes[offset + 1]!}.${bytes[offset + 2]!}.${bytes[offset + 3]!}`;
}

/** The IPv6 address of 16 bytes at `offset` as RFC 5952 writes it, with `%scope` when that is not 0. */
export function ipv6Text(bytes: Uint8Array, offset: number, scope = 0): string {
  const suffix = scope === 0 ? '' : `%${scope}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `::ffff:${ipv4Text(bytes, offset + 12)}${suffix}`;
  }
  let start = 0;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = end;
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return `${length > 1 ? `${hex(0, start)}::${hex(start + length, 8)}` : hex(0, 8)}${suffix}`;
}

/** The 16 bytes of a valid IPv6 address, which may end as IPv4 does. */
export function ipv6Bytes(text: string): Buffer {
  const hex = text.replace(/(?:\d{1,3}\.){3}\d{1,3}$/, (four) => {
    const [a = 0, b = 0, c = 0, d = 0] = four.split('.').map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const groups = (part: string) =>
    Buffer.from(
      part === ''
        ? ''
        : part
            .split(':')
            .map((group) => group.padStart(4, '0'))
            .join(''),
      'hex',
    );
  const bytes = Buffer.alloc(16);
  groups(head).copy(bytes);
  const end = groups(tail ?? '');
  end.copy(bytes, 16 - end.length);
  return bytes;
}
