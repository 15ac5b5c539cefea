import { extname } from 'node:path';
import { loadWriter, type Format } from '../formats/format.ts';
import { fileSink } from '../formats/sink.ts';
import { PortOwnerError } from '../problems.ts';
import { plainColumns, type AnyRow, type RowSchema } from '../schema/column.ts';

/** What a report is written as, by the end of its file's name. */
const formatOf: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.clixml': 'clixml',
  '.xml': 'clixml',
  '.txt': 'table',
};

/** The format of a report's file. Throws PO1001. */
export function reportFormat(path: string): Format {
  const format = formatOf[extname(path).toLowerCase()];
  if (format !== undefined) return format;
  throw new PortOwnerError('PO1001', `the end of the name ${JSON.stringify(path)} tells no format`, { hint: `A report ends in ${Object.keys(formatOf).join(', ')}.`, target: path });
}

/** Writes rows to a file, whole or not at all. Throws PO1001 or PO2004. */
export async function writeReport(path: string, schema: RowSchema, rows: readonly AnyRow[], note: string): Promise<void> {
  const format = reportFormat(path);
  const columns = plainColumns(schema).filter((column) => format !== 'table' || column.importance !== undefined);
  const sink = fileSink(path);
  try {
    const writer = await loadWriter(format, schema, { columns, sink, problems: 'auto', terminal: null, excel: format === 'csv' });
    if (rows.length > 0 || format !== 'table') {
      for (const row of rows) writer.row(row);
      await writer.end();
    }
    if (format === 'table') sink.write(`${note}\n`);
    sink.close();
  } catch (error) {
    sink.abort();
    throw error;
  }
}
