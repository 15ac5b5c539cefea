import { addressFamily, scopeOf, unmapped, withoutScope } from '../ports/address.ts';

/** How a bind and a socket on the same port get in each other's way. */
export type Overlap =
  /** The same address, or both the wildcard of one family. */
  | 'same'
  /** One is for every address, or every interface, the other for one of them. */
  | 'wildcard'
  /** One is an IPv6 wildcard that is for IPv4 too. */
  | 'dualStack';

/** An address by its family, mapped ones as what they stand for. */
interface Plain {
  readonly six: boolean;
  readonly wildcard: boolean;
  /** Without the interface. */
  readonly text: string;
  /** The only interface that it is for; null: all of them. */
  readonly device: string | null;
}

export function plainAddress(address: string): Plain {
  const text = unmapped(withoutScope(address));
  const wildcard = text === '0.0.0.0' || text === '::';
  return { six: addressFamily(text) === 'IPv6', wildcard, text, device: scopeOf(address) };
}

/** Whether an address is all addresses of its family, if only on one interface. */
export function isWildcard(address: string): boolean {
  return plainAddress(address).wildcard;
}

/** A bound address; `dual`: an IPv6 wildcard that is for IPv4 too; `vrf`: whose ports are apart from all others. */
export interface Bound {
  readonly address: string;
  readonly dual: boolean;
  readonly vrf?: string | undefined;
}

/** Whether two interfaces (null: all) may be one. */
export const sameDevice = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;

/** Null when the two never meet. https://docs.kernel.org/networking/vrf.html has the rules of interfaces. */
export function overlap(one: Bound, other: Bound): Overlap | null {
  const [a, b] = [plainAddress(one.address), plainAddress(other.address)];
  if (!sameDevice(a.device, b.device)) return null;
  if (a.device !== b.device && one.vrf !== other.vrf) return null;
  if (a.six === b.six) {
    if (a.wildcard !== b.wildcard) return 'wildcard';
    if (a.text !== b.text) return null;
    return a.device === b.device ? 'same' : 'wildcard';
  }
  const six = a.six ? { ...a, dual: one.dual } : { ...b, dual: other.dual };
  return six.wildcard && six.dual ? 'dualStack' : null;
}
