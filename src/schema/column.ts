/**
 * A kind of row is a list of columns. That list is the one source for the TypeScript type of the row,
 * CSV headers, CLIXML tags, the PowerShell format file, completion of `--columns` and the reference docs.
 */

/**
 * What a value is; `null` is allowed everywhere.
 * `date` is a UTC instant as ISO 8601 text that ends in `Z`, with 0 to 7 fraction digits.
 * `texts` and `uint32s` are lists.
 */
export type ColumnType = 'text' | 'uint16' | 'uint32' | 'int32' | 'boolean' | 'date' | 'texts' | 'uint32s';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** One sentence for the reference docs. */
  readonly description: string;
  /**
   * How much a person misses the column when a table has no room: 1 is missed most and goes last.
   * Columns without it are not in the default table.
   */
  readonly importance?: number;
  /** In the default table only when connections are shown too. */
  readonly connectionsOnly?: true;
  /** Only in CLIXML, and left out (not null) of a row that has no such property. */
  readonly clixmlOnly?: true;
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
}

type Property<C extends Column> = Values[C['type']] | null;

/** The type of a row, derived from its schema. */
export type RowOf<S extends RowSchema> = {
  readonly [C in S['columns'][number] as C extends { clixmlOnly: true } ? never : C['name']]: Property<C>;
} & {
  readonly [C in S['columns'][number] as C extends { clixmlOnly: true } ? C['name'] : never]?: Property<C>;
};

/** A row of any kind, as the formats see it. */
export type AnyRow = Readonly<Record<string, string | number | boolean | readonly string[] | readonly number[] | null | undefined>>;

/** The columns that every format but CLIXML has. */
export function plainColumns(schema: RowSchema): readonly Column[] {
  return schema.columns.filter((column) => column.clixmlOnly !== true);
}
