const context = 3;

/** Returns the unified diff of a text in which only parts of lines changed. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const [old, young] = [before.split('\n'), after.split('\n')];
  const changed = old.flatMap((line, index) => (line === young[index] ? [] : [index]));
  const lines = [`--- ${path}`, `+++ ${path}`];
  for (let at = 0; at < changed.length;) {
    let last = at;
    while (last + 1 < changed.length && changed[last + 1]! - changed[last]! <= 2 * context) last++;
    const start = Math.max(0, changed[at]! - context);
    const end = Math.min(old.length, changed[last]! + context + 1);
    lines.push(`@@ -${start + 1},${end - start} +${start + 1},${end - start} @@`);
    for (let index = start; index < end; index++)
      if (old[index] === young[index]) lines.push(` ${old[index]!}`);
      else lines.push(`-${old[index]!}`, `+${young[index] ?? ''}`);
    at = last + 1;
  }
  return lines.map((line) => line.replace(/\r$/, '')).join('\n');
}

/** Returns the unified diff of two texts of which lines may have been added or removed, in one hunk. */
export function changedLines(path: string, before: string, after: string): string {
  const [old, young] = [before.split('\n'), after.split('\n')];
  const most = Math.min(old.length, young.length);
  let start = 0;
  while (start < most && old[start] === young[start]) start++;
  let same = 0;
  while (same < most - start && old.at(-1 - same) === young.at(-1 - same)) same++;
  const from = Math.max(0, start - context);
  const below = Math.min(same, context);
  const [oldEnd, youngEnd] = [old.length - same, young.length - same];
  return [
    `--- ${path}`,
    `+++ ${path}`,
    `@@ -${from + 1},${oldEnd + below - from} +${from + 1},${youngEnd + below - from} @@`,
    ...old.slice(from, start).map((line) => ` ${line}`),
    ...old.slice(start, oldEnd).map((line) => `-${line}`),
    ...young.slice(start, youngEnd).map((line) => `+${line}`),
    ...old.slice(oldEnd, oldEnd + below).map((line) => ` ${line}`),
  ]
    .map((line) => line.replace(/\r$/, ''))
    .join('\n');
}
