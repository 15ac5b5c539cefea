import type { Facts } from '../facts/model/facts.ts';
import { addressScope, withoutScope } from '../ports/address.ts';
import { isWildcard, plainAddress } from './overlap.ts';

/** The addresses that HTTP.sys is told to listen on; empty: every one. */
export interface ListenList {
  readonly all: readonly string[];
  /** Those that the machine does not have. */
  readonly stale: readonly string[];
  /** Those of which it is not known whether the machine has them. */
  readonly doubtful: readonly string[];
}

/** `addresses`: the machine's; null where they are not known. */
export function listenListOf({ sections }: Facts, addresses: readonly string[] | null): ListenList {
  const all = (sections.ipListenList?.data ?? []).map(({ address }) => address);
  const known = new Set(
    [...(addresses ?? []), ...sections.sockets.data.map(({ localAddress }) => localAddress)].map(
      (address) => plainAddress(withoutScope(address)).text,
    ),
  );
  const foreign = all.filter(
    (address) =>
      !isWildcard(address) &&
      addressScope(address) !== 'Loopback' &&
      !known.has(plainAddress(withoutScope(address)).text),
  );
  return { all, stale: addresses === null ? [] : foreign, doubtful: addresses === null ? foreign : [] };
}

/** Whether HTTP.sys listens on an address (null: on every one that the machine has). */
export function listensOn({ all }: ListenList, address: string | null): boolean {
  if (all.length === 0) return true;
  const texts = new Set(all.map((one) => plainAddress(one).text));
  if (address === null) return texts.has('0.0.0.0') || texts.has('::');
  const { six, text } = plainAddress(withoutScope(address));
  return texts.has(text) || texts.has(six ? '::' : '0.0.0.0');
}
