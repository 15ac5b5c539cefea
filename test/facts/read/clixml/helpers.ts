import { readFileSync } from 'node:fs';
import type { Detail, Question } from '../../../../src/facts/model/question.ts';
import { readClixml, type ClixmlLimits, type ClixmlVisitor } from '../../../../src/clixml/reader.ts';
import type { ClixmlObject, ClixmlValue } from '../../../../src/clixml/values.ts';

export const namespace = 'http://schemas.microsoft.com/powershell/2004/04';
export const open = `<Objs Version="1.1.0.1" xmlns="${namespace}">`;

export function documentOf(inner: string): string {
  return `${open}${inner}</Objs>`;
}

const folder = new URL('../../../fixtures/synthetic/clixml/', import.meta.url);

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`${name}.clixml`, folder));
}

export function* pieces(bytes: Uint8Array, size = 65_536): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

export interface Item {
  readonly object: ClixmlObject;
  readonly stream: string;
}

/** All items, with all their properties unless told otherwise. */
export function itemsOf(source: string | Uint8Array | Iterable<Uint8Array>, more: { visitor?: Partial<ClixmlVisitor>; limits?: ClixmlLimits } = {}): Item[] {
  const items: Item[] = [];
  const chunks = typeof source === 'string' ? [Buffer.from(source)] : source instanceof Uint8Array ? pieces(source) : source;
  const visitor = { wants: () => true, complete: () => false, item: (object: ClixmlObject, stream: string) => void items.push({ object, stream }), ...more.visitor };
  readClixml(chunks, visitor, more.limits);
  return items;
}

/** The value of one element, as the property of an object. */
export function valueOf(element: string): ClixmlValue | undefined {
  const named = element.replace(/^<([A-Za-z0-9]+)/, '<$1 N="Value"');
  const [item] = itemsOf(documentOf(`<Obj><MS>${named}</MS></Obj>`));
  return item?.object.properties['value'];
}

export const wholeQuestion: Question = {
  localPorts: null,
  protocols: ['TCP', 'UDP'],
  sockets: 'all',
  details: new Set<Detail>(['owner', 'path', 'commandLine', 'user', 'parent', 'services']),
  ranges: true,
};
