import type { CreateWriter } from './writer.ts';
import { sanitize } from '../io/sanitize.ts';
import { itemText, noProblems, plainText } from './text.ts';

/**
 * Writes one block per row with a line per column that has a value, like Format-List; each item of a list is on a
 * separate line, because it may be a sentence. Requested columns always have a line.
 */
export const create: CreateWriter = (_schema, { columns, asked = false, sink, terminal = null }) => {
  const width = Math.max(...columns.map((column) => column.name.length));
  const labels = columns.map(({ name }) => {
    const label = `${name.padEnd(width)} :`;
    return terminal?.colors ? `\x1b[32m${label}\x1b[39m` : label;
  });
  const below = `\n${' '.repeat(width + 3)}`;
  let first = true;

  return {
    carriesProblems: false,
    row(row) {
      let text = first ? '' : '\n';
      first = false;
      const values = columns.map(({ name }) => {
        const cell = row[name];
        return (cell !== null && typeof cell === 'object' ? cell.map(itemText) : [plainText(cell, '')])
          .map(sanitize)
          .join(below);
      });
      const isAll = asked || values.every((value) => value === '');
      values.forEach((value, i) => {
        if (value !== '') text += `${labels[i]} ${value}\n`;
        else if (isAll) text += `${labels[i]}\n`;
      });
      sink.write(text);
    },
    problem: noProblems,
    flush: () => sink.flush(),
    end: () => {},
  };
};
