import type { AnyRow } from '../schema/column.ts';
import { noProblems } from './text.ts';
import type { CreateWriter } from './writer.ts';

/** One page that needs nothing else. It tells the whole answer, so that it is written at the end. */
export const create: CreateWriter = (schema, { columns, asked = false, sink, answer, now = new Date() }) => {
  const rows: AnyRow[] = [];
  return {
    carriesProblems: false,
    row: (row) => void rows.push(row),
    problem: noProblems,
    flush: () => {},
    async end() {
      const { problems = [], exitCode = 0, background, ...told } = answer?.() ?? {};
      const { page } = await import('./html/page.ts');
      const known = (await background?.()) ?? { ranges: [] };
      const whole = { ...told, problems, exitCode, rows, background: known };
      for (const part of page(whole, { schema, columns, asked, now })) sink.write(part);
    },
  };
};
