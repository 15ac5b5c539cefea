import { columnNamed, orderOf, search, type UnpackedColumn, type UnpackedTable } from './data.ts';

/** Which part of a table is shown, and how. */
export interface State {
  table: UnpackedTable;
  query: string;
  /** The required values, by the column's name. */
  filters: Map<string, string>;
  machine: string;
  sort: { readonly name: string; readonly down: boolean } | null;
  /** The names of the visible columns; null for the default columns. */
  chosen: ReadonlySet<string> | null;
  rows: Uint32Array;
}

export function stateOf(table: UnpackedTable): State {
  const state: State = {
    table,
    query: '',
    filters: new Map(),
    machine: '',
    sort: null,
    chosen: null,
    rows: new Uint32Array(),
  };
  select(state);
  return state;
}

const isValue = (column: UnpackedColumn | undefined, wanted: string): ((row: number) => boolean) => {
  const hits = column?.texts.map((text) => text === wanted) ?? [];
  return (row) => hits[column?.places[row] ?? -1] === true;
};

/** Selects and sorts the rows to show. */
export function select(state: State): void {
  const { table, query, filters, machine, sort } = state;
  let rows = Uint32Array.from({ length: table.rows }, (_, i) => i);
  for (const [name, value] of filters) rows = rows.filter(isValue(columnNamed(table, name), value));
  if (machine !== '' && columnNamed(table, 'ComputerName') !== undefined)
    rows = rows.filter(isValue(columnNamed(table, 'ComputerName'), machine));
  rows = search(table, rows, query) as typeof rows;
  const by = sort === null ? undefined : columnNamed(table, sort.name);
  if (by !== undefined) {
    const { places } = by;
    const order = orderOf(by);
    const sign = sort!.down ? -1 : 1;
    rows.sort((a, b) => sign * (order[places[a]!]! - order[places[b]!]!) || a - b);
  }
  state.rows = rows;
}

/** The visible columns. */
export const shownColumns = ({ table, chosen }: State, isNarrow: boolean): UnpackedColumn[] =>
  table.columns.filter((column) =>
    chosen === null ? (isNarrow ? column.narrow : column.shown) : chosen.has(column.name),
  );

/** Columns with names of people and programs, which are not fixed values even if they look like it. */
const names = /Name$|^(?:Application|Owner|Program|Rule|Contact|Ticket)$/;

/** Columns with a few fixed values (Listen, Loopback, High), by which rows can be filtered. */
export const facets = ({ columns }: UnpackedTable): UnpackedColumn[] =>
  columns.filter(
    ({ name, type, texts }) =>
      type === 'text' &&
      !names.test(name) &&
      texts.length > 1 &&
      texts.length <= 16 &&
      texts.every((text) => /^(?:[A-Z][A-Za-z]*)?$/.test(text)),
  );
