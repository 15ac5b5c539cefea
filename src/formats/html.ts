import type { AnyRow } from '../schema/column.ts';
import { framed, noProblems } from './text.ts';
import type { CreateWriter } from './writer.ts';

/** Writes one self-contained page. It summarizes the whole answer, so it is written at the end. */
export const create: CreateWriter = (schema, { columns, asked = false, sink, frame }) => {
  const rows: AnyRow[] = [];
  return {
    carriesProblems: false,
    row: (row) => void rows.push(row),
    problem: noProblems,
    flush: () => {},
    async end() {
      const { page } = await import('./html/page.ts');
      const whole = { rows, frame: framed(frame) };
      for (const part of page(whole, { schema, columns, asked })) sink.write(part);
    },
  };
};
