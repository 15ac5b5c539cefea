import type { Answer } from '../schema/answer.ts';
import type { AnyRow } from '../schema/column.ts';
import { recommendedAction, type Problem } from '../schema/problems.ts';
import { mentionsCommand, inPowerShell, type Words } from './module-calls.ts';

/** A problem in terms of the PowerShell module. */
export async function problemInPowerShell(problem: Problem, words: Words): Promise<Problem> {
  const hint = recommendedAction(problem);
  return {
    ...problem,
    message: await inPowerShell(problem.message, words),
    ...(hint === undefined ? {} : { hint: await inPowerShell(hint, words) }),
  };
}

/** The columns that explain the cause or what to do. */
const advising = ['Evidence', 'Reason', 'Remedy'];

const isAbout = (text: unknown): text is string => typeof text === 'string' && mentionsCommand.test(text);

async function rowInPowerShell(row: AnyRow, words: Words): Promise<AnyRow> {
  const told: Record<string, AnyRow[string]> = { ...row };
  for (const name of advising) {
    const line = async (text: unknown): Promise<unknown> =>
      isAbout(text) ? inPowerShell(text, { ...words, whole: name === 'Remedy' }) : text;
    const value = row[name];
    if (value == null) continue;
    told[name] = (await (Array.isArray(value) ? Promise.all(value.map(line)) : line(value))) as string;
  }
  return told;
}

/** Rows in terms of the PowerShell module. */
export async function rowsInPowerShell(rows: readonly AnyRow[], words: Words): Promise<AnyRow[]> {
  const advises = (row: AnyRow): boolean => advising.some((name) => [row[name]].flat().some(isAbout));
  const told: AnyRow[] = [];
  for (const row of rows) told.push(advises(row) ? await rowInPowerShell(row, words) : row);
  return told;
}

/** An answer in terms of the PowerShell module: its problems, and the advice in its rows, which few rows have. */
export async function answerInPowerShell(answer: Answer, words: Words): Promise<Answer> {
  const rows = await rowsInPowerShell(answer.rows, words);
  const problems = await Promise.all(answer.problems.map((problem) => problemInPowerShell(problem, words)));
  const { note } = answer;
  return { ...answer, problems, rows, ...(note === undefined ? {} : { note: await inPowerShell(note, words) }) };
}
