import type { PortSpan } from '../../ports/expression.ts';
import { ownerKey, type Listener } from '../listeners.ts';

/*
 * How the history of audits is stored, in every engine. It consists of spans: a listener or a finding, with the first and
 * last run that saw it, without a run in between that did not. A span that the newest run of its machine saw has no last
 * run yet, so that a night without changes writes one row.
 */

/** The port that represents all dynamic ports of an owner. */
export const dynamicPort = 0;

/** The lowest and the highest of some ports; without any, a range that contains none. */
export const boundsOf = (ports: readonly PortSpan[]): readonly [low: number, high: number] => [
  Math.min(65_536, ...ports.map(({ start }) => start)),
  Math.max(-1, ...ports.map(({ end }) => end)),
];

/** The last millisecond of the year 9999. */
const latest = 253_402_300_799_999;

/** The texts of the last times. An answer has many rows, and few times: those of the audits. */
const texts = new Map<number, string>();

/** A time of the store, ISO 8601. The account of a machine can have stored any: what is no time is 1970. */
export function instant(milliseconds: unknown): string {
  const number = Number(milliseconds);
  const time = number >= 0 && number <= latest ? number : 0;
  const known = texts.get(time);
  if (known !== undefined) return known;
  if (texts.size === 1000) texts.clear();
  const text = new Date(time).toISOString();
  texts.set(time, text);
  return text;
}

export const unknownOrSame = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;

export type OwnerValues = Pick<Listener, 'program' | 'services' | 'user' | 'sha256' | 'signer'>;

/** Reads the names of services, an array in JSON. The account of a machine can have stored any text, which is one name then. */
function servicesIn(text: string): string[] {
  try {
    const found: unknown = JSON.parse(text);
    if (Array.isArray(found) && found.every((one) => typeof one === 'string')) return found;
  } catch {
    // It is not JSON.
  }
  return [text];
}

/** Reads the owner from a row with the columns of the table owner. */
export function ownerOf({ program, services, user, sha256, signer }: Readonly<Record<string, unknown>>): OwnerValues {
  return {
    program: program as string | null,
    services: services === '[]' ? [] : servicesIn(String(services)),
    user: user as string | null,
    sha256: sha256 as string | null,
    signer: signer as string | null,
  };
}

/** An endpoint with its owner, regardless of its executable. */
export const spanKey = (
  { protocol, port, address }: Readonly<Record<'protocol' | 'port' | 'address', unknown>>,
  owner: Pick<Listener, 'program' | 'services' | 'user'>,
): string => `${protocol} ${port} ${address} ${ownerKey(owner)}`;
