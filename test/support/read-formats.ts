/** Reads PortOwner's output back, as a program that is given it would. */
import { inflateRawSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { Format } from '../../src/formats/formats.ts';
import { endpoint, type Endpoint } from '../../src/schema/endpoint.ts';
import { plainColumns, type Column } from '../../src/schema/column.ts';

type Values = Record<string, unknown>;

/** The columns that every format writes with --command-lines: others are only looked up if they are requested. */
export const written = plainColumns(endpoint).filter(({ askedBy }) => askedBy !== 'columns' && askedBy !== 'tree');
const names = written.map((column) => column.name) as (keyof Endpoint)[];

/** A row as text shows it, lists joined by `separator`: UTF-8 has no half characters. */
export function asText(row: Endpoint, separator: string): Values {
  return Object.fromEntries(names.map((name) => [name, (Array.isArray(row[name]) ? (row[name] as readonly unknown[]).join(separator) : String(row[name] ?? '')).toWellFormed()]));
}

/** RFC 4180. */
export function readCsv(text: string): Values[] {
  assert.ok(text.endsWith('\r\n'));
  const lines = [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/gy)].map(([, line]) =>
    [...line!.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!),
  );
  const [header, ...rows] = lines;
  return rows.map((row) => Object.fromEntries(header!.map((name, i) => [name, row[i]])));
}

/** A table that went to a pipe: each cell is below its header. */
export function readTable(text: string): Values[] {
  const [header = '', dashes, ...lines] = text.trimEnd().split('\n');
  assert.match(dashes!, /^[- ]+$/);
  const heads = [...header.matchAll(/\S+/g)];
  return lines.map((line) => Object.fromEntries(heads.map((head, i) => [head[0], line.slice(head.index, heads[i + 1]?.index).trim()])));
}

/** Without what only lists have: where an owner was started, and what led to it. */
export function readList(text: string): Values[] {
  return text
    .trimEnd()
    .split('\n\n')
    .map((block) => {
      const values = block
        .replace(/\nAncestors .*(?:\n .*)*/, '')
        .split('\n')
        .map((line) => {
          const [, name, value = ''] = /^(\w+) +:(?: (.*))?$/.exec(line)!;
          return [name!, name === 'Owner' ? value.replace(/ in \S+(?= \()/, '') : value] as const;
        });
      return Object.fromEntries(values.filter(([name]) => (names as readonly string[]).includes(name)));
    });
}

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };
const decode = (text: string): string =>
  text.replace(/&\w+;/g, (entity) => entities[entity]!).replace(/_x([0-9A-F]{4})_/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

function clixmlValue(tag: string, text: string): unknown {
  if (tag === 'DT') return text.replace('+00:00', 'Z');
  return tag === 'S' ? decode(text) : Number(text);
}

/** A row without the columns that only options other than --command-lines fill. */
export function asked<R extends object>(row: R): R {
  const unasked = new Set<string>(endpoint.columns.filter(({ askedBy }: Column) => askedBy !== undefined && askedBy !== 'commandLines').map(({ name }) => name));
  return Object.fromEntries(Object.entries(row).filter(([name]) => !unasked.has(name))) as R;
}

/** The objects of CLIXML, as flat as PortOwner writes them; what really reads it is tested with PowerShell. */
export function readClixml(text: string): Values[] {
  assert.match(text, /^#< CLIXML\n(?:<Objs [ -~]*<\/Objs>\n)+$/);
  return [...text.matchAll(/<Obj>(?:<TN .*?<\/TN>|<TNRef .*?>)<MS>(.*?)<\/MS><\/Obj>/g)].map(([, properties]) =>
    Object.fromEntries(
      [...properties!.matchAll(/<Nil N="(\w+)" \/>|<Obj N="(\w+)">.*?<LST>(.*?)<\/LST><\/Obj>|<(\w+) N="(\w+)">(.*?)<\/\4>/g)].map(([, nil, list, items, tag, name, value]) => {
        if (nil !== undefined) return [nil, null];
        if (list !== undefined) return [list, [...items!.matchAll(/<(\w+)>(.*?)<\/\1>/g)].map(([, type, item]) => clixmlValue(type!, item!))];
        return [name!, clixmlValue(tag!, value!)];
      }),
    ),
  );
}

export const readJson = (text: string): Values[] => (JSON.parse(text) as Values[]).filter((item) => !('Problem' in item));
export const readNdjson = (text: string): Values[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Values)
    .filter((item) => !('Problem' in item));

/** The rows in a page: JSON by columns, deflated, as base64. */
export function readHtml(text: string): Values[] {
  const json = (id: string): unknown => JSON.parse(new RegExp(`<script type="application/json" id="${id}">([^<]*)</script>`).exec(text)![1]!);
  const { tables } = json('about') as { tables: { name: string; rows: number; columns: { name: string }[] }[] };
  const data = JSON.parse(inflateRawSync(Buffer.from(json('data') as string, 'base64')).toString()) as { values: unknown[]; places: number[] | null }[][];
  const which = tables.findIndex(({ name }) => name === 'rows');
  const { rows, columns } = tables[which]!;
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(({ name }, i) => [name, data[which]![i]!.values[data[which]![i]!.places?.[row] ?? 0]])));
}

/** Whole documents, which have tests of their own. */
type WholeFormat = 'ecs' | 'html' | 'md' | 'otlp' | 'prom' | 'sarif' | 'xlsx';

/** Every other format: what reads it, and what it should then give for rows. */
export const formats: Readonly<Record<Exclude<Format, WholeFormat>, { read: (text: string) => Values[]; expected: (rows: readonly Endpoint[]) => Values[] }>> = {
  table: { read: readTable, expected: (rows) => rows.map((row) => asText(row, ', ')) },
  // It leaves out what is empty.
  list: { read: readList, expected: (rows) => rows.map((row) => Object.fromEntries(Object.entries(asText(row, ', ')).filter(([, value]) => value !== ''))) },
  csv: { read: readCsv, expected: (rows) => rows.map((row) => asText(row, '; ')) },
  json: { read: readJson, expected: (rows) => [...rows] },
  ndjson: { read: readNdjson, expected: (rows) => [...rows] },
  // Columns that nobody asked for are left out.
  clixml: { read: readClixml, expected: (rows) => rows.map(asked) },
};
