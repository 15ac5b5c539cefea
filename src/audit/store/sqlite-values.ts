import { ownerKey, type Listener } from '../listeners.ts';

/*
 * How the history of audits is written into SQLite. It keeps spans: a listener, or a finding, and the first and last run that
 * saw it without a run in between that did not. A span that the newest run of its machine saw has no last run yet, so
 * that a night without changes writes one row. Times are milliseconds since 1970. Version 2 added whether a run could
 * tell all (null: made before), and the numbers of dynamic ports.
 */

/** The port that stands for all dynamic ones of an owner. */
export const dynamicPort = 0;

/** A time of the store, ISO 8601. */
export const instant = (milliseconds: unknown): string => new Date(Number(milliseconds)).toISOString();

export const unknownOrSame = (one: string | null, other: string | null): boolean =>
  one === null || other === null || one === other;

export type OwnerValues = Pick<Listener, 'program' | 'services' | 'user' | 'sha256' | 'signer'>;

/** The owner of a row that has the columns of the table owner. */
export function ownerOf({ program, services, user, sha256, signer }: Readonly<Record<string, unknown>>): OwnerValues {
  return {
    program: program as string | null,
    services: services === '[]' ? [] : (JSON.parse(String(services)) as string[]),
    user: user as string | null,
    sha256: sha256 as string | null,
    signer: signer as string | null,
  };
}

/** An endpoint with its owner, whatever its executable. */
export const spanKey = (
  { protocol, port, address }: Readonly<Record<'protocol' | 'port' | 'address', unknown>>,
  owner: Pick<Listener, 'program' | 'services' | 'user'>,
): string => `${protocol} ${port} ${address} ${ownerKey(owner)}`;
