import { addressFamily, unmapped } from '../ports/address.ts';

/** How a bind and a socket on the same port get in each other's way. */
export type Overlap =
  /** The same address, or both the wildcard of one family. */
  | 'same'
  /** One is for every address, the other for one of them. */
  | 'wildcard'
  /** One is an IPv6 wildcard that is for IPv4 too. */
  | 'dualStack';

/** An address by its family, mapped ones as what they stand for. */
interface Plain {
  readonly six: boolean;
  readonly wildcard: boolean;
  readonly text: string;
}

export function plainAddress(address: string): Plain {
  const text = unmapped(address);
  return { six: addressFamily(text) === 'IPv6', wildcard: text === '0.0.0.0' || text === '::', text };
}

/** Whether an address is all addresses of its family. */
export function isWildcard(address: string): boolean {
  return plainAddress(address).wildcard;
}

/** A bound address; `dual`: an IPv6 wildcard that is for IPv4 too. */
export interface Bound {
  readonly address: string;
  readonly dual: boolean;
}

/** Null when the two never meet. */
export function overlap(one: Bound, other: Bound): Overlap | null {
  const [a, b] = [plainAddress(one.address), plainAddress(other.address)];
  if (a.six === b.six) {
    if (a.wildcard !== b.wildcard) return 'wildcard';
    return a.text === b.text ? 'same' : null;
  }
  const six = a.six ? { ...a, dual: one.dual } : { ...b, dual: other.dual };
  return six.wildcard && six.dual ? 'dualStack' : null;
}
