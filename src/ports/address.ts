/*
 * IP addresses: the one place that reads, writes and judges them. Facts have each in one form, IPv4 dotted and IPv6 as
 * RFC 5952 writes it, so that equal addresses are equal texts; what comes from outside is brought into it first.
 *
 * It imports nothing, because the main query needs it: node:net costs 1.5 ms of its start, and ipaddr.js 1.1 ms, which
 * takes 127.1 and 010.0.0.1 for addresses, too. A test holds it against node:net.
 */

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

/** The text of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? ipv4Text(bytes, 0) : ipv6Text(bytes, 0);
}

const ipv4Form = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The bytes of some groups of IPv6, of which the last may be IPv4; null when one is neither. */
function groupBytes(text: string): number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else if (index === groups.length - 1 && ipv4Form.test(group)) bytes.push(...group.split('.').map(Number));
    else return null;
  }
  return bytes;
}

function ipv6Bytes(text: string): Uint8Array | null {
  const [first = '', second, ...rest] = text.split('::');
  const [head, tail] = [groupBytes(first), groupBytes(second ?? '')];
  // IPv4 is the end of an address, or there is none.
  if (head === null || tail === null || rest.length > 0 || (second !== undefined && first.includes('.'))) return null;
  const size = head.length + tail.length;
  if (second === undefined ? size !== 16 : size > 14) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The 4 or 16 bytes of an address without scope, in any form; null when it is none. */
export function addressBytes(text: string): Uint8Array | null {
  if (text.includes(':')) return ipv6Bytes(text);
  return ipv4Form.test(text) ? Uint8Array.from(text.split('.').map(Number)) : null;
}

/** An address without the `%scope` that names its interface. */
export function withoutScope(address: string): string {
  const at = address.indexOf('%');
  return at < 0 ? address : address.slice(0, at);
}

/** The number or name of the interface behind the % of an address; null without. */
export function scopeOf(address: string): string | null {
  const at = address.indexOf('%');
  return at < 0 ? null : address.slice(at + 1);
}

/** What an interface may be called behind an address: nothing that could mean something where it is written. */
const scopeForm = /^[\p{L}\p{N}_.:@+-]{1,64}$/u;

/** An address in any form as facts have it, with its scope; null when it is none. */
export function canonicalAddress(text: string): string | null {
  const scope = scopeOf(text);
  const bytes = addressBytes(withoutScope(text));
  if (bytes === null || (scope !== null && !scopeForm.test(scope))) return null;
  // 0 is no interface.
  return scope === null || scope === '0' ? addressText(bytes) : `${addressText(bytes)}%${scope}`;
}

/** A text that may be an address, such as a host, in the form in which it is compared with others. */
export function comparableHost(text: string): string {
  return canonicalAddress(text) ?? text.toLowerCase();
}

/** An IPv4-mapped IPv6 address as the IPv4 address that it stands for; any other as it is. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The family of an address, of which a mapped one is IPv6. */
export function addressFamily(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** Who can reach a local address. */
export function addressScope(address: string): 'Loopback' | 'Specific' | 'Any' {
  const plain = unmapped(withoutScope(address));
  const device = scopeOf(address);
  // What other machines send never arrives by the loopback interface.
  if (device === 'lo' || plain.startsWith('127.') || plain === '::1') return 'Loopback';
  return device === null && (plain === '0.0.0.0' || plain === '::') ? 'Any' : 'Specific';
}

/** fe80::/10. */
export function isLinkLocal(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === 0xfe && (bytes[offset + 1]! & 0xc0) === 0x80;
}

/** An address as it stands before a port, in brackets where it is IPv6. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** `TCP 0.0.0.0:443`, `TCP [::]:443`, `TCP any:dynamic`. */
export function endpointText({
  protocol,
  address,
  port,
}: {
  readonly protocol: string;
  readonly address: string;
  readonly port: number | string;
}): string {
  return `${protocol} ${bracketed(address)}:${port}`;
}
