import { overlap, plainAddress, type Bound } from '../diagnosis/overlap.ts';
import { canonicalAddress } from '../ports/address.ts';
import type { ConfiguredPort } from './configured-port.ts';

type Where = Pick<ConfiguredPort, 'protocol' | 'address'>;

/** The addresses that a setting covers; null if they are unknown, as for a name. */
function boundsOf(address: string | null): readonly Bound[] | null {
  if (address === null) return [{ address: '::', dual: true }];
  if (address.toLowerCase() === 'localhost') return ['127.0.0.1', '::1'].map((one) => ({ address: one, dual: false }));
  const plain = canonicalAddress(address);
  return plain === null ? null : [{ address: plain, dual: plainAddress(plain).text === '::' }];
}

/** Whether two settings with the same port exclude each other; null if that is unknown. */
export function canMeet(one: Where, other: Where): boolean | null {
  if (one.protocol !== other.protocol) return false;
  const [first, second] = [boundsOf(one.address), boundsOf(other.address)];
  if (first === null || second === null) return null;
  return first.some((a) => second.some((b) => overlap(a, b) !== null));
}

/** Returns the only address of these settings, to bind it; null if there are several, or it is not a number. */
export function onlyAddress(places: readonly Where[]): string | null {
  const [address, ...others] = new Set(places.map((place) => place.address));
  return address == null || others.length > 0 ? null : canonicalAddress(address);
}
