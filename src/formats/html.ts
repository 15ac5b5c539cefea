import type { AnyRow } from '../schema/column.ts';
import { headingOf } from '../schema/heading.ts';
import { noProblems } from './text.ts';
import type { CreateWriter, DocumentFrame } from './writer.ts';

/** The default frame of rows. */
const noFrame = (heading: string): DocumentFrame => ({
  title: heading,
  rowsTitle: heading,
  question: null,
  at: new Date().toISOString(),
  exitCode: 0,
  meaning: null,
  headline: null,
  note: null,
  problems: [],
  tables: [],
  nights: [],
});

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
      const whole = { rows, frame: frame ?? noFrame(headingOf(schema)) };
      for (const part of page(whole, { schema, columns, asked })) sink.write(part);
    },
  };
};
