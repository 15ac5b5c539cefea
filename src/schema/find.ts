import { didYouMean } from './nearest.ts';
import { PortOwnerError } from './problems.ts';
import { plainColumns, type Column, type RowSchema } from './column.ts';

/** Finds a column by name, case-insensitively. Throws PO1003 with the available names. */
export function findColumn(name: string, schema: RowSchema): Column {
  const columns = plainColumns(schema);
  const found = columns.find((column) => column.name.toLowerCase() === name.trim().toLowerCase());
  if (found === undefined) {
    const names = columns.map((column) => column.name);
    throw new PortOwnerError('PO1003', `unknown column ${JSON.stringify(name)}`, {
      hint: didYouMean(name, names, `Columns: ${names.join(', ')}.`),
      target: name,
    });
  }
  return found;
}

/** Reads `--columns`: names separated by commas, in the requested order, without duplicates. Throws PO1003. */
export function parseColumns(texts: readonly string[], schema: RowSchema): Column[] {
  return [...new Set(texts.flatMap((text) => text.split(',')).map((name) => findColumn(name, schema)))];
}
