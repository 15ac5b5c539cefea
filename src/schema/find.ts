import { didYouMean, suggested } from './nearest.ts';
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
  return other === undefined ? didYouMean(name, names, list) : suggested(other, list);
}

/** Finds a column by name, case-insensitively. Throws PO1003 with the available names. */
export function findColumn(name: string, schema: RowSchema): Column {
  const columns = plainColumns(schema);
  const found = columns.find((column) => column.name.toLowerCase() === name.trim().toLowerCase());
  if (found === undefined) {
    const names = columns.map((column) => column.name);
    throw new PortOwnerError('PO1003', `unknown column ${JSON.stringify(name)}`, {
      hint: columnHint(name, names),
      target: name,
    });
  }
  return found;
}

/** The name of the set of columns that a report has. */
export const reportSet = 'report';

/**
 * Reads `--columns`: names separated by commas, in the requested order, without duplicates; `report` stands
 * for the columns in `report`. Throws PO1003.
 */
export function parseColumns(
  texts: readonly string[],
  schema: RowSchema,
  report: readonly Column[] = reportColumns(schema),
): Column[] {
  const names = texts.flatMap((text) => text.split(','));
  return [
    ...new Set(
      names.flatMap((name) => (name.trim().toLowerCase() === reportSet ? report : [findColumn(name, schema)])),
    ),
  ];
}
