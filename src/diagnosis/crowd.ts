import { plainAddress, type Bound } from './overlap.ts';
import type { Holder } from './families.ts';

/** Holders of a port, in their order, and what is asked of all of them. */
export interface Crowd {
  readonly holders: readonly Holder[];
  /** The names of their services. */
  readonly services: ReadonlySet<string>;
}

/** So many of a crowd stand for it where it is listed. */
export const shownHolders = 100;

function crowdOf(holders: readonly Holder[]): Crowd {
  return { holders, services: new Set(holders.flatMap(({ row }) => row.Services ?? [])) };
}

/** Gives the answer to a question that was asked before again. */
export function remembered<Q, A>(answer: (question: Q) => A): (question: Q) => A {
  const known = new Map<Q, A>();
  return (question) => {
    let found = known.get(question);
    if (found === undefined) known.set(question, (found = answer(question)));
    return found;
  };
}

/**
 * Finds those of the holders of one port that a bind would meet: thousands of rules may be about a port that thousands
 * hold. `isSix`: of which family a holder is.
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

/** Those of the holders of a port that a bind meets, by the rules of `overlap`. */
export function crowdsMet({ family, wildcards, address }: ReturnType<typeof crowdsOn>, bound: Bound): Crowd[] {
  const { six, wildcard, text } = plainAddress(bound.address);
  const found = wildcard
    ? [family(six), ...(six && bound.dual ? [family(false)] : [])]
    : [wildcards(six), address(six, text)];
  return found.filter(({ holders }) => holders.length > 0);
}
