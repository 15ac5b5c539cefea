import { asciiJson } from '../io/ascii.ts';
import type { Notice, Problem } from '../schema/problems.ts';
import { toProblemRow } from '../schema/problem.ts';
import type { AnyRow, Column } from '../schema/column.ts';
import type { CreateWriter, WriterOptions } from './writer.ts';

const simple = /^[ !#-[\]-~]*$/;

/** A value as JSON in pure ASCII. */
function ascii(value: unknown): string {
  if (typeof value === 'string' && simple.test(value)) return `"${value}"`;
  return asciiJson(JSON.stringify(value ?? null));
}

/**
 * Returns a function that writes a row as a JSON object in one line, with every column in order; unknown values are
 * null.
 */
export function rowEncoder(columns: readonly Column[]): (row: AnyRow) => string {
  const names = columns.map((column) => column.name);
  const labels = names.map((name, i) => `${i === 0 ? '' : ','}${ascii(name)}:`);
  return (row) => {
    let text = '{';
    for (let i = 0; i < names.length; i++) text += labels[i]! + ascii(row[names[i]!]);
    return `${text}}`;
  };
}

/**
 * A problem as a JSON object in one line. `Problem` is its first property, which distinguishes it from a row;
 * `--problems rows` gives it the properties of the schema `problemRow` instead.
 */
export function problemItem(problem: Problem | Notice, problems: WriterOptions['problems']): string {
  const { Severity, ...rest } = toProblemRow(problem);
  return ascii(problems === 'rows' ? { Severity, ...rest } : { Problem: Severity, ...rest });
}

/** Writes one array, with one item per line. */
export const create: CreateWriter = (_schema, { columns, sink, problems }) => {
  const encodeRow = rowEncoder(columns);
  let items = 0;

  function item(text: string): void {
    sink.write(items++ === 0 ? `[\n${text}` : `,\n${text}`);
  }

  return {
    carriesProblems: true,
    row: (row) => item(encodeRow(row)),
    problem: (problem) => item(problemItem(problem, problems)),
    flush: () => sink.flush(),
    end: () => sink.write(items === 0 ? '[]\n' : '\n]\n'),
  };
};
