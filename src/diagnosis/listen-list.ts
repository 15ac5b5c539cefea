import type { Facts } from '../facts/model/facts.ts';
import { addressScope, withoutScope } from '../ports/address.ts';
import { isWildcard, plainAddress } from './overlap.ts';

/** The addresses that HTTP.sys is configured to listen on; empty: every address. */
export interface ListenList {
  readonly all: readonly string[];
  /** The addresses that the machine does not have. */
  readonly stale: readonly string[];
  /** The addresses that the machine may not have. */
  readonly doubtful: readonly string[];
}

/** Reads the IP listen list. `addresses`: those of the machine; null where they are unknown. */
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

/** Whether HTTP.sys listens on an address (null: on every address of the machine). */
export function listensOn({ all }: ListenList, address: string | null): boolean {
  if (all.length === 0) return true;
  const texts = new Set(all.map((one) => plainAddress(one).text));
  if (address === null) return texts.has('0.0.0.0') || texts.has('::');
  const { six, text } = plainAddress(withoutScope(address));
  return texts.has(text) || texts.has(six ? '::' : '0.0.0.0');
}
