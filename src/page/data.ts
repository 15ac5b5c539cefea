import type { Cell, PackedColumn, PageAbout, PageColumn, PageTable } from '../formats/html/data.ts';

export type { Cell, PageAbout };

/** A column with its distinct values, and the index of each row's value. */
export interface UnpackedColumn extends PageColumn {
  readonly values: readonly Cell[];
  readonly places: Uint32Array;
  /** The values as displayed. */
  readonly texts: readonly string[];
  /** Whether no row has a value. */
  readonly isEmpty: boolean;
  /** The rank of each value in sort order; computed when the user first sorts. */
  order: Uint32Array | null;
  /** The values in lower case; computed when the user first searches. */
  folded: readonly string[] | null;
}

export interface UnpackedTable extends Omit<PageTable, 'columns'> {
  readonly columns: readonly UnpackedColumn[];
}

const json = (id: string): unknown => JSON.parse(document.getElementById(id)!.textContent);

export const about = json('about') as PageAbout;

export const valueText = (cell: Cell): string =>
  cell === null ? '' : typeof cell === 'object' ? cell.join('; ') : String(cell);

function columnOf(column: PageColumn, { values, places }: PackedColumn, rows: number): UnpackedColumn {
  return {
    ...column,
    values,
    places: places === null ? new Uint32Array(rows) : Uint32Array.from(places),
    texts: values.map(valueText),
    isEmpty: values.every((value) => value === null || (Array.isArray(value) && value.length === 0)),
    order: null,
    folded: null,
  };
}

/** Unpacks the rows: base64, deflated (RFC 1951), JSON by columns. */
export async function tables(): Promise<UnpackedTable[]> {
  const bytes = Uint8Array.from(atob(json('data') as string), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const data = (await new Response(stream).json()) as PackedColumn[][];
  return about.tables.map(({ columns, ...table }, i) => {
    const own = columns.map((column, j) => columnOf(column, data[i]![j]!, table.rows));
    return Object.assign(table, { columns: own });
  });
}

export const cell = ({ values, places }: UnpackedColumn, row: number): Cell => values[places[row]!] ?? null;
export const textAt = ({ texts, places }: UnpackedColumn, row: number): string => texts[places[row]!] ?? '';

export const columnNamed = ({ columns }: UnpackedTable, name: string): UnpackedColumn | undefined =>
  columns.find((column) => column.name === name);

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Compares two values; missing values come last. */
function compare(a: Cell, b: Cell): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [valueText(a), valueText(b)];
  if (left === '' || right === '') return Number(left === '') - Number(right === '');
  return collator.compare(left, right);
}

/** Returns the rank of each value of a column in sort order; equal values have the same rank. */
export function orderOf(column: UnpackedColumn): Uint32Array {
  if (column.order !== null) return column.order;
  const sorted = column.values.map((_, i) => i).sort((a, b) => compare(column.values[a]!, column.values[b]!));
  const order = new Uint32Array(sorted.length);
  sorted.forEach((value, i) => {
    const before = sorted[i - 1];
    const isSame = before !== undefined && compare(column.values[before]!, column.values[value]!) === 0;
    order[value] = isSame ? order[before]! : i;
  });
  column.order = order;
  return order;
}

const folded = (column: UnpackedColumn): readonly string[] =>
  (column.folded ??= column.texts.map((text) => text.toLowerCase()));

/** Returns the rows that contain each of the words in any column; name:word searches one column. */
export function search(table: UnpackedTable, rows: Uint32Array, query: string): Uint32Array {
  let found = rows;
  for (const word of query.toLowerCase().split(/\s+/)) {
    if (word === '') continue;
    const [, name = '', rest = ''] = /^(\w+):(.+)$/.exec(word) ?? [];
    const named = name === '' ? undefined : table.columns.find((column) => column.name.toLowerCase() === name);
    const wanted = named === undefined ? word : rest;
    const isNumber = named !== undefined && /int/.test(named.type);
    const tests = (named === undefined ? table.columns : [named])
      .filter(({ isEmpty }) => !isEmpty)
      .map((column) => ({
        places: column.places,
        hits: folded(column).map((text) => (isNumber ? text === wanted : text.includes(wanted))),
      }))
      .filter(({ hits }) => hits.includes(true));
    found = found.filter((row) => tests.some(({ places, hits }) => hits[places[row]!]));
  }
  return found;
}
