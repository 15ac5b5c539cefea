import { counted } from '../io/counted.ts';
import { sanitize } from '../io/sanitize.ts';
import type { AnyRow, Column } from '../schema/column.ts';
import { version } from '../schema/version.ts';
import { countsText, summaryOf, worstFirst } from './summary.ts';
import { framed, isNumeric, noProblems, plainText } from './text.ts';
import type { CreateWriter, DocumentFrame } from './writer.ts';

/** The maximum number of rows, to fit in a chat or an email. */
const mostRows = 25;
/** The maximum number of characters of a value; a command line can have 32,000. */
const mostCharacters = 160;

/** The characters that start markup, a mention, a link, or a list item. */
const special = /[\\`*[\]<>#|@~&$]|(?<!\w)_|_(?!\w)|:(?=\/\/)|(?<=www)\.|^[-+=]|(?<=^\d{1,9})[.)]/gi;

/**
 * Escapes text so that nothing in it is a link, a mention, markup, or HTML. Every punctuation mark can be escaped with
 * a backslash (CommonMark 2.4).
 */
const prose = (text: string): string => sanitize(text).replace(special, '\\$&');

/** A value as code, which a chat does not interpret; in a table, a bar would end the cell. */
function code(text: string, inTable = false): string {
  if (text === '') return '';
  const cut = text.length > mostCharacters ? `${text.slice(0, mostCharacters).toWellFormed()}…` : text;
  const safe = sanitize(cut);
  // The fence is longer than any run of backticks in the value.
  const fence = '`'.repeat(Math.max(0, ...[...safe.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const padded =
    safe.startsWith('`') || safe.endsWith('`') || fence.length > 1 ? `${fence} ${safe} ${fence}` : fence + safe + fence;
  return inTable ? padded.replaceAll('|', '\\|') : padded;
}

/** The line of a finding, because chats have no tables. */
function findingLine(row: AnyRow, several: boolean): string {
  const text = (name: string): string => plainText(row[name], '; ');
  const machine = several ? `${code(text('ComputerName'))} ` : '';
  const owner = text('Owner') === '' ? '' : ` ${code(text('Owner'))}`;
  const evidence = text('Evidence') === '' ? '' : `: ${code(text('Evidence'))}`;
  return `- **${prose(text('Severity'))}** ${machine}${prose(text('Kind'))} ${code(text('Endpoint'))}${owner}${evidence}\n`;
}

function table(columns: readonly Column[], rows: readonly AnyRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const dashes = columns.map((column) => (isNumeric(column) ? '--:' : '---'));
  const cell = (row: AnyRow, { name, type }: Column): string => {
    const text = plainText(row[name], '; ');
    return type === 'text' || type === 'texts' ? code(text, true) : prose(text);
  };
  return (
    line(columns.map(({ name }) => name)) +
    line(dashes) +
    rows.map((row) => line(columns.map((column) => cell(row, column)))).join('')
  );
}

function body(rows: readonly AnyRow[], columns: readonly Column[], isFindings: boolean): string {
  const shown = isFindings ? worstFirst(rows) : rows;
  const several = new Set(rows.map((row) => row['ComputerName'])).size > 1;
  const some = shown.slice(0, mostRows);
  const more = rows.length - some.length;
  const text = isFindings ? some.map((row) => findingLine(row, several)).join('') : table(columns, some);
  return `${text}${more > 0 ? `\n… and ${more} more\n` : ''}`;
}

function problemLines({ problems }: DocumentFrame): string {
  return problems
    .map(({ severity, code: number, message, hint }) => {
      const advice = hint === undefined ? '' : ` (${prose(hint)})`;
      return `- ${severity} ${number}: ${prose(message)}${advice}\n`;
    })
    .join('');
}

/**
 * Writes a summary to paste into a chat or an email: the verdict, the worst findings or the first rows, and what is
 * unknown.
 */
export const create: CreateWriter = (schema, { columns, sink, frame }) => {
  const rows: AnyRow[] = [];
  const isFindings = schema.typeName === 'PortOwner.Finding';

  function end(): void {
    const about = framed(frame);
    const counts = countsText(summaryOf(schema, rows));
    const amount = `${counted(rows.length, isFindings ? 'finding' : 'row')}${counts === '' ? '' : ` (${counts})`}`;
    const paragraphs = [
      `## ${prose(about.title)}\n`,
      // Several machines have a line each.
      `${(about.headline ?? amount)
        .split('\n')
        .map((line) => `**${prose(line)}**`)
        .join('  \n')}\n`,
      rows.length === 0 ? '' : body(rows, columns, isFindings),
      about.note === null ? '' : `${about.note.trim().split('\n').map(prose).join('  \n')}\n`,
      problemLines(about),
      `PortOwner ${version}, ${about.at.replace(/\.\d+Z$/, 'Z')}\n`,
    ];
    sink.write(paragraphs.filter((text) => text !== '').join('\n'));
  }

  return {
    carriesProblems: false,
    row: (row) => void rows.push(row),
    problem: noProblems,
    flush: () => sink.flush(),
    end,
  };
};
