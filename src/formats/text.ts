import { ancestorText, type Ancestor } from '../schema/ancestor.ts';
import type { AnyRow, Column } from '../schema/column.ts';
import type { DocumentFrame } from './writer.ts';

type Value = AnyRow[string];

/** An item of a list as text. */
export const itemText = (item: string | number | Ancestor): string =>
  typeof item === 'object' ? ancestorText(item) : String(item);

/** A value as text, a list joined by `separator`; nothing for what is null. */
export function plainText(value: Value, separator: string): string {
  if (value == null) return '';
  return typeof value === 'object' ? value.map(itemText).join(separator) : String(value);
}

/** Whether the values of a column are single numbers, which are aligned on the right. */
export const isNumeric = ({ type }: Pick<Column, 'type'>): boolean =>
  type === 'uint16' || type === 'uint32' || type === 'int32';

/** The words of a name such as OwnerChanged. */
export const wordsOf = (name: string): string =>
  name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').replaceAll(/(?<= )[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase());

/** A date as people read it. */
export const readableDate = (date: string): string => date.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');

/** The frame of a whole document, which every caller passes. */
export function framed(frame: DocumentFrame | undefined): DocumentFrame {
  if (frame === undefined) throw new Error('a whole document needs a frame');
  return frame;
}

/** For writers of formats that have no place for problems. */
export function noProblems(): never {
  throw new Error('this format carries no problems');
}
