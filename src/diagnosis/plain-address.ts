import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Bytes, ipv6Text } from '../facts/decode/address.ts';

/** An address in the form in which addresses are compared, however it is written; null for what is none. */
export function plainAddressOf(text: string): string | null {
  const [, address = '', scope = ''] = /^([^%]*)(%[^%/]{1,64})?$/s.exec(text) ?? [];
  if (isIPv4(address)) return scope === '' ? address : null;
  return isIPv6(address) ? `${ipv6Text(ipv6Bytes(address), 0)}${scope}` : null;
}
