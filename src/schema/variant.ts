import { spare, type AnyRow, type Column, type RowSchema } from './column.ts';

/** A kind of answer with its own PowerShell table. */
export interface Variant {
  /** The part after # in the type name of its rows; empty for the plain answer. */
  readonly name: string;
  /** Whether it shows the columns of connections. */
  readonly connections: boolean;
  /** The options, and the words of `whenFilled`, that add columns. */
  readonly asked: readonly string[];
  /** Whether it shows the machine of each row. */
  readonly machines?: true;
  /** Whether it is for a wide window, with these columns in addition. */
  readonly wide?: readonly string[];
}

/** The variants for wide windows, by the number of characters in a line: PowerShell's tables do not adapt to the window. */
const wideVariants: readonly (readonly [from: number, name: string, columns: readonly string[]])[] = [
  [160, 'Widest', ['OwningProcess', 'Application', 'WorkingDirectory']],
  [120, 'Wide', ['WorkingDirectory']],
];

/** The name of the variant for a window of this width; null if it is the plain one. */
export const wideVariant = (width: number): string | null => wideVariants.find(([from]) => width >= from)?.[1] ?? null;

const machineSuffix = 'Machine';

/** The name of the variant that shows the machine of each row, if there is one, otherwise of the given one. */
export function machineVariant(schema: RowSchema, name = ''): string | undefined {
  if (schema.machines === 'text') return name + machineSuffix;
  const found = variants(schema).find((variant) => variant.machines && variant.name === name + machineSuffix);
  return found?.name ?? (name === '' ? undefined : name);
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

/** A table with what options add has no room for the machine. */
const isShownWithMachines = ({ connections, asked }: Variant): boolean => !connections || asked.length === 0;

const withMachines = (variant: Variant): Variant => ({
  ...variant,
  name: variant.name + machineSuffix,
  machines: true,
});

const wideOne = (name: string, wide: readonly string[]): Variant => ({ name, connections: false, asked: [], wide });

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
  const more = schema.machines === 'column' ? all.filter(isShownWithMachines).map(withMachines) : [];
  const isWide = schema.columns.some(({ wideImportance }) => wideImportance !== undefined);
  const wide = isWide ? wideVariants.map(([, name, columns]) => wideOne(name, columns)) : [];
  return [...new Map([...more, ...wide, ...all].map((variant) => [variant.name, variant])).values()];
}

/** The columns that only the table of a wide terminal has. */
export const wideColumns = (schema: RowSchema): Column[] =>
  schema.columns.flatMap((column) =>
    column.wideImportance === undefined ? [] : [{ ...column, importance: column.wideImportance }],
  );

/** Columns that a table shows only if there is room: PowerShell's tables do not adapt to the window. */
const isExtra = ({ importance = 0, isInModule = importance < spare }: Column): boolean => !isInModule;

/**
 * Where a column is in a table: short ones first, then those with long texts, which are wrapped. When a listener or finding
 * was first seen is the first to be dropped.
 */
function placeOf({ name, keeps, wraps, whenFilled }: Column): number {
  if (whenFilled === 'stored') return 3;
  if (wraps === true || name === 'Reason') return 2;
  return keeps === 'process' || name === 'Owner' || name === 'Program' || name === 'Source' ? 1 : 0;
}

/** Whether a column may be the last one that fits, and has texts to wrap. */
export const mayBeWrapped = (column: Column): boolean => [1, 2].includes(placeOf(column));

/**
 * The columns that a table of traffic has no room for: of listeners the rates, which only connections have, and of both the
 * queues of the listeners.
 */
function trafficWithout(asked: readonly string[]): (column: Column) => boolean {
  if (!asked.includes('queues') || asked.includes('sockets')) return () => false;
  return asked.includes('remote')
    ? ({ whenFilled }) => whenFilled === 'queues'
    : ({ name }) => name === 'SendRate' || name === 'ReceiveRate';
}

/**
 * The columns of a variant's table. PowerShell shrinks the last column that fits, and drops those after it: what may be long,
 * and is wrapped, comes last, because any other column would get a broken title. What the owner contains is left out.
 */
export function tableColumns(schema: RowSchema, { connections, asked, machines, wide = [] }: Variant): Column[] {
  const shown = schema.columns.filter(
    (column) =>
      wide.includes(column.name) ||
      (column.importance !== undefined &&
        !isExtra(column) &&
        column.toldBy !== 'Owner' &&
        (connections || column.connectionsOnly !== true) &&
        (column.whenFilled === undefined || asked.includes(column.whenFilled))),
  );
  const machine = machines ? schema.columns.filter((column) => column.name === 'ComputerName') : [];
  const extra = schema.columns.filter((column) => shownWhenAsked(column) && asked.includes(column.askedBy!));
  const isMissing = trafficWithout(asked);
  return [...machine, ...shown, ...extra]
    .filter((column) => !isMissing(column))
    .toSorted((a, b) => placeOf(a) - placeOf(b));
}
