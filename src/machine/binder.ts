import { networkInterfaces } from 'node:os';
import { scopeOf } from '../ports/address.ts';
import { parseBindName, type Bind, type BindOutcome } from '../facts/gather/probe.ts';
import type { Platform, RawEntry, RawSource, Refusal } from '../system/raw.ts';
import { interfaceAddresses } from './addresses.ts';

/** Makes one bind attempt and releases everything. `scope`: the interface number of the address, or 0 for none. */
export type TryBind = (bind: Bind, scope: number) => BindOutcome;

/** The number of the interface that an address names after its %. */
function interfaceNumber(address: string): number {
  const name = scopeOf(address);
  if (name === null) return 0;
  if (/^\d{1,9}$/.test(name)) return Number(name);
  return networkInterfaces()[name]?.find((one) => one.family === 'IPv6')?.scopeid ?? 0;
}

/**
 * This machine as a source of bind attempts.
 *
 * | name | what |
 * |---|---|
 * | `binder` | JSON text: the account that makes the attempts (`user`), the machine's `addresses` |
 * | `bind/PROTOCOL/ADDRESS/PORT/SHARING[/ipv6only]` | JSON text: `BindOutcome`; the socket is closed at once and never listens |
 */
export function binderSource(platform: Platform, tryBind: TryBind, user: () => string | null): RawSource {
  const answer = (name: string): { text: string } | { refusal: Refusal } => {
    if (name === 'binder')
      return { text: JSON.stringify({ user: user(), addresses: interfaceAddresses().map(({ address }) => address) }) };
    const bind = parseBindName(name);
    if (bind === null) return { refusal: { code: 'NotSupported', text: `there is no ${name}` } };
    return { text: JSON.stringify(tryBind(bind, interfaceNumber(bind.address))) };
  };
  return {
    platform,
    read(name): RawEntry {
      const at = new Date().toISOString();
      try {
        return { at, ...answer(name) };
      } catch (error) {
        return { at, refusal: { code: 'Failed', text: error instanceof Error ? error.message : String(error) } };
      }
    },
  };
}
