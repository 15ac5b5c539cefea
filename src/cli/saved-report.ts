import type { SavedRows } from '../facts/read/saved-rows.ts';
import { formats, loadWriter, traitsOf, type Format } from '../formats/formats.ts';
import type { DocumentFrame } from '../formats/writer.ts';
import { fileSink } from '../io/sink.ts';
import { auditRun, type AuditRun } from '../schema/audit-run.ts';
import { plainColumns, type RowSchema } from '../schema/column.ts';
import { endpoint } from '../schema/endpoint.ts';
import { parseColumns } from '../schema/find.ts';
import { finding } from '../schema/finding.ts';
import { headingOf } from '../schema/heading.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { CommandAbout } from './about.ts';
import { frameOf } from './frame.ts';
import { reportFormat } from './report.ts';
import { word } from './values.ts';

/** A report of saved rows. */
export interface SavedReport {
  readonly output: string;
  readonly format: Format;
  readonly title: string | null;
  readonly columns: readonly string[] | null;
  readonly delimiter: string | null;
  readonly at: Date;
  readonly about: CommandAbout;
}

/** The format of a report, by its name or by the report's file name. Throws PO1001. */
export function savedFormat(name: string | undefined, output: string): Format {
  if (name !== undefined)
    return word('--format', name, Object.fromEntries(formats.map((one) => [one, one])) as Record<Format, Format>);
  return reportFormat(output);
}

/** Sorts findings first: the other rows are what they are about. */
function mainFirst(kinds: readonly SavedRows[]): readonly [SavedRows, ...SavedRows[]] {
  const rank = ({ schema }: SavedRows): number => (schema === (finding as RowSchema) ? 0 : 1);
  const [main = { schema: endpoint, rows: [] }, ...others] = kinds.toSorted((a, b) => rank(a) - rank(b));
  return [main, ...others];
}

async function frameFor(
  [main, ...others]: readonly [SavedRows, ...SavedRows[]],
  { title, at, about }: SavedReport,
): Promise<DocumentFrame> {
  const answer = { rows: main.rows, problems: [], exitCode: 0 } as const;
  const frame = await frameOf(answer, main.schema, { about, subject: null, question: null, at: () => at });
  const runs = others.find(({ schema }) => schema === (auditRun as RowSchema))?.rows ?? frame.nights;
  return {
    ...frame,
    title: title ?? frame.title,
    meaning: null,
    tables: others.map(({ schema, rows }) => ({ title: headingOf(schema), schema, rows })),
    nights: runs as unknown as readonly AuditRun[],
  };
}

/** Writes saved rows to a file atomically. Throws PO1003, PO2004, and PO1005 for rows that do not fit the format. */
export async function writeSaved(
  kinds: readonly SavedRows[],
  request: SavedReport,
  warn: (problem: Problem) => void,
): Promise<void> {
  const { output, format, columns, delimiter } = request;
  const { whole, findings, spreadsheet, narrow } = traitsOf(format);
  const sorted = mainFirst(kinds);
  const [{ schema, rows }, ...others] = sorted;
  if (whole !== true && others.length > 0)
    throw new PortOwnerError(
      'PO1005',
      `--format ${format} has room for rows of one kind, and there are ${sorted.map((kind) => headingOf(kind.schema)).join(', ')}`,
    );
  if (findings === true && schema !== (finding as RowSchema))
    throw new PortOwnerError('PO1005', `--format ${format} is for findings, and there are none`);
  if (delimiter !== null && spreadsheet !== true) throw new PortOwnerError('PO1005', '--delimiter needs --format csv');
  const isUsed = new Set(
    plainColumns(schema).flatMap(({ name, askedBy }) =>
      askedBy === undefined || rows.some((row) => row[name] != null) ? [name] : [],
    ),
  );
  const all = plainColumns(schema).filter(({ name, importance }) =>
    narrow === true ? importance !== undefined : isUsed.has(name),
  );
  const sink = fileSink(output);
  try {
    const writer = await loadWriter(format, schema, {
      columns: columns === null ? all : parseColumns(columns, schema),
      asked: columns !== null,
      sink,
      problems: 'auto',
      terminal: null,
      excel: spreadsheet === true,
      ...(delimiter === null ? {} : { delimiter }),
      ...(whole === true ? { frame: await frameFor(sorted, request) } : {}),
      warn,
    });
    for (const row of rows) writer.row(row);
    await writer.end();
    sink.close();
  } catch (error) {
    sink.abort();
    throw error;
  }
}
