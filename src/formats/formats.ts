import type { RowSchema } from '../schema/column.ts';
import type { FormatTraits, RowWriter, WriterOptions } from './writer.ts';

/** Every format. Each is loaded only when it is used; the literals let a bundler see them. */
const list = {
  table: { load: () => import('./table.ts'), forPeople: true, narrow: true, endings: ['.txt'] },
  list: { load: () => import('./list.ts'), forPeople: true },
  csv: { load: () => import('./csv.ts'), spreadsheet: true, endings: ['.csv'] },
  clixml: { load: () => import('./clixml.ts'), problemRows: true, documents: true, endings: ['.clixml', '.xml'] },
  json: { load: () => import('./json.ts'), problemRows: true, endings: ['.json'] },
  ndjson: { load: () => import('./ndjson.ts'), problemRows: true, endings: ['.ndjson'] },
} satisfies Record<string, FormatTraits>;

export type Format = keyof typeof list;

/** The names of the formats, for the option, its help and its completion. */
export const formats = Object.keys(list) as readonly Format[];

/** What a format can do. */
export const traitsOf = (format: Format): FormatTraits => list[format];

/** The format of a file by the end of its name, and the ends there are; null when it has none of them. */
export function formatOfEnding(ending: string): Format | null {
  return formats.find((format) => traitsOf(format).endings?.includes(ending.toLowerCase())) ?? null;
}
export const endings: readonly string[] = formats.flatMap((format) => traitsOf(format).endings ?? []);

export async function loadWriter(format: Format, schema: RowSchema, options: WriterOptions): Promise<RowWriter> {
  const { create } = await traitsOf(format).load();
  return create(schema, options);
}
