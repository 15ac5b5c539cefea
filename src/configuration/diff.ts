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
