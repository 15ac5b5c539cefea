import { counted } from '../io/counted.ts';
import type { AnyRow, Column, ColumnType } from '../schema/column.ts';
import type { AuditRun } from '../schema/audit-run.ts';
import { headingOf } from '../schema/heading.ts';
import { filledColumns, reportColumns } from '../schema/column.ts';
import { problemRow, toProblemRow } from '../schema/problem.ts';
import { version } from '../schema/version.ts';
import { countsText, summaryOf } from './summary.ts';
import { framed, itemText, noProblems, plainText } from './text.ts';
import type { CreateWriter, DocumentFrame, DocumentTable } from './writer.ts';
import {
  cellDate,
  sheetText,
  wrappedLines,
  sheetChunks,
  workbookBytes,
  type Accent,
  type CellValue,
  type SheetLine,
  type CellLink,
  type SheetColumn,
  type TableSheet,
  type TextSheet,
} from './xlsx.ts';

/**
 * Above this number of rows, a workbook with tables and colors takes too much memory: 50,000 rows would take 580 MB.
 */
const mostRows = 20_000;
/**
 * The maximum width of a column in characters, because longer text wraps; columns that are not printed can be wider.
 */
const widest = 48;
const widestUnprinted = 80;
/** The maximum number of machines in a chart. */
const mostLines = 8;

const [red, yellow, blue, gray] = [
  { fill: 'FFC7CE', text: '9C0006' },
  { fill: 'FFEB9C', text: '7F4F00' },
  { fill: 'DDEBF7', text: '1F4E79' },
  { fill: 'EDEDED', text: '404040' },
];
const severityAccents: readonly Accent[] = [
  { value: 'Critical', fill: 'C00000', text: 'FFFFFF' },
  { value: 'High', ...red! },
  { value: 'Error', ...red! },
  { value: 'Medium', ...yellow! },
  { value: 'Warning', ...yellow! },
  { value: 'Low', ...blue! },
  { value: 'Info', ...gray! },
  { value: 'Information', ...gray! },
];
const accents: Readonly<Record<string, readonly Accent[]>> = {
  Severity: severityAccents,
  WorstSeverity: severityAccents,
  Complete: [{ value: false, ...yellow! }],
};

const kinds: Readonly<Partial<Record<ColumnType, SheetColumn['kind']>>> = {
  uint16: 'number',
  uint32: 'number',
  uint64: 'number',
  int32: 'number',
  boolean: 'boolean',
  date: 'date',
  double: 'number',
};

type Value = AnyRow[string];

function cellOf(value: Value, type: ColumnType): CellValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') return sheetText(value.map(itemText).join(type === 'uint32s' ? ', ' : '\n'));
  if (typeof value !== 'string') return value;
  const cell = type === 'date' ? cellDate(value) : value;
  return typeof cell === 'string' ? sheetText(cell) : cell;
}

const longest = (text: string): number =>
  text.includes('\n') ? Math.max(...text.split('\n').map((line) => line.length)) : text.length;

/** The columns of a sheet, as wide as their contents. */
function sheetColumns(
  columns: readonly Column[],
  rows: readonly (readonly CellValue[])[],
  printed: number,
): SheetColumn[] {
  return columns.map(({ name, type }, i) => {
    const kind = kinds[type] ?? 'text';
    // The header also contains the filter button.
    let width = name.length + 4;
    if (kind === 'date') width = Math.max(width, 20);
    for (const row of rows) {
      const cell = row[i];
      if (typeof cell === 'string') width = Math.max(width, longest(cell) + 2);
      else if (typeof cell === 'number') width = Math.max(width, String(cell).length + 2);
    }
    const most = i < printed ? widest : widestUnprinted;
    const wrap = width > most || type === 'texts' || type === 'ancestors';
    return { name, kind, width: Math.min(width, most), wrap, accents: accents[name] ?? [] };
  });
}

/**
 * The keys that a finding and its listener have in common, most specific first: for a listener in the dynamic range, a
 * finding has no address, and its port only as text.
 */
function endpointKeys(row: AnyRow): string[] {
  const [machine, protocol, address, endpoint] = ['ComputerName', 'Protocol', 'LocalAddress', 'Endpoint'].map((name) =>
    plainText(row[name], ''),
  ) as [string, string, string, string];
  const port = plainText(row['LocalPort'] ?? row['Port'], '') || (/:(\d+)/.exec(endpoint)?.[1] ?? '');
  return port === ''
    ? []
    : [[machine, protocol, address.split('%')[0], port].join(' '), [machine, protocol, port].join(' ')];
}

/** The location of each listener, by the keys that a finding shares with it. */
function listenerLinks(
  rows: readonly AnyRow[],
  columns: readonly Column[],
  listeners: DocumentTable | undefined,
): CellLink[] {
  const column = columns.findIndex(({ name }) => name === 'Endpoint');
  if (column < 0 || listeners === undefined) return [];
  const places = new Map<string, number>();
  for (const [index, row] of listeners.rows.entries()) {
    for (const key of endpointKeys(row)) if (!places.has(key)) places.set(key, index);
  }
  return rows.flatMap((row, index) => {
    const target = endpointKeys(row)
      .map((key) => places.get(key))
      .find((place) => place !== undefined);
    return target === undefined ? [] : [{ row: index, column, sheet: sheetName(listeners.title), target }];
  });
}

/** Excel reserves the name History. */
const sheetName = (title: string): string => (title === 'History' ? 'Port history' : title);

/** Orders columns: the machine first if there are several, then the printed columns. */
function ordered(columns: readonly Column[], printed: ReadonlySet<string>, several: boolean): readonly Column[] {
  const rank = ({ name }: Column): number => (several && name === 'ComputerName' ? 0 : printed.has(name) ? 1 : 2);
  return columns.toSorted((a, b) => rank(a) - rank(b));
}

interface Part extends DocumentTable {
  readonly columns: readonly Column[];
  /** The number of printed columns. */
  readonly printed: number;
  /** The number of rows, of which the sheet may contain only the first. */
  readonly of: number;
}

/**
 * Rows with their columns: the columns of a report come first and are printed; if columns were chosen, all of them are.
 */
function partOf(
  table: DocumentTable,
  columns: readonly Column[],
  {
    asked,
    several,
    of = table.rows.length,
  }: { readonly asked: boolean; readonly several: boolean; readonly of?: number },
): Part {
  const { title, schema, rows, remark = null } = table;
  if (asked) return { title, schema, rows, remark, of, columns, printed: columns.length };
  const isConnection = rows.some((row) => row['RemotePort'] != null);
  const printed = new Set(
    reportColumns(schema)
      .filter(({ connectionsOnly }) => connectionsOnly !== true || isConnection)
      .map(({ name }) => name),
  );
  const sorted = ordered(columns, printed, several);
  const count = sorted.filter(({ name }) => printed.has(name)).length;
  return { title, schema, rows, remark, of, columns: sorted, printed: count === 0 ? sorted.length : count };
}

function tableOf({ title, columns, rows, printed }: Part, links: readonly CellLink[] = []): TableSheet {
  const cells = rows.map((row) => columns.map(({ name, type }) => cellOf(row[name], type)));
  return { name: sheetName(title), columns: sheetColumns(columns, cells, printed), rows: cells, links, printed };
}

const summaryWidths = [22, 16, 16, 16, 16, 16, 16, 16];
/** The length of a line in the merged cells of the summary, in characters. */
const summaryWidth = 100;

const labeled = (label: string, value: CellValue): SheetLine => ({
  cells: [label, typeof value === 'string' ? sheetText(value) : value],
  span: typeof value === 'string' ? wrappedLines(value, summaryWidth) : 1,
});

const empty: SheetLine = { cells: [] };
const day = (at: string): string => at.slice(0, 10);

/** Each machine has its own nights: together they are in no order. */
const byTime = (a: AuditRun, b: AuditRun): number => (a.RunTime! < b.RunTime! ? -1 : 1);

/** The last number of listeners on each day, for each machine. */
function nightLines(nights: readonly AuditRun[]): {
  readonly lines: SheetLine[];
  readonly machines: readonly string[];
  /** The number of machines, of which the chart may contain only the first. */
  readonly of: number;
} {
  const all = [...new Set(nights.map(({ ComputerName }) => ComputerName ?? ''))];
  const machines = all.slice(0, mostLines);
  const days = new Map<string, CellValue[]>();
  for (const { RunTime, ComputerName, Listeners } of nights.toSorted(byTime)) {
    const date = day(RunTime!);
    const counts = days.get(date) ?? machines.map(() => null);
    days.set(date, counts);
    const place = machines.indexOf(ComputerName ?? '');
    if (place >= 0) counts[place] = Listeners;
  }
  const lines = [...days].map(([date, counts]): SheetLine => ({ cells: [date, ...counts] }));
  return { lines, machines, of: all.length };
}

/** The number of rows of each kind, and of each of their values. */
function countLines(parts: readonly Part[]): SheetLine[] {
  return parts.flatMap(({ title, schema, rows, of, remark }) => {
    const counts = countsText(summaryOf(schema, rows));
    const amount = rows.length === of ? rows.length : `${rows.length} of ${of}`;
    const text = counts === '' ? amount : `${amount} (${counts})`;
    const lines: SheetLine[] = [{ ...labeled(sheetName(title), text), sheet: sheetName(title) }];
    return remark == null ? lines : [...lines, labeled('', `${remark}.`)];
  });
}

/** A small table of the machines, with the number of rows per category. */
function machineLines({ title, schema, rows }: Part): SheetLine[] {
  const { values, machines } = summaryOf(schema, rows);
  const shown = values.slice(0, summaryWidths.length - 2);
  return [
    empty,
    { cells: [`${sheetName(title)} by machine`], look: 'heading' },
    { cells: ['ComputerName', 'Rows', ...shown.map(sheetText)], look: 'header' },
    ...machines.map(({ name, rows: count, counts }): SheetLine => ({
      cells: [sheetText(name ?? ''), count, ...counts.slice(0, shown.length)],
    })),
  ];
}

interface Content {
  readonly frame: DocumentFrame;
  readonly parts: readonly Part[];
  readonly several: boolean;
}

function summarySheet({ frame, parts, several }: Content): TextSheet {
  const { title, question, at, exitCode, meaning, headline, note, problems, nights } = frame;
  const errors = problems.filter(({ severity }) => severity === 'Error').length;
  const warnings = problems.length - errors;
  const told = [counted(errors, 'error'), counted(warnings, 'warning')].filter((text) => !text.startsWith('0 '));
  const lines: SheetLine[] = [
    { cells: [sheetText(title)], look: 'title' },
    ...(headline === null
      ? []
      : [{ cells: [sheetText(headline)], look: 'verdict' as const, span: wrappedLines(headline, 110) }]),
    empty,
    ...countLines(parts),
    ...(problems.length === 0
      ? []
      : [{ ...labeled('Problems', `${told.join(', ')}: not everything is known`), sheet: 'Problems' }]),
    empty,
    ...(note === null ? [] : [labeled('Note', note.trim())]),
    ...(question === null ? [] : [labeled('Command', question)]),
    labeled('Made', new Date(at)),
    ...(meaning === null ? [] : [labeled('Exit code', `${exitCode}: ${meaning}`)]),
    ...(several ? parts.filter(({ rows }) => rows.length > 0).flatMap(machineLines) : []),
  ];
  if (nights.length === 0) return { name: 'Summary', widths: summaryWidths, lines, chart: null };
  const { lines: counts, machines, of } = nightLines(nights);
  const which = machines.length < of ? `, ${machines.length} of ${of} machines` : '';
  const series = machines.map((machine) => sheetText(machine === '' ? 'Listeners' : machine));
  lines.push(empty, {
    cells: [`Listeners, ${counts.length === 1 ? 'the last night' : `the last ${counts.length} nights`}${which}`],
    look: 'heading',
  });
  const start = lines.length;
  // The numbers are below their chart.
  lines.push(...Array.from({ length: 17 }, () => empty), { cells: ['Night', ...series], look: 'header' }, ...counts);
  return {
    name: 'Summary',
    widths: summaryWidths,
    lines,
    chart: { title: 'Listeners', from: start + 17, to: start + 17 + counts.length, series, at: start },
  };
}

function aboutSheet({ frame, parts }: Content): TextSheet {
  return {
    name: 'About',
    widths: [18, 20, 100],
    lines: [
      { cells: ['About this workbook'], look: 'title' },
      empty,
      labeled('Made by', `PortOwner ${version}`),
      labeled('Made at', new Date(frame.at)),
      labeled('Dates', 'are in UTC.'),
      labeled(
        'Empty cells',
        'are values that do not apply or are unavailable; the column Reason, if there is one, says why.',
      ),
      labeled('Text', 'that begins with =, +, -, or @ is text, not a formula.'),
      empty,
      { cells: ['Sheet', 'Column', 'What it says'], look: 'header' },
      ...parts.flatMap(({ title, columns }) =>
        columns.map(({ name, description }): SheetLine => ({
          cells: [sheetName(title), name, sheetText(description)],
          lines: wrappedLines(description, 95),
        })),
      ),
    ],
    chart: null,
  };
}

/** Cuts the additional tables, so that all rows together fit in a workbook. */
function fitting(tables: readonly DocumentTable[], room: number): DocumentTable[] {
  let left = room;
  return tables.map((table) => {
    const rows = table.rows.slice(0, left);
    left -= rows.length;
    return { ...table, rows };
  });
}

function contentOf(main: DocumentTable, columns: readonly Column[], frame: DocumentFrame, asked: boolean): Content {
  const tables = fitting(frame.tables, mostRows - main.rows.length);
  const all = [main, ...tables].flatMap(({ rows }) => rows);
  const several = new Set(all.map((row) => row['ComputerName'] ?? null)).size > 1;
  return {
    frame,
    several,
    parts: [
      partOf(main, columns, { asked, several }),
      ...tables.map((table, i) =>
        partOf(table, filledColumns(table.schema, table.rows), {
          asked: false,
          several,
          of: frame.tables[i]!.rows.length,
        }),
      ),
    ],
  };
}

async function writeWhole(content: Content): Promise<Uint8Array> {
  const { frame, parts } = content;
  const [main, ...others] = parts as [Part, ...Part[]];
  const findings = parts.find(({ schema }) => schema.typeName === 'PortOwner.Finding');
  const listeners = parts.find(({ schema }) => schema.typeName === 'PortOwner.Endpoint');
  const linksOf = (part: Part): CellLink[] =>
    part === findings ? listenerLinks(part.rows, part.columns, listeners) : [];
  const problems = frame.problems.map((problem): AnyRow => ({ ...toProblemRow(problem) }));
  const tables = [main, ...others].map((part) => tableOf(part, linksOf(part)));
  if (problems.length > 0) {
    const told = problemRow.columns.filter(({ name }) => name !== 'Category' && name !== 'Terminating');
    const table = { title: 'Problems', schema: problemRow, rows: problems };
    tables.push(tableOf(partOf(table, told, { asked: true, several: false })));
  }
  return workbookBytes({
    title: frame.title,
    made: new Date(frame.at),
    creator: `PortOwner ${version}`,
    sheets: [summarySheet(content), ...tables, aboutSheet(content)],
  });
}

/** Writes a workbook for Excel: a summary, a table for each kind of rows, and the meaning of the columns. */
export const create: CreateWriter = (schema, { columns, asked = false, sink, frame, warn }) => {
  const rows: AnyRow[] = [];
  const write = (bytes: Uint8Array): void => {
    if (sink.bytes === undefined) throw new Error('a workbook needs a file');
    sink.bytes(bytes);
  };

  async function writeStreamed(): Promise<void> {
    warn?.({
      severity: 'Warning',
      code: 'PO2005',
      message: `${rows.length} rows are more than the ${mostRows} that a workbook with tables takes: it has one plain sheet`,
      hint: 'Ask for fewer rows, or write CSV.',
    });
    const cells = (row: AnyRow): CellValue[] => columns.map(({ name, type }) => cellOf(row[name], type));
    const head = sheetColumns(columns, rows.slice(0, 1000).map(cells), columns.length);
    const sheet = { name: sheetName(headingOf(schema)), columns: head };
    for await (const chunk of sheetChunks(sheet, rows.values().map(cells))) write(chunk);
  }

  return {
    carriesProblems: false,
    row: (row) => void rows.push(row),
    problem: noProblems,
    flush() {},
    async end() {
      const about = framed(frame);
      if (rows.length > mostRows) return writeStreamed();
      const main = { title: about.rowsTitle, schema, rows };
      const content = contentOf(main, columns, about, asked);
      for (const { title, rows: some, of } of content.parts)
        if (some.length < of)
          warn?.({
            severity: 'Warning',
            code: 'PO2005',
            message: `the sheet ${sheetName(title)} has ${some.length} of ${of} rows: a workbook with tables takes ${mostRows}`,
            hint: 'To have all of them, write a report of them alone.',
          });
      write(await writeWhole(content));
    },
  };
};
