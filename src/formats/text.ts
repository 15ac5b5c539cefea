import type { AnyRow } from '../schema/column.ts';

type Value = AnyRow[string];

/** A value as text, a list joined by `separator`; nothing for what is null. */
export function plainText(value: Value, separator: string): string {
  if (value == null) return '';
  return typeof value === 'object' ? value.join(separator) : String(value);
}

/** For writers of formats that have no place for problems. */
export function noProblems(): never {
  throw new Error('this format carries no problems');
}
