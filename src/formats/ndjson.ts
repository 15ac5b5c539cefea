import type { CreateWriter } from './writer.ts';
import { problemItem, rowEncoder } from './json.ts';

/** Writes one JSON object per line. */
export const create: CreateWriter = (_schema, { columns, sink, problems }) => {
  const encodeRow = rowEncoder(columns);
  return {
    carriesProblems: true,
    row: (row) => sink.write(`${encodeRow(row)}\n`),
    problem: (problem) => sink.write(`${problemItem(problem, problems)}\n`),
    flush: () => sink.flush(),
    end: () => {},
  };
};
