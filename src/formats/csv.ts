import type { AnyRow, Column } from '../schema/column.ts';
import type { CreateWriter } from './writer.ts';
import { sanitize } from '../io/sanitize.ts';
import { noProblems, plainText } from './text.ts';

const formula = /^(?:[\s"']*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n])/;
/** The cell separators of spreadsheets, which depend on the regional settings. */
const separators = [',', ';', '\t'];

const asText = (cell: string): string => (formula.test(cell) ? `'${cell}` : cell);

/**
 * Returns a function that keeps spreadsheets from running text: it puts an apostrophe before everything that could be
 * the start of a cell with a formula. A cell can also start inside a value if the spreadsheet's list separator is not
 * `delimiter`.
 */
export function neutraliser(delimiter = ','): (text: string) => string {
  const others = `${separators.filter((one) => one !== delimiter).join('')}\\r\\n`;
  const separator = new RegExp(`[${others}]`);
  const innerCells = new RegExp(`(?<=[${others}])[^${others}]+`, 'g');
  return (text) => asText(separator.test(text) ? text.replace(innerCells, asText) : text);
}

/** RFC 4180: CRLF, one header line, lists joined by `; `. On a terminal, control characters are made harmless. */
export const create: CreateWriter = (_schema, { columns, sink, excel = false, terminal = null, delimiter = ',' }) => {
  let started = false;
  const neutralise = neutraliser(delimiter);
  const isSpecial = (text: string): boolean => /["\r\n]/.test(text) || text.includes(delimiter);
  const quote = (text: string): string => (isSpecial(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function start(): void {
    if (started) return;
    started = true;
    sink.write(`${excel ? '\ufeff' : ''}${columns.map((column) => quote(column.name)).join(delimiter)}\r\n`);
  }

  function cell(row: AnyRow, { name }: Column): string {
    const value = row[name];
    if (typeof value === 'number') return String(value);
    const plain = plainText(value, '; ');
    const text = terminal === null ? plain : sanitize(plain);
    return quote(excel ? neutralise(text) : text);
  }

  return {
    carriesProblems: false,
    row(row) {
      start();
      let line = '';
      for (let i = 0; i < columns.length; i++) line += (i === 0 ? '' : delimiter) + cell(row, columns[i]!);
      // Most readers would skip an empty line.
      sink.write(line === '' ? '""\r\n' : `${line}\r\n`);
    },
    problem: noProblems,
    flush() {
      sink.flush();
    },
    end: start,
  };
};
