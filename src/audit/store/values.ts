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

/** A time of the store, ISO 8601. */
export const instant = (milliseconds: unknown): string => new Date(Number(milliseconds)).toISOString();

export const unknownOrSame = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;

export type OwnerValues = Pick<Listener, 'program' | 'services' | 'user' | 'sha256' | 'signer'>;

/** Reads the owner from a row with the columns of the table owner. */
export function ownerOf({ program, services, user, sha256, signer }: Readonly<Record<string, unknown>>): OwnerValues {
  return {
    program: program as string | null,
    services: services === '[]' ? [] : (JSON.parse(String(services)) as string[]),
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
