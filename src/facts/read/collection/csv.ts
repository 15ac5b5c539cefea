/** A row of comma-separated values: fields, in quotation marks where they may hold anything. */
const field = /(?:^|,)(?:"((?:[^"]|"")*)"|([^",\n]*))/y;

/** The fields of one row; null when it is none. */
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

/** The rows of lines, of which a field in quotation marks may go on; a row that is none is left out. */
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
