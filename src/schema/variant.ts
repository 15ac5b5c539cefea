import { spare, type AnyRow, type Column, type RowSchema } from './column.ts';

/** A kind of answer with its own PowerShell table. */
export interface Variant {
  /** The part after # in the type name of its rows; empty for the plain answer. */
  readonly name: string;
  /** Whether it shows the columns of connections. */
  readonly connections: boolean;
  /** The options, and the words of `whenFilled`, that add columns. */
  readonly asked: readonly string[];
}

/** Options whose columns are not in any table: --columns defines its own, and a tree follows the table. */
const withoutTable = new Set(['columns', 'tree']);

/** The variant of an answer with ancestors, which PowerShell shows as a tree. */
export const treeVariant = 'Tree';

/** Whether a table shows the column of an option: it has no room for lists. */
const shownWhenAsked = ({ askedBy, type }: Column): boolean =>
  askedBy !== undefined && !withoutTable.has(askedBy) && type === 'text';

/** The option or word that adds a column to PowerShell's table; null if it is always or never there. */
const addedBy = (column: Column): string | null =>
  shownWhenAsked(column) ? column.askedBy! : (column.whenFilled ?? null);

const wordsOf = (columns: readonly Column[]): string[] => [...new Set(columns.flatMap((one) => addedBy(one) ?? []))];

/** The columns that tables show if their options are used. */
export function askedColumns(schema: RowSchema, asks: (option: string) => boolean): Column[] {
  return schema.columns.filter((column) => shownWhenAsked(column) && asks(column.askedBy!));
}

/** The variant of an answer, with or without connections, for these options. */
export function variantOf(schema: RowSchema, connections: boolean, asks: (option: string) => boolean): Variant {
  const asked = wordsOf(schema.columns.filter((column) => connections || column.connectionsOnly !== true)).filter(asks);
  return {
    name: [...(connections ? ['connection'] : []), ...asked]
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(''),
    connections,
    asked,
  };
}

/** The variant of rows that differ only in which columns have values; undefined for the plain one. */
export function filledVariant(schema: RowSchema, rows: readonly AnyRow[]): string | undefined {
  const columns = schema.columns.filter(({ whenFilled }) => whenFilled !== undefined);
  const filled = columns.filter(({ name }) => rows.some((row) => row[name] != null));
  const { name } = variantOf(schema, false, (word) => filled.some(({ whenFilled }) => whenFilled === word));
  return name === '' ? undefined : name;
}

/** Every variant of the rows of a schema, the plain one last. */
export function variants(schema: RowSchema): Variant[] {
  const options = wordsOf(schema.columns);
  const subsets = Array.from({ length: 2 ** options.length }, (_, left) =>
    options.filter((_, i) => ((left >> i) & 1) === 0),
  );
  const connections = schema.columns.some((column) => column.connectionsOnly === true) ? [true, false] : [false];
  const all = connections.flatMap((of) =>
    subsets.map((set) => variantOf(schema, of, (option) => set.includes(option))),
  );
  return [...new Map(all.map((variant) => [variant.name, variant])).values()];
}

/** The columns that only the table of a wide terminal has. */
export const wideColumns = (schema: RowSchema): Column[] =>
  schema.columns.flatMap((column) =>
    column.wideImportance === undefined ? [] : [{ ...column, importance: column.wideImportance }],
  );

/** Columns that a table shows only if there is room: PowerShell's tables do not adapt to the window. */
const isExtra = ({ importance = 0, isInModule }: Column): boolean => importance >= spare && isInModule !== true;

const comesLast = ({ name }: Column): boolean => name === 'OwningProcess' || name === 'Program';

/**
 * The columns of a variant's table. PowerShell drops columns from the right: requested columns come before the owner, which may
 * be long, and the process ID comes last, because the owner contains it. The path of a program comes last, too: it is
 * wrapped, but a column after it would have a broken title.
 */
export function tableColumns(schema: RowSchema, { connections, asked }: Variant): Column[] {
  const shown = schema.columns.filter(
    (column) =>
      column.importance !== undefined &&
      !isExtra(column) &&
      (connections || column.connectionsOnly !== true) &&
      (column.whenFilled === undefined || asked.includes(column.whenFilled)),
  );
  const extra = schema.columns.filter((column) => shownWhenAsked(column) && asked.includes(column.askedBy!));
  const owner = shown.findIndex(({ name }) => name === 'Owner');
  return shown
    .toSpliced(owner < 0 ? shown.length : owner, 0, ...extra)
    .toSorted((a, b) => Number(comesLast(a)) - Number(comesLast(b)));
}
