import { ancestorText, type Ancestor } from '../schema/ancestor.ts';
import type { AnyRow } from '../schema/column.ts';

type Value = AnyRow[string];

/** An item of a list as text. */
export const itemText = (item: string | number | Ancestor): string =>
  typeof item === 'object' ? ancestorText(item) : String(item);

/** A value as text, with lists joined by `separator`; empty for null. */
export function plainText(value: Value, separator: string): string {
  if (value == null) return '';
  return typeof value === 'object' ? value.map(itemText).join(separator) : String(value);
}

/** Splits a name such as OwnerChanged into words. */
export const wordsOf = (name: string): string =>
  name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').replaceAll(/(?<= )[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase());

/** Formats a date for people. */
export const readableDate = (date: string): string => date.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');

/** The `problem` method of formats that cannot contain problems. */
export function noProblems(): never {
  throw new Error('this format carries no problems');
}
