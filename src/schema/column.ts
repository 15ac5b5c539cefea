import type { Ancestor } from './ancestor.ts';

/**
 * A kind of row is a list of columns. That list is the one source for the TypeScript type of the row,
 * CSV headers, CLIXML tags, the PowerShell format file, completion of `--columns` and the reference docs.
 */

/**
 * What a value is; `null` is allowed everywhere.
 * `date` is a UTC instant as ISO 8601 text that ends in `Z`, with 0 to 7 fraction digits.
 * `texts`, `uint32s` and `ancestors` are lists.
 */
export type ColumnType =
  | 'text'
  | 'uint16'
  | 'uint32'
  | 'int32'
  | 'boolean'
  | 'date'
  | 'texts'
  | 'uint32s'
  | 'ancestors';

/** The importance from which on a column only comes where there is room beside the others. */
export const spare = 9;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** One sentence for the reference docs. */
  readonly description: string;
  /**
   * How much a person misses the column when a table has no room: 1 is missed most and goes last; see `spare`.
   * Columns without it are not in the default table.
   */
  readonly importance?: number;
  /** The same of a column that is in the default table of wide terminals alone. */
  readonly wideImportance?: number;
  /** Another column of the default table that mostly says it, too: left out of a table without room where that one does. */
  readonly toldBy?: string;
  /** The value that goes without saying: left out of a table without room that has no other one. */
  readonly usual?: string;
  /**
   * What is kept of a text that has to be cut: its end, which says more than its start, as of a path; or the process in
   * parentheses that it ends with, as of an owner, in each item of a list.
   */
  readonly keeps?: 'end' | 'process';
  /** It has values only for connections: it is in the default table only when these are shown too. */
  readonly connectionsOnly?: true;
  /**
   * Only in PowerShell, only on live rows (those that have a value for it), and there another name for this column. Such a
   * row has a type name of its own, for which the module's type file gives the property: it is never serialised, so that
   * no row that comes from another machine, a job or a file has it.
   */
  readonly liveAliasOf?: string;
  /** The option that asks for its values. Without it CLIXML leaves the column out: each costs PowerShell time. */
  readonly askedBy?: string;
}

/** A kind of row: its PowerShell type name and its columns in output order. */
export interface RowSchema<C extends readonly Column[] = readonly Column[]> {
  readonly typeName: string;
  readonly columns: C;
}

interface Values {
  text: string;
  uint16: number;
  uint32: number;
  int32: number;
  boolean: boolean;
  date: string;
  texts: readonly string[];
  uint32s: readonly number[];
  ancestors: readonly Ancestor[];
}

type Property<C extends Column> = Values[C['type']] | null;

/** The type of a row, derived from its schema. */
export type RowOf<S extends RowSchema> = {
  readonly [C in S['columns'][number] as C extends { liveAliasOf: string } ? never : C['name']]: Property<C>;
} & {
  readonly [C in S['columns'][number] as C extends { liveAliasOf: string } ? C['name'] : never]?: Property<C>;
};

/** A row of any kind, as the formats see it. */
export type AnyRow = Readonly<
  Record<
    string,
    string | number | boolean | readonly string[] | readonly number[] | readonly Ancestor[] | null | undefined
  >
>;

/** The columns of the formats. */
export function plainColumns(schema: RowSchema): readonly Column[] {
  return schema.columns.filter((column) => column.liveAliasOf === undefined);
}

/** The type name of live rows: those of this machine, as it is now. */
export function liveTypeName(typeName: string): string {
  return `${typeName}#Live`;
}
