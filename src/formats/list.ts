import type { CreateWriter } from './writer.ts';
import { sanitise } from '../io/sanitise.ts';
import { itemText, noProblems, plainText } from './text.ts';

/** One block per row with a line per column, like Format-List; the items of a list below one another: they may be sentences. */
export const create: CreateWriter = (_schema, { columns, sink, terminal = null }) => {
  const width = Math.max(...columns.map((column) => column.name.length));
  const labels = columns.map(({ name }) => {
    const label = `${name.padEnd(width)} :`;
    return terminal?.colours ? `\x1b[32m${label}\x1b[39m` : label;
  });
  const below = `\n${' '.repeat(width + 3)}`;
  let first = true;

  return {
    carriesProblems: false,
    row(row) {
      let text = first ? '' : '\n';
      first = false;
      columns.forEach(({ name }, i) => {
        const cell = row[name];
        const value = (cell !== null && typeof cell === 'object' ? cell.map(itemText) : [plainText(cell, '')])
          .map(sanitise)
          .join(below);
        text += value === '' ? `${labels[i]}\n` : `${labels[i]} ${value}\n`;
      });
      sink.write(text);
    },
    problem: noProblems,
    flush: () => sink.flush(),
    end: () => {},
  };
};
