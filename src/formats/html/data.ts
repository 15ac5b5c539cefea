import { deflateRawSync } from 'node:zlib';
import type { AnyRow, Column } from '../../schema/column.ts';
import { itemText } from '../text.ts';

/** A cell in the page's data: lists of processes and similar values are texts. */
export type Cell = string | number | boolean | readonly (string | number)[] | null;

/** A column of a table in the page. Each distinct value is stored once, because most columns have few. */
export interface PackedColumn {
  readonly values: readonly Cell[];
  /** The index of each row's value; null if all rows have the first value. */
  readonly places: readonly number[] | null;
}

/** The properties of a column, without its values. */
export interface PageColumn {
  readonly name: string;
  readonly type: Column['type'];
  readonly description: string;
  /** Whether it is shown by default, and whether it is also shown on a narrow screen. */
  readonly shown: boolean;
  readonly narrow: boolean;
}

/** A table of the page, without its values. */
export interface PageTable {
  readonly name: string;
  readonly title: string;
  /** The type name of its rows. */
  readonly kind: string;
  readonly rows: number;
  readonly columns: readonly PageColumn[];
}

/** The data that the page's script reads first. */
export interface PageAbout {
  /** The file name of downloads, without an extension. */
  readonly file: string;
  readonly machines: readonly string[];
  /** The parameter for the machine in copied commands; null if they are about the only machine. */
  readonly machineParameter: '-HostName' | '-ComputerName' | null;
  readonly tables: readonly PageTable[];
}

function cellOf(value: AnyRow[string]): Cell {
  if (value === undefined) return null;
  if (value === null || typeof value !== 'object') return value;
  return value.map((item) => (typeof item === 'object' ? itemText(item) : item));
}

function pack(rows: readonly AnyRow[], { name }: Column): PackedColumn {
  const known = new Map<unknown, number>();
  const values: Cell[] = [];
  const places = rows.map((row) => {
    const value = row[name];
    const key = typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null);
    let place = known.get(key);
    if (place === undefined) {
      place = values.length;
      known.set(key, place);
      values.push(cellOf(value));
    }
    return place;
  });
  return { values, places: values.length <= 1 ? null : places };
}

/** Packs the values of tables as small as possible: JSON by columns, deflated (RFC 1951), as base64. */
export function packed(
  tables: readonly { readonly rows: readonly AnyRow[]; readonly columns: readonly Column[] }[],
): string {
  const data = tables.map(({ rows, columns }) => columns.map((column) => pack(rows, column)));
  return deflateRawSync(JSON.stringify(data)).toString('base64');
}
