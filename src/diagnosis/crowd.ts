import { plainAddress, type Bound } from './overlap.ts';
import type { Holder } from './families.ts';

/** Holders of a port, in their order, with the properties that they are checked for. */
export interface Crowd {
  readonly holders: readonly Holder[];
  /** The names of their services. */
  readonly services: ReadonlySet<string>;
}

/** At most this many holders of a crowd are listed. */
export const shownHolders = 100;

function crowdOf(holders: readonly Holder[]): Crowd {
  return { holders, services: new Set(holders.flatMap(({ row }) => row.Services ?? [])) };
}

/** Caches the answers of a function. */
export function remembered<Q, A>(answer: (question: Q) => A): (question: Q) => A {
  const known = new Map<Q, A>();
  return (question) => {
    let found = known.get(question);
    if (found === undefined) known.set(question, (found = answer(question)));
    return found;
  };
}

/**
 * Groups the holders of one port by the binds that would meet them, because thousands of rules may apply to a port with
 * thousands of holders. `isSix`: whether a holder is IPv6.
 */
export function crowdsOn(
  group: readonly Holder[],
  isSix: (holder: Holder) => boolean,
): {
  family: (six: boolean) => Crowd;
  wildcards: (six: boolean) => Crowd;
  address: (six: boolean, text: string) => Crowd;
} {
  const keyed = (keyOf: (holder: Holder) => string | null) => {
    const groups = Map.groupBy(group, keyOf);
    return remembered((key: string) => crowdOf(groups.get(key) ?? []));
  };
  const plainOf = ({ socket }: Holder) => plainAddress(socket.localAddress);
  const families = keyed((holder) => `${isSix(holder)}`);
  const wildcards = keyed((holder) => (plainOf(holder).wildcard ? `${isSix(holder)}` : null));
  const addresses = keyed((holder) => (plainOf(holder).wildcard ? null : `${isSix(holder)} ${plainOf(holder).text}`));
  return {
    family: (six) => families(`${six}`),
    wildcards: (six) => wildcards(`${six}`),
    address: (six, text) => addresses(`${six} ${text}`),
  };
}

/** Returns the holders of a port that a bind meets, by the rules of `overlap`. */
export function crowdsMet({ family, wildcards, address }: ReturnType<typeof crowdsOn>, bound: Bound): Crowd[] {
  const { six, wildcard, text } = plainAddress(bound.address);
  const found = wildcard
    ? [family(six), ...(six && bound.dual ? [family(false)] : [])]
    : [wildcards(six), address(six, text)];
  return found.filter(({ holders }) => holders.length > 0);
}
