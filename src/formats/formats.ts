import { basename, extname } from 'node:path';
import type { RowSchema } from '../schema/column.ts';
import { didYouMean } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { FormatTraits, RowWriter, WriterOptions } from './writer.ts';

/** Every format. Each is loaded only when it is used; the literals make the imports visible to a bundler. */
const list = {
  table: { load: () => import('./table.ts'), forPeople: true, narrow: true, endings: ['.txt'] },
  list: { load: () => import('./list.ts'), forPeople: true },
  csv: { load: () => import('./csv.ts'), inTurn: true, spreadsheet: true, endings: ['.csv'] },
  clixml: { load: () => import('./clixml.ts'), problemRows: true, documents: true, endings: ['.clixml', '.xml'] },
  json: { load: () => import('./json.ts'), problemRows: true, endings: ['.json'] },
  ndjson: { load: () => import('./ndjson.ts'), inTurn: true, problemRows: true, endings: ['.ndjson'] },
  ecs: {
    load: async () => ({ create: (await import('./exports.ts')).createEcs }),
    whole: true,
    findings: true,
    endings: ['.ecs.ndjson'],
  },
  otlp: {
    load: async () => ({ create: (await import('./exports.ts')).createOtlp }),
    whole: true,
    findings: true,
    endings: ['.otlp.jsonl'],
  },
  prom: {
    load: async () => ({ create: (await import('./exports.ts')).createMetrics }),
    whole: true,
    findings: true,
    mode: 0o644,
    endings: ['.prom'],
  },
  md: { load: () => import('./markdown.ts'), whole: true, narrow: true, endings: ['.md'] },
  sarif: { load: () => import('./sarif.ts'), whole: true, findings: true, endings: ['.sarif'] },
  html: { load: () => import('./html.ts'), whole: true, tables: true, page: true, endings: ['.html', '.htm'] },
  xlsx: { load: () => import('./workbook.ts'), whole: true, tables: true, binary: true, endings: ['.xlsx'] },
} satisfies Record<string, FormatTraits>;

export type Format = keyof typeof list;

/** The names of the formats, for the option, its help, and its completion. */
export const formats = Object.keys(list) as readonly Format[];

/** The file name extensions that determine a format. */
export const endings: readonly string[] = Object.values<FormatTraits>(list).flatMap((traits) => traits.endings ?? []);

/** What a format can do. */
export const traitsOf = (format: Format): FormatTraits => list[format];

/**
 * Returns the format of a file by its extension; null if the name has none, such as that of a device. `what` is what is
 * written to the file, and `instead` is another way to specify the format. Throws PO1001 for an extension that belongs
 * to no format.
 */
export function formatOfFile(path: string, what: string, instead: string): Format | null {
  const name = basename(path).toLowerCase();
  // The longest one decides. A file whose whole name is an extension has none.
  const [ending] = endings.filter((one) => name.endsWith(one) && name !== one).toSorted((a, b) => b.length - a.length);
  if (ending !== undefined) return formats.find((format) => traitsOf(format).endings?.includes(ending))!;
  if (extname(path) === '') return null;
  throw unknownEnding(path, what, instead);
}

/** The error for a file whose name does not determine a format. */
export function unknownEnding(path: string, what: string, instead: string): PortOwnerError {
  const hint = didYouMean(extname(path), endings);
  return new PortOwnerError(
    'PO1001',
    `cannot tell the ${what} format from ${JSON.stringify(path)}; use ${endings.join(', ')}${instead}`,
    { target: path, ...(hint === '' ? {} : { hint }) },
  );
}

export async function loadWriter(format: Format, schema: RowSchema, options: WriterOptions): Promise<RowWriter> {
  const { create } = await traitsOf(format).load();
  return create(schema, options);
}
