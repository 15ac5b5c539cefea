/** One field of a CSV row; a quoted field may contain any character. */
const field = /(?:^|,)(?:"((?:[^"]|"")*)"|([^",\n]*))/y;

/** Splits one row into its fields; null if it is invalid. */
function fieldsOf(row: string): string[] | null {
  const fields: string[] = [];
  for (field.lastIndex = 0; field.lastIndex < row.length || fields.length === 0;) {
    const before = field.lastIndex;
    const match = field.exec(row);
    if (match === null || (match[0] === '' && before > 0)) return null;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (field.lastIndex >= row.length) return fields;
  }
  return null;
}

const quotes = (text: string): number => text.split('"').length - 1;

/** Parses lines into rows; a quoted field may span lines. Invalid rows are skipped. */
export function csvRows(lines: readonly string[]): string[][] {
  const rows: string[][] = [];
  let parts: string[] = [];
  let open = false;
  for (const line of lines) {
    parts.push(line);
    if (quotes(line) % 2 === 1) open = !open;
    if (open) continue;
    const fields = fieldsOf(parts.length === 1 ? line : parts.join('\n'));
    if (fields !== null) rows.push(fields);
    parts = [];
  }
  return rows;
}
