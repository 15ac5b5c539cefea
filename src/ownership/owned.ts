import type { FieldRefusal } from '../facts/model/facts.ts';
import { refusalText } from '../facts/model/refusal.ts';
import type { Endpoint } from '../schema/endpoint.ts';

/** An endpoint with its owner, as the program works with it: why a value is missing is data, and becomes text when it is written. */
export type OwnedEndpoint = Omit<Endpoint, 'Reason'> & {
  readonly refusals: readonly FieldRefusal[];
  /** The person behind UserName, where that is an account which Windows made for elevated programs. */
  readonly realUser?: string;
};

/** Whether a column lacks its value for this reason; without a code, for any. */
export function isRefused(
  { refusals }: Pick<OwnedEndpoint, 'refusals'>,
  column: keyof Endpoint,
  code?: FieldRefusal['code'],
): boolean {
  return refusals.some((refusal) => refusal.field === column && (code === undefined || refusal.code === code));
}

/** Whether the owner may not be seen with the rights of who asks. */
export const isOwnerDenied = (row: OwnedEndpoint): boolean => isRefused(row, 'OwningProcess', 'AccessDenied');

/** Most sockets of a process have its refusals alone. */
const known = new WeakMap<readonly FieldRefusal[], readonly string[]>();

/** Refusals as texts, for a row or a sentence: what a socket and its process both lack is said once. */
export function reasonTexts(refusals: readonly FieldRefusal[]): readonly string[] {
  let texts = known.get(refusals);
  if (texts === undefined) known.set(refusals, (texts = [...new Set(refusals.map(refusalText))]));
  return texts;
}

/**
 * Makes an owned endpoint the row that is written, in place: to copy 20,000 of them would cost more than all that was
 * found out about them. Writers go by the columns of the schema, so that the refusals may stay in it.
 */
export function toRow(owned: OwnedEndpoint): Endpoint {
  const row = owned as OwnedEndpoint & { Reason: Endpoint['Reason'] };
  row.Reason = row.refusals.length === 0 ? null : reasonTexts(row.refusals);
  return row;
}
