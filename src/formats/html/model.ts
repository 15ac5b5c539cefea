import type { Answer, Background } from '../../schema/answer.ts';
import type { AnyRow, Column, RowSchema } from '../../schema/column.ts';
import { plainColumns } from '../../schema/column.ts';
import { auditRun } from '../../schema/audit-run.ts';
import { endpoint, type Endpoint } from '../../schema/endpoint.ts';
import { range, type Range } from '../../schema/range.ts';
import { wordsOf } from '../text.ts';

/** The whole answer, and what stands behind it. */
export interface Whole extends Omit<Answer, 'background'> {
  readonly background: Background;
}

/** How the rows are to be written. */
export interface Wanted {
  readonly schema: RowSchema;
  readonly columns: readonly Column[];
  /** Whether somebody chose the columns. */
  readonly asked: boolean;
  readonly now: Date;
}

/** A list of the page. */
export interface RowTable {
  readonly name: string;
  readonly title: string;
  readonly schema: RowSchema;
  readonly columns: readonly Column[];
  readonly rows: readonly AnyRow[];
  /** The columns that are shown before anybody chooses, and of them those that a narrow screen has room for. */
  readonly shown: ReadonlySet<string>;
  readonly narrow: ReadonlySet<string>;
}

/** What the rows of each kind are called. */
const titles: Readonly<Record<string, string>> = {
  'PortOwner.Endpoint': 'Ports',
  'PortOwner.Finding': 'Findings',
  'PortOwner.Conflict': 'Conflicts',
  'PortOwner.Verdict': 'Verdicts',
  'PortOwner.FreePort': 'Free ports',
  'PortOwner.StopResult': 'Stopped',
  'PortOwner.Range': 'Port ranges',
  'PortOwner.AuditRun': 'Audits',
  'PortOwner.PortHistory': 'Port history',
};

/** What rows of a kind are called; a kind without a name of its own by its type name. */
export const titleOf = ({ typeName }: RowSchema): string =>
  titles[typeName] ?? wordsOf(typeName.replace(/^PortOwner\./, ''));

const isEmpty = (value: AnyRow[string]): boolean => value == null || (Array.isArray(value) && value.length === 0);

/** Whether a column only says what another does, or what goes without saying. */
const saysNothing = ({ name, toldBy, usual }: Column, columns: readonly Column[], rows: readonly AnyRow[]): boolean =>
  columns.some((column) => column.name === toldBy) ||
  (usual !== undefined && rows.every((row) => row[name] == null || row[name] === usual));

function table(
  name: string,
  schema: RowSchema,
  rows: readonly AnyRow[],
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
  const first = shown.filter(({ importance }) => (importance ?? 9) <= 2);
  return {
    name,
    title: titleOf(schema),
    schema,
    columns,
    rows,
    shown: new Set(shown.map((column) => column.name)),
    narrow: new Set((first.length > 0 ? first : shown).slice(0, 3).map((column) => column.name)),
  };
}

/** The machines that the rows and what stands behind them are about, in their order. */
export function machineNames({ rows, background: { listeners = [], ranges, runs = [] } }: Whole): string[] {
  const found = new Set<string>();
  for (const one of [rows, listeners, ranges, runs] as readonly (readonly AnyRow[])[])
    for (const { ComputerName } of one) if (typeof ComputerName === 'string') found.add(ComputerName);
  return [...found];
}

/** The lists of the page: the rows that were asked for, and what stands behind them. */
export function tablesOf(whole: Whole, { schema, columns, asked }: Wanted, machines: readonly string[]): RowTable[] {
  const { listeners = [], runs = [] } = whole.background;
  const all: RowTable[] = [table('rows', schema, whole.rows, { columns, asked, machines })];
  if (listeners.length > 0) {
    const known = plainColumns(endpoint).filter(({ name }) => listeners.some((row) => !isEmpty((row as AnyRow)[name])));
    // Findings are told above; the list that is searched is that of the listeners.
    all.unshift({
      ...table('listeners', endpoint, listeners, { columns: known, asked: false, machines }),
      title: 'Listeners',
    });
  }
  if (runs.length > 0) all.push(table('runs', auditRun, runs, { columns: auditRun.columns, asked: false, machines }));
  return all;
}

/** The sockets that a picture of ports is made of. */
export function socketsOf({ rows, background }: Whole, schema: RowSchema): readonly Partial<Endpoint>[] {
  if (background.listeners !== undefined) return background.listeners;
  return schema === endpoint ? (rows as readonly Partial<Endpoint>[]) : [];
}

/** The ranges that a picture of ports is made of. */
export const rangesOf = ({ rows, background }: Whole, schema: RowSchema): readonly Range[] =>
  schema === range ? (rows as unknown as readonly Range[]) : background.ranges;
