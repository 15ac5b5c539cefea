import { isIP } from 'node:net';
import { parseJson } from '../../io/nesting.ts';
import type { InterfaceAddress } from '../model/facts.ts';

const longestName = 256;

/** The raw entry `addresses`: a list of addresses, each with its interface. What is no address is left out, and a flaw. */
export function decodeInterfaceAddresses(text: string): { data: InterfaceAddress[]; flaw: string | null } {
  let list: unknown;
  try {
    list = parseJson(text);
  } catch {
    list = null;
  }
  if (!Array.isArray(list)) return { data: [], flaw: 'the addresses are not readable' };
  const data = list.flatMap((one: unknown): InterfaceAddress[] => {
    const { address, interface: name } = (one ?? {}) as Record<string, unknown>;
    return typeof address === 'string' &&
      address.length <= longestName &&
      isIP(address.replace(/%.*$/s, '')) !== 0 &&
      typeof name === 'string' &&
      name.length <= longestName
      ? [{ address: address.toLowerCase().replace(/%.*$/s, '') + (/%.*$/s.exec(address)?.[0] ?? ''), interface: name }]
      : [];
  });
  return { data, flaw: data.length === list.length ? null : 'not every address is readable' };
}
