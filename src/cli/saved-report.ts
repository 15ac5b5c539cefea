import type { SavedRows } from '../facts/read/saved-rows.ts';
import { loadWriter, traitsOf, type Format } from '../formats/formats.ts';
import type { DocumentFrame } from '../formats/writer.ts';
import { finished, type Sink } from '../io/sink.ts';
import { auditRun } from '../schema/audit-run.ts';
import { filledColumns, plainColumns, type RowSchema } from '../schema/column.ts';
import { endpoint } from '../schema/endpoint.ts';
import { parseColumns } from '../schema/find.ts';
import { finding } from '../schema/finding.ts';
import { headingOf } from '../schema/heading.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { CommandAbout } from './about.ts';
import { frameOf, nightsOf } from './frame.ts';

/** A report of saved rows. */
export interface SavedReport {
  /** Whether it is written to a file, or to standard output. */
  readonly isFile: boolean;
  readonly open: () => Sink;
  readonly format: Format;
  readonly title: string | null;
  readonly columns: readonly string[] | null;
  readonly delimiter: string | null;
  readonly at: Date;
  readonly about: CommandAbout;
}

/** Sorts findings first: the other rows are what they are about. `usual` is the kind of an empty report. */
function mainFirst(kinds: readonly SavedRows[], usual: RowSchema): readonly [SavedRows, ...SavedRows[]] {
  const rank = ({ schema }: SavedRows): number => (schema === (finding as RowSchema) ? 0 : 1);
  const [main = { schema: usual, rows: [] }, ...others] = kinds.toSorted((a, b) => rank(a) - rank(b));
  return [main, ...others];
}

async function frameFor(
  [main, ...others]: readonly [SavedRows, ...SavedRows[]],
  { title, at, about }: SavedReport,
): Promise<DocumentFrame> {
  const answer = { rows: main.rows, problems: [], exitCode: 0 } as const;
  const frame = await frameOf(answer, main.schema, { about, subject: null, question: null, at: () => at });
  const runs = others.find(({ schema }) => schema === (auditRun as RowSchema))?.rows;
  const isEmpty = others.length === 0 && main.rows.length === 0;
  return {
    ...frame,
    // Nobody knows what kind of rows are missing.
    ...(isEmpty ? { rowsTitle: 'Rows', headline: 'The report is empty: there are no rows' } : {}),
    title: title ?? (isEmpty ? 'Empty report' : frame.title),
    meaning: null,
    tables: others.map(({ schema, rows }) => ({ title: headingOf(schema), schema, rows })),
    nights: runs === undefined ? frame.nights : nightsOf(runs),
  };
}

/** Writes saved rows to a file atomically, or to standard output. Throws PO1003, PO2004, and PO1005 for rows that do not fit the format. */
export async function writeSaved(
  kinds: readonly SavedRows[],
  request: SavedReport,
  warn: (problem: Problem) => void,
): Promise<void> {
  const { isFile, open, format, columns, delimiter } = request;
  const { whole, tables, findings, spreadsheet, narrow } = traitsOf(format);
  const sorted = mainFirst(kinds, findings === true ? finding : endpoint);
  const [{ schema, rows }, ...others] = sorted;
  const there = sorted.map((kind) => headingOf(kind.schema)).join(', ');
  if (tables !== true && others.length > 0)
    throw new PortOwnerError(
      'PO1005',
      `the format ${format} can contain rows of only one kind, but these are ${there}`,
      {
        hint: 'Create a report for each kind, or one .xlsx or .html file for all.',
      },
    );
  if (findings === true && schema !== (finding as RowSchema))
    throw new PortOwnerError('PO1005', `the format ${format} can contain only findings, but these are ${there}`, {
      hint: 'Use findings, or another format.',
    });
  if (delimiter !== null && spreadsheet !== true) throw new PortOwnerError('PO1005', '--delimiter needs --format csv');
  const all =
    narrow === true
      ? plainColumns(schema).filter(({ importance }) => importance !== undefined)
      : filledColumns(schema, rows);
  await finished(open(), async (sink) => {
    const writer = await loadWriter(format, schema, {
      columns: columns === null ? all : parseColumns(columns, schema),
      asked: columns !== null,
      sink,
      problems: 'auto',
      terminal: null,
      excel: isFile && spreadsheet === true,
      ...(delimiter === null ? {} : { delimiter }),
      ...(whole === true ? { frame: await frameFor(sorted, request) } : {}),
      warn,
    });
    for (const row of rows) writer.row(row);
    await writer.end();
  });
}
