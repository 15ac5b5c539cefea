import { auditRun } from '../../schema/audit-run.ts';
import { plainColumns, type AnyRow, type Column, type RowSchema } from '../../schema/column.ts';
import { endpoint, type Endpoint } from '../../schema/endpoint.ts';
import { range, type Range } from '../../schema/range.ts';
import type { DocumentFrame } from '../writer.ts';

/** The whole answer: its rows, and what a document shows in addition to them. */
export interface Whole {
  readonly rows: readonly AnyRow[];
  readonly frame: DocumentFrame;
}

/** How to write the rows. */
export interface Wanted {
  readonly schema: RowSchema;
  readonly columns: readonly Column[];
  /** Whether the user chose the columns. */
  readonly asked: boolean;
}

/** A list of the page. */
export interface RowTable {
  readonly name: string;
  readonly title: string;
  readonly schema: RowSchema;
  readonly columns: readonly Column[];
  readonly rows: readonly AnyRow[];
  /** The columns that are shown by default, and those of them that fit on a narrow screen. */
  readonly shown: ReadonlySet<string>;
  readonly narrow: ReadonlySet<string>;
}

const isEmpty = (value: AnyRow[string]): boolean => value == null || (Array.isArray(value) && value.length === 0);

/** Whether a column only repeats another column, or only has its usual value. */
const saysNothing = ({ name, toldBy, usual }: Column, columns: readonly Column[], rows: readonly AnyRow[]): boolean =>
  columns.some((column) => column.name === toldBy) ||
  (usual !== undefined && rows.every((row) => row[name] == null || row[name] === usual));

/** The columns, with the machine next to the first that is shown: without it, a row of several machines says little. */
const withSecond = (columns: readonly Column[], first: Column, machine: Column): readonly Column[] =>
  first === machine
    ? columns
    : columns.flatMap((column) => (column === machine ? [] : column === first ? [first, machine] : [column]));

function tableOf(
  { name, title, schema, rows }: Pick<RowTable, 'name' | 'title' | 'schema' | 'rows'>,
  { columns, asked, machines }: { columns: readonly Column[]; asked: boolean; machines: readonly string[] },
): RowTable {
  const filled = asked ? columns : columns.filter((column) => rows.some((row) => !isEmpty(row[column.name])));
  const chosen = filled.filter(
    (column) =>
      asked ||
      (column.importance !== undefined && !saysNothing(column, columns, rows)) ||
      (column.name === 'ComputerName' && machines.length > 1),
  );
  const shown = chosen.length > 0 ? chosen : filled.slice(0, 6);
  const first = shown
    .filter(({ importance }) => (importance ?? 9) <= 2)
    .toSorted((a, b) => a.importance! - b.importance!);
  const several = machines.length > 1 ? shown.find(({ name }) => name === 'ComputerName') : undefined;
  return {
    name,
    title,
    schema,
    columns: asked || several === undefined ? columns : withSecond(columns, shown[0]!, several),
    rows,
    shown: new Set(shown.map((column) => column.name)),
    narrow: new Set((first.length > 0 ? first : shown).slice(0, 3).map((column) => column.name)),
  };
}

/** The machines that the rows and the rest of the answer are about, in order of appearance. */
export function machineNames({ rows, frame: { tables, ranges = [], nights } }: Whole): string[] {
  const found = new Set<string>();
  for (const some of [rows, ...tables.map((table) => table.rows), ranges, nights] as readonly (readonly AnyRow[])[])
    for (const { ComputerName } of some) if (typeof ComputerName === 'string') found.add(ComputerName);
  return [...found];
}

/** The lists of the page: the requested rows, and the additional ones. */
export function tablesOf({ rows, frame }: Whole, wanted: Wanted, machines: readonly string[]): RowTable[] {
  const { schema, columns, asked } = wanted;
  const own = tableOf({ name: 'rows', title: frame.rowsTitle, schema, rows }, { columns, asked, machines });
  const nights = { title: 'Audits', schema: auditRun, rows: schema === auditRun ? [] : frame.nights };
  const others = [...frame.tables, nights]
    .filter((table) => table.rows.length > 0)
    .map((table) => {
      const known = plainColumns(table.schema).filter(({ name }) => table.rows.some((row) => !isEmpty(row[name])));
      const name = table.title.toLowerCase().replaceAll(/\W+/g, '-');
      return tableOf({ ...table, name }, { columns: known, asked: false, machines });
    });
  // Findings have cards above the lists; the list that is searched first is that of the listeners.
  const listeners = others.filter((table) => table.schema === endpoint);
  return [...listeners, own, ...others.filter((table) => table.schema !== endpoint)];
}

/** The sockets that the picture of the ports shows. */
export function socketsOf({ rows, frame }: Whole, schema: RowSchema): readonly Partial<Endpoint>[] {
  const listeners = frame.tables.find((table) => table.schema === endpoint);
  return (listeners?.rows ?? (schema === endpoint ? rows : [])) as readonly Partial<Endpoint>[];
}

/** The ranges that the picture of the ports shows. */
export const rangesOf = ({ rows, frame }: Whole, schema: RowSchema): readonly Range[] =>
  schema === range ? (rows as unknown as readonly Range[]) : (frame.ranges ?? []);
