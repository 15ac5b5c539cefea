import type { FieldRefusal } from '../facts/model/facts.ts';
import { refusalText } from '../facts/model/refusal.ts';
import type { Endpoint } from '../schema/endpoint.ts';

/** An endpoint with its owner in memory: the reasons for missing values are data, which become text when it is written. */
export type OwnedEndpoint = Omit<Endpoint, 'Reason'> & {
  readonly refusals: readonly FieldRefusal[];
  /** The person behind UserName, if that is an account that Windows created for elevated programs. */
  readonly realUser?: string;
};

/** Whether a column's value is missing for this reason; without a code, for any reason. */
export function isRefused(
  { refusals }: Pick<OwnedEndpoint, 'refusals'>,
  column: keyof Endpoint,
  code?: FieldRefusal['code'],
): boolean {
  return refusals.some((refusal) => refusal.field === column && (code === undefined || refusal.code === code));
}

/** Whether the caller's rights are insufficient to see the owner. */
export const isOwnerDenied = (row: OwnedEndpoint): boolean => isRefused(row, 'OwningProcess', 'AccessDenied');

/** Most sockets of a process have only its refusals. */
const known = new WeakMap<readonly FieldRefusal[], readonly string[]>();

/** Refusals as texts, for a row or a sentence: what a socket and its process both lack is said once. */
export function reasonTexts(refusals: readonly FieldRefusal[]): readonly string[] {
  let texts = known.get(refusals);
  if (texts === undefined) known.set(refusals, (texts = [...new Set(refusals.map(refusalText))]));
  return texts;
}

/**
 * Turns an owned endpoint into a row in place: copying 20,000 of them would cost more than gathering them. Writers use only
 * the columns of the schema, so the refusals can stay in the object.
 */
export function toRow(owned: OwnedEndpoint): Endpoint {
  const row = owned as OwnedEndpoint & { Reason: Endpoint['Reason'] };
  row.Reason = row.refusals.length === 0 ? null : reasonTexts(row.refusals);
  return row;
}
