import type { AnyRow, Column } from '../schema/column.ts';
import type { CreateWriter } from './writer.ts';
import { sanitize } from '../io/sanitize.ts';
import { noProblems, plainText } from './text.ts';

const special = /[",\r\n]/;
const formula = /^(?:[\s"']*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n])/;
const separator = /[;\t\r\n]/;
const innerCells = /(?<=[;\t\r\n])[^;\t\r\n]+/g;

const asText = (cell: string): string => (formula.test(cell) ? `'${cell}` : cell);

/**
 * Text that no spreadsheet runs: an apostrophe before everything that could be the start of a cell with a formula.
 * A cell can start inside of a value too, where the spreadsheet's list separator is not the comma.
 */
export function neutralise(text: string): string {
  return asText(separator.test(text) ? text.replace(innerCells, asText) : text);
}

function quote(text: string): string {
  return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180: CRLF, one header line, lists joined by `; `. On a terminal nothing in it acts. */
export const create: CreateWriter = (_schema, { columns, sink, excel = false, terminal = null }) => {
  let started = false;

  function start(): void {
    if (started) return;
    started = true;
    sink.write(`${excel ? '\ufeff' : ''}${columns.map((column) => quote(column.name)).join(',')}\r\n`);
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
      for (let i = 0; i < columns.length; i++) line += i === 0 ? cell(row, columns[i]!) : `,${cell(row, columns[i]!)}`;
      // An empty line would be no row at all to most readers.
      sink.write(line === '' ? '""\r\n' : `${line}\r\n`);
    },
    problem: noProblems,
    flush() {
      sink.flush();
    },
    end: start,
  };
};
