import { extname } from 'node:path';
import { loadWriter, type Format } from '../formats/format.ts';
import { fileSink } from '../formats/sink.ts';
import { PortOwnerError, type Problem } from '../problems.ts';
import { plainColumns, type AnyRow, type RowSchema } from '../schema/column.ts';
import { problemText } from './base.ts';

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
  throw new PortOwnerError('PO1001', `the end of the name ${JSON.stringify(path)} tells no format`, {
    hint: `A report ends in ${Object.keys(formatOf).join(', ')}.`,
    target: path,
  });
}

/** A problem where there are only rows: a finding that is none, which says so. */
function problemRow({ severity, code, message, hint }: Problem, machine: string): AnyRow {
  return {
    Kind: 'Problem',
    Severity: severity,
    Rule: code,
    Evidence: [message],
    Remedy: hint === undefined ? null : [hint],
    ComputerName: machine,
  };
}

/**
 * Writes findings to a file, whole or not at all, and what the audit of the machine could not tell: among the rows where
 * the format has a place for it or is CSV, else below them. Throws PO1001 or PO2004.
 */
export async function writeReport(
  path: string,
  schema: RowSchema,
  rows: readonly AnyRow[],
  problems: readonly Problem[],
  machine: string,
  note: string,
): Promise<void> {
  const format = reportFormat(path);
  const columns = plainColumns(schema).filter((column) => format !== 'table' || column.importance !== undefined);
  const sink = fileSink(path);
  try {
    const writer = await loadWriter(format, schema, {
      columns,
      sink,
      problems: 'auto',
      terminal: null,
      excel: format === 'csv',
    });
    if (rows.length > 0 || format !== 'table') {
      for (const problem of problems) {
        if (writer.carriesProblems) writer.problem(problem);
        else if (format === 'csv') writer.row(problemRow(problem, machine));
      }
      for (const row of rows) writer.row(row);
      await writer.end();
    }
    if (format === 'table') sink.write(`${note}\n${problems.map(problemText).join('')}`);
    sink.close();
  } catch (error) {
    sink.abort();
    throw error;
  }
}
