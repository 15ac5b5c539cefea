import { ancestorText, type Ancestor } from '../schema/ancestor.ts';
import type { AnyRow, Column } from '../schema/column.ts';
import type { DocumentFrame, RowWriter, WriterOptions } from './writer.ts';

type Value = AnyRow[string];

/** An item of a list as text. */
export const itemText = (item: string | number | Ancestor): string =>
  typeof item === 'object' ? ancestorText(item) : String(item);

/** A value as text, with lists joined by `separator`; empty for null. */
export function plainText(value: Value, separator: string): string {
  if (value == null) return '';
  return typeof value === 'object' ? value.map(itemText).join(separator) : String(value);
}

/** Whether the values of a column are single numbers, which are right-aligned. */
export const isNumeric = ({ type }: Pick<Column, 'type'>): boolean =>
  type === 'uint16' || type === 'uint32' || type === 'uint64' || type === 'int32' || type === 'double';

/** Whether a text is so long that a printed table breaks it anywhere, to leave room for its other columns. */
export const isLong = (text: string): boolean => text.length > 30;

/** Splits a name such as OwnerChanged into words. */
export const wordsOf = (name: string): string =>
  name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').replaceAll(/(?<= )[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase());

/** Formats a date for people. */
export const readableDate = (date: string): string => date.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');

/** Returns the frame of a whole document, which every caller passes. */
export function framed(frame: DocumentFrame | undefined): DocumentFrame {
  if (frame === undefined) throw new Error('a whole document needs a frame');
  return frame;
}

/** The `problem` method of formats that cannot contain problems. */
export function noProblems(): never {
  throw new Error('this format carries no problems');
}

/** The writer of a format that is written from all rows at the end. */
export function writerAtEnd({ sink }: Pick<WriterOptions, 'sink'>, end: (rows: readonly AnyRow[]) => void): RowWriter {
  const rows: AnyRow[] = [];
  return {
    carriesProblems: false,
    row: (row) => void rows.push(row),
    problem: noProblems,
    flush: () => sink.flush(),
    end: () => end(rows),
  };
}
