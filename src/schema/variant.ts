import { spare, type Column, type RowSchema } from './column.ts';

/** A kind of answer with its own PowerShell table. */
export interface Variant {
  /** The part after # in the type name of its rows; empty for the plain answer. */
  readonly name: string;
  /** Whether it shows the columns of connections. */
  readonly connections: boolean;
  /** The options that add a column. */
  readonly asked: readonly string[];
}

/** Options whose columns are not in any table: --columns defines its own, and a tree follows the table. */
const withoutTable = new Set(['columns', 'tree']);

/** The variant of an answer with ancestors, which PowerShell shows as a tree. */
export const treeVariant = 'Tree';

/** Whether a table shows the column of an option: it has no room for lists. */
const shownWhenAsked = ({ askedBy, type }: Column): boolean =>
  askedBy !== undefined && !withoutTable.has(askedBy) && type === 'text';

/** The columns that tables show if their options are used. */
export function askedColumns(schema: RowSchema, asks: (option: string) => boolean): Column[] {
  return schema.columns.filter((column) => shownWhenAsked(column) && asks(column.askedBy!));
}

/** The variant of an answer, with or without connections, for these options. */
export function variantOf(schema: RowSchema, connections: boolean, asks: (option: string) => boolean): Variant {
  const shown = askedColumns(schema, asks).filter((column) => connections || column.connectionsOnly !== true);
  const asked = [...new Set(shown.map((column) => column.askedBy!))];
  return {
    name: [...(connections ? ['connection'] : []), ...asked]
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(''),
    connections,
    asked,
  };
}

/** Every variant of the rows of a schema, the plain one last. */
export function variants(schema: RowSchema): Variant[] {
  const options = [...new Set(schema.columns.filter(shownWhenAsked).map((column) => column.askedBy!))];
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

/** Columns that a table shows only if there is room, because PowerShell's tables do not adapt to the window. A list wraps. */
const isExtra = ({ importance = 0, type }: Column): boolean => importance >= spare && type !== 'texts';

/**
 * The columns of a variant's table. PowerShell drops columns from the right: requested columns come before the owner, which may
 * be long, and the process ID comes last, because the owner contains it.
 */
export function tableColumns(schema: RowSchema, { connections, asked }: Variant): Column[] {
  const shown = schema.columns.filter(
    (column) => column.importance !== undefined && !isExtra(column) && (connections || column.connectionsOnly !== true),
  );
  const extra = schema.columns.filter((column) => shownWhenAsked(column) && asked.includes(column.askedBy!));
  const owner = shown.findIndex(({ name }) => name === 'Owner');
  return shown
    .toSpliced(owner < 0 ? shown.length : owner, 0, ...extra)
    .toSorted((a, b) => Number(a.name === 'OwningProcess') - Number(b.name === 'OwningProcess'));
}
