/*
 * IP addresses: the only module that parses, formats and classifies them. Facts use one form, dotted IPv4 and IPv6 as
 * in RFC 5952, so that equal addresses are equal texts; outside input is converted first. It has no imports, because
 * the main query needs it: node:net adds 1.5 ms to its start, and ipaddr.js 1.1 ms, and ipaddr.js also accepts 127.1
 * and 010.0.0.1 as addresses. A test compares it with node:net.
 */

/** Returns the dotted IPv4 address at `offset`. */
export function ipv4Text(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]!}.${bytes[offset + 1]!}.${bytes[offset + 2]!}.${bytes[offset + 3]!}`;
}

/** Returns the IPv6 address in the 16 bytes at `offset` as in RFC 5952, with `%scope` unless it is 0. */
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

/** Formats an address of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? ipv4Text(bytes, 0) : ipv6Text(bytes, 0);
}

const ipv4Form = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Returns the bytes of IPv6 groups, the last of which may be IPv4; null if one is invalid. */
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
  // IPv4 is allowed only at the end of an address.
  if (head === null || tail === null || rest.length > 0 || (second !== undefined && first.includes('.'))) return null;
  const size = head.length + tail.length;
  if (second === undefined ? size !== 16 : size > 14) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** Returns the 4 or 16 bytes of an address without a scope, in any form; null if it is invalid. */
export function addressBytes(text: string): Uint8Array | null {
  if (text.includes(':')) return ipv6Bytes(text);
  return ipv4Form.test(text) ? Uint8Array.from(text.split('.').map(Number)) : null;
}

/** Returns an address without the `%scope` that names its interface. */
export function withoutScope(address: string): string {
  const at = address.indexOf('%');
  return at < 0 ? address : address.slice(0, at);
}

/** Returns the number or name of the interface after the % of an address; null if there is none. */
export function scopeOf(address: string): string | null {
  const at = address.indexOf('%');
  return at < 0 ? null : address.slice(at + 1);
}

/** The allowed scope names: no characters that could have a meaning where the address is written. */
const scopeForm = /^[\p{L}\p{N}_.:@+-]{1,64}$/u;

/** Converts an address in any form to the form in facts, with its scope; null if it is invalid. */
export function canonicalAddress(text: string): string | null {
  const scope = scopeOf(text);
  const bytes = addressBytes(withoutScope(text));
  if (bytes === null || (scope !== null && !scopeForm.test(scope))) return null;
  // 0 is not an interface.
  return scope === null || scope === '0' ? addressText(bytes) : `${addressText(bytes)}%${scope}`;
}

/** Converts a text that may be an address, such as a host, to a form for comparisons. */
export function comparableHost(text: string): string {
  return canonicalAddress(text) ?? text.toLowerCase();
}

/** Converts an IPv4-mapped IPv6 address to IPv4; returns any other address unchanged. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Returns the family of an address; an IPv4-mapped address is IPv6. */
export function addressFamily(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** Returns who can reach a local address. */
export function addressScope(address: string): 'Loopback' | 'Specific' | 'Any' {
  const plain = unmapped(withoutScope(address));
  const device = scopeOf(address);
  // Packets from other machines never arrive on the loopback interface.
  if (device === 'lo' || plain.startsWith('127.') || plain === '::1') return 'Loopback';
  return device === null && (plain === '0.0.0.0' || plain === '::') ? 'Any' : 'Specific';
}

/** fe80::/10. */
export function isLinkLocal(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === 0xfe && (bytes[offset + 1]! & 0xc0) === 0x80;
}

/** Formats an address to precede a port, with brackets around IPv6. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Formats `TCP 0.0.0.0:443`, `TCP [::]:443`, `TCP any:dynamic`. */
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
