import { sanitize } from '../io/sanitize.ts';

const context = 3;

/** The lines of a text; the last one may have no end. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The lines before the hunks: a name with a line break must not look like another line. */
const headOf = (path: string): string[] => [`--- ${sanitize(path)}`, `+++ ${sanitize(path)}`];

/** Returns the unified diff of a text in which only parts of lines changed. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const [old, young] = [linesOf(before), linesOf(after)];
  const changed = old.flatMap((line, index) => (line === young[index] ? [] : [index]));
  const lines = headOf(path);
  for (let at = 0; at < changed.length;) {
    let last = at;
    while (last + 1 < changed.length && changed[last + 1]! - changed[last]! <= 2 * context) last++;
    const start = Math.max(0, changed[at]! - context);
    const end = Math.min(old.length, changed[last]! + context + 1);
    lines.push(`@@ -${start + 1},${end - start} +${start + 1},${end - start} @@`);
    for (let index = start; index < end; index++) {
      const mark = index === old.length - 1 && !before.endsWith('\n') ? ['\\ No newline at end of file'] : [];
      if (old[index] === young[index]) lines.push(` ${old[index]!}`, ...mark);
      else lines.push(`-${old[index]!}`, ...mark, `+${young[index] ?? ''}`, ...mark);
    }
    at = last + 1;
  }
  return lines.map((line) => line.replace(/\r$/, '')).join('\n');
}

/** Returns the unified diff of two texts of which lines may have been added or removed, in one hunk. */
export function changedLines(path: string, before: string, after: string): string {
  const [old, young] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, young.length);
  let start = 0;
  while (start < most && old[start] === young[start]) start++;
  let same = 0;
  while (same < most - start && old.at(-1 - same) === young.at(-1 - same)) same++;
  const from = Math.max(0, start - context);
  const below = Math.min(same, context);
  const [oldEnd, youngEnd] = [old.length - same, young.length - same];
  return [
    ...headOf(path),
    `@@ -${from + 1},${oldEnd + below - from} +${from + 1},${youngEnd + below - from} @@`,
    ...old.slice(from, start).map((line) => ` ${line}`),
    ...old.slice(start, oldEnd).map((line) => `-${line}`),
    ...young.slice(start, youngEnd).map((line) => `+${line}`),
    ...old.slice(oldEnd, oldEnd + below).map((line) => ` ${line}`),
  ]
    .map((line) => line.replace(/\r$/, ''))
    .join('\n');
}
