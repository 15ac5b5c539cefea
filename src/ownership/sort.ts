import type { AnyRow, Column, RowSchema } from '../schema/column.ts';
import { findColumn } from '../schema/find.ts';

export interface SortKey {
  readonly column: Column;
  readonly descending: boolean;
}

/**
 * Reads sort keys: column names separated by commas, a leading `-` (or a trailing `:desc`) for descending.
 * If a column is repeated, the first key counts. Throws PO1003.
 */
export function parseSort(texts: readonly string[], schema: RowSchema): SortKey[] {
  const keys = new Map<Column, SortKey>();
  for (const part of texts.flatMap((text) => text.split(','))) {
    const [, minus, name, order] = /^([-+]?)(.*?)(?::(asc|desc))?$/is.exec(part.trim())!;
    const column = findColumn(name!, schema);
    const descending = minus === '-' || order?.toLowerCase() === 'desc';
    if (!keys.has(column)) keys.set(column, { column, descending });
  }
  return [...keys.values()];
}

/** Converts an address to text that sorts numerically; leaves other text unchanged. */
function addressKey(address: string): string {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address))
    return address
      .split('.')
      .map((part) => part.padStart(3, '0'))
      .join('.');
  return `x${address}`;
}

const collator = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

function compareValues(a: AnyRow[string], b: AnyRow[string], column: Column): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [String(a), String(b)];
  if (column.name.endsWith('Address')) {
    const [p, q] = [addressKey(x), addressKey(y)];
    return p < q ? -1 : p > q ? 1 : 0;
  }
  if (column.type === 'date') return x < y ? -1 : x > y ? 1 : 0;
  return collator.compare(x, y);
}

/** Returns a comparison of rows by keys; missing values come last in either direction. */
export function compareRows(keys: readonly SortKey[]): (a: AnyRow, b: AnyRow) => number {
  return (a, b) => {
    for (const { column, descending } of keys) {
      const [x, y] = [a[column.name] ?? null, b[column.name] ?? null];
      if (x === null || y === null) {
        if (x === y) continue;
        return x === null ? 1 : -1;
      }
      const order = compareValues(x, y, column);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
}
