import type { Ancestor } from './ancestor.ts';

/**
 * A kind of row is a list of columns. That list is the only source for the TypeScript type of the row,
 * CSV headers, CLIXML tags, the PowerShell format file, completion of `--columns`, and the reference docs.
 */

/**
 * The type of a value; `null` is allowed everywhere.
 * `uint64` is a safe integer, such as a number of bytes.
 * `date` is a UTC instant as ISO 8601 text that ends in `Z`, with 0 to 7 fraction digits.
 * `texts`, `uint32s` and `ancestors` are lists.
 */
export type ColumnType =
  | 'text'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int32'
  | 'boolean'
  | 'date'
  | 'double'
  | 'texts'
  | 'uint32s'
  | 'ancestors';

/** From this importance, a column is shown only if there is room for it. */
export const spare = 9;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** One sentence for the reference docs. */
  readonly description: string;
  /**
   * How important the column is in a narrow table: 1 is the most important and is dropped last; see `spare`.
   * Columns without it are not in the default table.
   */
  readonly importance?: number;
  /** The column belongs in a report, which has room for a little more than the default table. */
  readonly inReport?: true;
  /** The importance of a column that is only in the default table of wide terminals. */
  readonly wideImportance?: number;
  /** Another column of the default table that usually contains the same value: a narrow table drops this column if it does. */
  readonly toldBy?: string;
  /** Another column that contains the value as ` in VALUE`, too: a table with room for this column takes it out of that one. */
  readonly isPartOf?: string;
  /** The expected value: a narrow table drops the column if it contains no other value. */
  readonly usual?: string;
  /**
   * What is kept of a text that has to be cut: its end, which says more than its start, as of a path; or the process in
   * parentheses that it ends with, as of an owner, in each item of a list. All of an address is kept: it is wrapped.
   */
  readonly keeps?: 'end' | 'process' | 'all';
  /** The width of its usual values, for a table that is written while its rows come. */
  readonly usualWidth?: number;
  /** The column with the value before a change: default tables show both, as `Established -> TimeWait`. */
  readonly comesFrom?: string;
  /** A sentence that is wrapped, as owners are, instead of cut. */
  readonly wraps?: true;
  /**
   * A table of PowerShell has the column only if a row has a value in it, or in another column with the same word; the
   * executable's tables leave out every empty column.
   */
  readonly whenFilled?: string;
  /** Whether a table of PowerShell has the column, if that differs: whatever the width of the window is. */
  readonly isInModule?: boolean;
  /** It has values only for connections: the default table has it only if connections are shown, too. */
  readonly connectionsOnly?: true;
  /**
   * An alias of this column in PowerShell, only on live rows (those that have a value for it). Such a row has its own type
   * name, for which the module's type file defines the property: it is never serialized, so that no row from another
   * machine, a job, or a file has it.
   */
  readonly liveAliasOf?: string;
  /** The option that requests its values. Without it, CLIXML leaves the column out, because each column costs PowerShell time. */
  readonly askedBy?: string;
}

/** A kind of row: its PowerShell type name and its columns in output order. */
export interface RowSchema<C extends readonly Column[] = readonly Column[]> {
  readonly typeName: string;
  readonly columns: C;
  /** How PowerShell shows the machine of rows of another machine, or of several: in the table, or in the text of a row. */
  readonly machines?: 'column' | 'text';
}

interface Values {
  text: string;
  uint16: number;
  uint32: number;
  uint64: number;
  int32: number;
  boolean: boolean;
  date: string;
  double: number;
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

/** A row of any kind, as used by the formats. */
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

/** The options that only look values up: lists have them without the option, and naming such a column is enough. */
const lookups: ReadonlySet<string> = new Set(['columns', 'tree', 'commandLines']);

/** Whether the values of a column are looked up for lists, and if the column is named. */
export const isLookedUp = ({ askedBy }: Column): boolean => askedBy !== undefined && lookups.has(askedBy);

/** Returns the columns, without those that only an option fills if no row has a value in them. */
export function filledColumns(schema: RowSchema, rows: readonly AnyRow[]): readonly Column[] {
  return plainColumns(schema).filter(
    ({ name, askedBy }) => askedBy === undefined || rows.some((row) => row[name] != null),
  );
}

/** The columns of a report: the important ones, few enough to fit on a printed page. */
export function reportColumns(schema: RowSchema): readonly Column[] {
  return plainColumns(schema).filter(
    ({ name, importance, inReport }) => importance !== undefined || inReport === true || name === 'ComputerName',
  );
}

/** The type name of live rows, which describe this machine now. */
export function liveTypeName(typeName: string): string {
  return `${typeName}#Live`;
}
