import { writeXlsx, writeXlsxStream } from 'hucre/xlsx';
import { withPart } from './zip-part.ts';
import type { Cell, ColumnDef, ConditionalRule, WriteSheet } from 'hucre/xlsx';

/*
 * The only file that uses the library. It does not choose what is written, but ensures that cells can hold it.
 */

export type CellValue = string | number | boolean | Date | null;

/**
 * The maximum length of a cell's text, in UTF-16 units.
 * https://support.microsoft.com/office/excel-specifications-and-limits
 */
const mostUnits = 32_767;
/** Texts that the library treats as formula errors, unless they have runs. */
const errorText = /^#(?:VALUE!|REF!|N\/A|NAME\?|NULL!|DIV\/0!|NUM!|GETTING_DATA|SPILL!|CALC!)$/;
const dateFormat = 'yyyy-mm-dd hh:mm:ss';
/** The range of Excel's calendar. */
const firstDay = Date.UTC(1900, 2, 1);
const lastDay = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * Makes a text valid for a cell: replaces characters that XML does not allow by U+FFFD, escapes text that would be read
 * as an escape of the format (ECMA-376, ST_Xstring: _xHHHH_), and cuts it to the maximum length.
 */
export function sheetText(text: string): string {
  const cut = text.length > mostUnits ? `${text.slice(0, mostUnits - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return cut
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_');
}

/** A time as a cell value; as text if it is outside of Excel's calendar. */
export function cellDate(text: string): Date | string {
  const time = Date.parse(text);
  return time >= firstDay && time <= lastDay ? new Date(time) : text;
}

/** The highlighting of a value: the colors of its background and its text. */
export interface Accent {
  readonly value: string | boolean;
  readonly fill: string;
  readonly text: string;
}

export interface SheetColumn {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'date';
  /** In characters. */
  readonly width: number;
  readonly wrap: boolean;
  readonly accents: readonly Accent[];
}

/** A cell that links to another cell. */
export interface CellLink {
  readonly row: number;
  readonly column: number;
  /** A sheet, and the number of the row in its table. */
  readonly sheet: string;
  readonly target: number;
}

/** Rows with a header, as an Excel table that starts in the first cell. */
export interface TableSheet {
  readonly name: string;
  readonly columns: readonly SheetColumn[];
  readonly rows: readonly (readonly CellValue[])[];
  readonly links: readonly CellLink[];
  /** The number of columns, from the first one on, that are printed. */
  readonly printed: number;
}

/** A line of a text sheet: cells from the first column on. */
export interface SheetLine {
  readonly cells: readonly CellValue[];
  readonly look?: 'title' | 'heading' | 'header' | 'verdict';
  /** The second cell takes the rest of the line, with this many lines of text. */
  readonly span?: number;
  /** The number of lines of text, if it has no such cell. */
  readonly lines?: number;
  /** The first cell links to this sheet. */
  readonly sheet?: string;
}

/** Lines of text and small tables, and a chart of some of them. */
export interface TextSheet {
  readonly name: string;
  readonly widths: readonly number[];
  readonly lines: readonly SheetLine[];
  readonly chart: {
    readonly title: string;
    /** The header line, and the last line. */
    readonly from: number;
    readonly to: number;
    /** The names of the columns after the first. */
    readonly series: readonly string[];
    /** The line where the chart starts. */
    readonly at: number;
  } | null;
}

export interface Workbook {
  readonly title: string;
  readonly made: Date;
  readonly creator: string;
  readonly sheets: readonly (TableSheet | TextSheet)[];
}

const letter = (column: number): string =>
  (column >= 26 ? letter(Math.floor(column / 26) - 1) : '') + String.fromCharCode(65 + (column % 26));

const font = { name: 'Calibri', size: 11 } as const;
const headerStyle = {
  font: { ...font, bold: true, color: { rgb: 'FFFFFF' } },
  fill: { type: 'pattern', pattern: 'solid', fgColor: { rgb: '1F4E79' } },
  alignment: { vertical: 'center' },
} as const;
const linkFont = { ...font, underline: true, color: { rgb: '0563C1' } } as const;

const pageSetup = {
  paperSize: 'a4',
  orientation: 'landscape',
  fitToPage: true,
  fitToWidth: 1,
  fitToHeight: 0,
  margins: { top: 0.6, bottom: 0.6, left: 0.4, right: 0.4, header: 0.3, footer: 0.3 },
} as const;
const headerFooter = { oddFooter: '&L&A&RPage &P of &N' };

function styleOf({ kind, wrap }: SheetColumn): NonNullable<ColumnDef['style']> {
  const alignment = { vertical: 'top', ...(wrap ? { wrapText: true } : {}) } as const;
  if (kind === 'date') return { alignment: { ...alignment, horizontal: 'left' }, numFmt: dateFormat };
  // Excel shows TRUE with any format; other programs show its numeric value.
  if (kind === 'boolean') return { alignment: { ...alignment, horizontal: 'left' }, numFmt: '"TRUE";"TRUE";"FALSE"' };
  if (kind === 'number') return { alignment: { ...alignment, horizontal: 'right', indent: 1 } };
  // The format Text: an edited cell that starts with = stays text, too.
  return kind === 'text' ? { alignment, numFmt: '@' } : { alignment };
}

function accentRules(columns: readonly SheetColumn[], rows: number): ConditionalRule[] {
  let priority = 0;
  return columns.flatMap(({ accents }, i) =>
    accents.map(({ value, fill, text }) => ({
      type: 'cellIs' as const,
      operator: 'equal' as const,
      priority: ++priority,
      formula: typeof value === 'boolean' ? String(value).toUpperCase() : `"${value}"`,
      range: `${letter(i)}2:${letter(i)}${rows + 1}`,
      style: {
        font: { color: { rgb: text } },
        fill: { type: 'pattern' as const, pattern: 'solid' as const, fgColor: { rgb: fill }, bgColor: { rgb: fill } },
      },
    })),
  );
}

const lineHeight = 15;
/** Excel limits the height of a row to 409 points. */
const mostLines = 27;

/** The number of lines that a text takes if a line has `width` characters. */
export const wrappedLines = (text: string, width: number): number =>
  text.split('\n').reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / width)), 0);

/** The heights of rows with more than one line of text. */
function heights(columns: readonly SheetColumn[], rows: TableSheet['rows']): Map<number, { height: number }> {
  const wrapped = columns.flatMap(({ wrap, width }, i) => (wrap ? [{ i, width: width - 2 }] : []));
  const found = new Map<number, { height: number }>();
  for (const [index, row] of rows.entries()) {
    let lines = 1;
    for (const { i, width } of wrapped) {
      const cell = row[i];
      if (typeof cell === 'string') lines = Math.max(lines, wrappedLines(cell, width));
    }
    if (lines > 1) found.set(index + 1, { height: lineHeight * Math.min(lines, mostLines) });
  }
  return found;
}

function tableSheet({ name, columns, rows, links, printed }: TableSheet): WriteSheet {
  const cells = new Map<string, Partial<Cell>>(columns.map((_, i) => [`0,${i}`, { style: headerStyle }]));
  for (const [row, values] of rows.entries())
    for (const [column, value] of values.entries())
      if (typeof value === 'string' && errorText.test(value))
        cells.set(`${row + 1},${column}`, { richText: [{ text: value }], style: styleOf(columns[column]!) });
  for (const { row, column, sheet, target } of links)
    cells.set(`${row + 1},${column}`, {
      style: { ...styleOf(columns[column]!), font: linkFont },
      hyperlink: { target: '', location: `'${sheet}'!A${target + 2}` },
    });
  // A table has at least one row.
  const body = rows.length === 0 ? [columns.map(() => null)] : rows;
  return {
    name,
    // Every cell of a column with a style is written, even an empty one.
    columns: columns.map((column, i) => ({
      width: column.width,
      ...(rows.some((row) => row[i] !== null) ? { style: styleOf(column) } : {}),
    })),
    rows: [columns.map((column) => column.name), ...body] as CellValue[][],
    cells,
    freezePane: { rows: 1 },
    tables: [
      {
        name: `PortOwner_${name.replace(/\W/g, '_')}`,
        range: `A1:${letter(columns.length - 1)}${body.length + 1}`,
        columns: columns.map((column) => ({ name: column.name })),
        style: 'TableStyleMedium2',
        showRowStripes: true,
      },
    ],
    conditionalRules: accentRules(columns, body.length),
    pageSetup: {
      ...pageSetup,
      printTitlesRow: '$1:$1',
      printArea: `$A$1:$${letter(printed - 1)}$${body.length + 1}`,
    },
    headerFooter,
    rowDefs: heights(columns, rows),
  };
}

const looks = {
  title: { font: { ...font, bold: true, size: 18, color: { rgb: '1F4E79' } } },
  heading: { font: { ...font, bold: true, size: 13, color: { rgb: '1F4E79' } } },
  verdict: { font: { ...font, bold: true, size: 12 }, alignment: { vertical: 'top', wrapText: true } },
  header: headerStyle,
  label: { font: { ...font, color: { rgb: '595959' } }, alignment: { vertical: 'top' } },
  text: { alignment: { vertical: 'top', horizontal: 'left', wrapText: true }, numFmt: '@' },
  number: { alignment: { vertical: 'top', horizontal: 'left' } },
  date: { alignment: { vertical: 'top', horizontal: 'left' }, numFmt: dateFormat },
} as const;

function lookOf({ look, cells, span }: SheetLine, column: number): Cell['style'] {
  if (look !== undefined) return looks[look];
  const value = cells[column];
  if (value instanceof Date) return looks.date;
  if (typeof value === 'number') return span === undefined ? looks.number : looks.text;
  return column === 0 && span !== undefined ? looks.label : looks.text;
}

function chartOf({ name, chart, widths }: TextSheet): WriteSheet['charts'] {
  if (chart === null) return [];
  const range = (column: number): string =>
    `'${name}'!$${letter(column)}$${chart.from + 2}:$${letter(column)}$${chart.to + 1}`;
  return [
    {
      type: 'line',
      title: chart.title,
      series: chart.series.map((series, i) => ({ name: series, values: range(i + 1), categories: range(0) })),
      axes: {
        x: { labelRotation: -45, minorTickMark: 'none' },
        y: { minorTickMark: 'none', gridlines: { major: true }, scale: { min: 0 } },
      },
      anchor: { from: { row: chart.at, col: 0 }, to: { row: chart.at + 16, col: widths.length } },
      ...(chart.series.length === 1 ? { legend: false as const } : { legend: 'bottom' as const }),
    },
  ];
}

function textSheet(sheet: TextSheet): WriteSheet {
  const { name, widths, lines } = sheet;
  const cells = new Map<string, Partial<Cell>>();
  for (const [row, line] of lines.entries())
    for (const [column, value] of line.cells.entries()) {
      const style = lookOf(line, column)!;
      const leads = column === 0 && line.sheet !== undefined;
      cells.set(`${row},${column}`, {
        value,
        style: leads ? { ...style, font: linkFont } : style,
        ...(leads ? { hyperlink: { target: '', location: `'${line.sheet}'!A1` } } : {}),
      });
    }
  const last = widths.length - 1;
  return {
    name,
    columns: widths.map((width) => ({ width })),
    rows: lines.map(({ cells: values }) => [...values]),
    cells,
    merges: lines.flatMap(({ span, look }, row) => {
      if (look === 'verdict') return [{ startRow: row, endRow: row, startCol: 0, endCol: last }];
      return span === undefined || last < 2 ? [] : [{ startRow: row, endRow: row, startCol: 1, endCol: last }];
    }),
    rowDefs: new Map(
      lines.flatMap(({ span, look, lines: own = span ?? 1 }, row) => {
        const many = own > 1 ? lineHeight * Math.min(own, mostLines) : null;
        const height = look === 'title' ? 26 : look === 'heading' ? 20 : many;
        return height === null ? [] : [[row, { height }] as const];
      }),
    ),
    charts: chartOf(sheet),
    view: { showGridLines: false },
    // The numbers of a chart are below it; only the chart is printed.
    pageSetup:
      sheet.chart === null ? pageSetup : { ...pageSetup, printArea: `$A$1:$${letter(last)}$${sheet.chart.from}` },
    headerFooter,
  };
}

/** The library writes the color of a font before its size; the format requires the reverse order (CT_Font). */
const orderedFonts = (styles: string): string => styles.replace(/(<color [^<>]*\/>)(<sz [^<>]*\/>)/g, '$2$1');

/** Returns the bytes of a workbook. */
export async function workbookBytes({ title, made, creator, sheets }: Workbook): Promise<Uint8Array> {
  const bytes = await writeXlsx({
    properties: { title: sheetText(title), creator, created: made, modified: made },
    defaultFont: font,
    sheets: sheets.map((sheet) => ('columns' in sheet ? tableSheet(sheet) : textSheet(sheet))),
  });
  return withPart(bytes, 'xl/styles.xml', orderedFonts);
}

/** Writes a sheet with any number of rows, a chunk at a time: no table, no colors, no links. */
export async function* sheetChunks(
  { name, columns }: Pick<TableSheet, 'name' | 'columns'>,
  rows: Iterable<CellValue[]>,
): AsyncGenerator<Uint8Array> {
  yield* writeXlsxStream(rows, {
    name,
    columns: columns.map((column) => ({
      header: column.name,
      width: column.width,
      style: styleOf({ ...column, wrap: false }),
    })),
    freezePane: { rows: 1 },
  });
}
