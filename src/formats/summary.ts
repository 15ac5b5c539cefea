import type { AnyRow, RowSchema } from '../schema/column.ts';
import { severities } from '../schema/finding.ts';

/** The columns to count rows by: the first one that the rows have. */
const categories = ['Severity', 'AddressScope', 'Event', 'Kind'];
/** The order of values that have one, worst first. */
const order: readonly string[] = [
  ...severities.toReversed(),
  'Error',
  'Warning',
  'Information',
  'Any',
  'Specific',
  'Loopback',
];

/** The number of rows of each category, and on each machine. */
export interface Summary {
  /** The column that rows are counted by; null if no column is suitable. */
  readonly category: string | null;
  /** The values of that column, in order. */
  readonly values: readonly string[];
  /** One entry per machine, in the order of the rows; a single one without a name if the rows do not name a machine. */
  readonly machines: readonly {
    readonly name: string | null;
    readonly rows: number;
    /** The number of rows with each of the values. */
    readonly counts: readonly number[];
  }[];
}

const severityRank = ({ Severity }: AnyRow): number => (severities as readonly unknown[]).indexOf(Severity);

/** Rows with a severity, the worst first. */
export const worstFirst = (rows: readonly AnyRow[]): readonly AnyRow[] =>
  rows.toSorted((a, b) => severityRank(b) - severityRank(a));

const rank = (value: string): number => (order.includes(value) ? order.indexOf(value) : order.length);

/** Counts rows by machine, and by the most informative column. */
export function summaryOf(schema: RowSchema, rows: readonly AnyRow[]): Summary {
  const category = categories.find((name) => schema.columns.some((column) => column.name === name)) ?? null;
  const text = (row: AnyRow, name: string | null): string | null => {
    const value = name === null ? null : row[name];
    return typeof value === 'string' ? value : null;
  };
  const machines = new Map<string | null, { rows: number; counts: Map<string, number> }>();
  const values = new Set<string>();
  for (const row of rows) {
    const name = text(row, 'ComputerName');
    const value = text(row, category);
    let machine = machines.get(name);
    if (machine === undefined) machines.set(name, (machine = { rows: 0, counts: new Map() }));
    machine.rows++;
    if (value === null) continue;
    values.add(value);
    machine.counts.set(value, (machine.counts.get(value) ?? 0) + 1);
  }
  const sorted = [...values].sort((a, b) => rank(a) - rank(b));
  return {
    category,
    values: sorted,
    machines: [...machines].map(([name, { rows: count, counts }]) => ({
      name,
      rows: count,
      counts: sorted.map((value) => counts.get(value) ?? 0),
    })),
  };
}

/** The number of rows with each value, on all machines: `2 High, 1 Low`. */
export function countsText({ values, machines }: Summary): string {
  return values.map((value, i) => `${machines.reduce((sum, { counts }) => sum + counts[i]!, 0)} ${value}`).join(', ');
}
