import { parseJson } from '../../io/nesting.ts';
import { canonicalAddress } from '../../ports/address.ts';
import type { InterfaceAddress } from '../model/facts.ts';

const longestName = 256;

/**
 * Parses the raw entry `addresses`: a list of addresses, each with its interface. An invalid address is omitted and
 * reported as a flaw.
 */
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
    if (typeof address !== 'string' || address.length > longestName) return [];
    if (typeof name !== 'string' || name.length > longestName) return [];
    const plain = canonicalAddress(address);
    return plain === null ? [] : [{ address: plain, interface: name }];
  });
  return { data, flaw: data.length === list.length ? null : 'not every address is readable' };
}
