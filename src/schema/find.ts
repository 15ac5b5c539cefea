import { nearest, suggested } from './nearest.ts';
import { PortOwnerError } from './problems.ts';
import { plainColumns, reportColumns, type Column, type RowSchema } from './column.ts';

/** What people and other tools call a column. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  address: ['LocalAddress'],
  command: ['CommandLine', 'Command'],
  cwd: ['WorkingDirectory'],
  directory: ['WorkingDirectory'],
  executable: ['Path', 'Program'],
  folder: ['WorkingDirectory'],
  host: ['ComputerName'],
  image: ['ImageName'],
  machine: ['ComputerName'],
  name: ['ImageName'],
  parent: ['ParentImageName'],
  pid: ['OwningProcess'],
  port: ['LocalPort', 'StartPort'],
  process: ['OwningProcess'],
  processid: ['OwningProcess'],
  processname: ['ImageName'],
  program: ['ImageName', 'Owner'],
  started: ['StartTime'],
  user: ['UserName'],
};

/** A hint that begins with the column that was probably meant. */
function columnHint(name: string, names: readonly string[]): string {
  const list = `Columns: ${names.join(', ')}.`;
  const wanted = name.trim().toLowerCase();
  const others = Object.hasOwn(otherNames, wanted) ? otherNames[wanted]! : [];
  const other = others.find((one) => names.includes(one));
  if (other !== undefined) return suggested(other, list);
  const found = nearest(name, [...names, ...Object.keys(otherNames)]);
  // Suggest a column that these rows have.
  const meant =
    found !== null && Object.hasOwn(otherNames, found) ? otherNames[found]!.find((one) => names.includes(one)) : found;
  return suggested(meant ?? nearest(name, names), list);
}

/** Finds a column by name, case-insensitively. Throws PO1003 with the available names. */
export function findColumn(name: string, schema: RowSchema): Column {
  const columns = plainColumns(schema);
  const found = columns.find((column) => column.name.toLowerCase() === name.trim().toLowerCase());
  if (found === undefined) {
    const names = columns.map((column) => column.name);
    if (name.trim() === '')
      throw new PortOwnerError('PO1003', 'the name of a column is missing', { hint: `Columns: ${names.join(', ')}.` });
    throw new PortOwnerError('PO1003', `unknown column ${JSON.stringify(name)}`, {
      hint: columnHint(name, names),
      target: name,
    });
  }
  return found;
}

/** The words that stand for several columns. `*` is what PowerShell users write. */
const sets = { report: 'report', all: 'all', '*': 'all' } as const;

/** The columns that the words in `sets` stand for. */
export interface ColumnSets {
  readonly report: readonly Column[];
  readonly all: readonly Column[];
}

/**
 * Reads `--columns`: names separated by commas, in the requested order, without duplicates; `report` and `all` stand for
 * the columns in `of`. Throws PO1003.
 */
export function parseColumns(
  texts: readonly string[],
  schema: RowSchema,
  of: ColumnSets = { report: reportColumns(schema), all: plainColumns(schema) },
): Column[] {
  const columnsOf = (name: string): readonly Column[] => {
    const word = name.trim().toLowerCase();
    return Object.hasOwn(sets, word) ? of[sets[word as keyof typeof sets]] : [findColumn(name, schema)];
  };
  return [...new Set(texts.flatMap((text) => text.split(',')).flatMap(columnsOf))];
}
