import { addressFamily, scopeOf, unmapped, withoutScope } from '../ports/address.ts';

/** How a bind and a socket on the same port conflict. */
export type Overlap =
  /** The same address, or both the wildcard of one family. */
  | 'same'
  /** One covers every address or every interface, the other covers one of them. */
  | 'wildcard'
  /** One is an IPv6 wildcard that includes IPv4. */
  | 'dualStack';

/** An address with its family; an IPv4-mapped address counts as IPv4. */
interface Plain {
  readonly six: boolean;
  readonly wildcard: boolean;
  /** The address without the interface. */
  readonly text: string;
  /** The only interface that the address covers; null: all interfaces. */
  readonly device: string | null;
}

export function plainAddress(address: string): Plain {
  const text = unmapped(withoutScope(address));
  const wildcard = text === '0.0.0.0' || text === '::';
  return { six: addressFamily(text) === 'IPv6', wildcard, text, device: scopeOf(address) };
}

/** Whether an address covers all addresses of its family, even if only on one interface. */
export function isWildcard(address: string): boolean {
  return plainAddress(address).wildcard;
}

/**
 * A bound address; `dual`: an IPv6 wildcard that includes IPv4; `vrf`: the VRF, whose ports are separate from all
 * others.
 */
export interface Bound {
  readonly address: string;
  readonly dual: boolean;
  readonly vrf?: string | undefined;
}

/** Whether two interfaces (null: all) may be the same. */
export const sameDevice = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;

/**
 * Returns how two addresses overlap; null when they never meet. For the rules of interfaces, see
 * https://docs.kernel.org/networking/vrf.html.
 */
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
