import { parse, stringify } from 'yaml';
import { oddNumbers, oddTexts, textFrom, valueFrom, type Random } from './random.ts';

/*
 * Ways to spoil a file: by its structure, so that the result is still read and what it says is wrong, and by its bytes.
 * `others` are further files of the same form, to take parts from.
 */

const tokens: readonly Uint8Array[] = [
  ...oddTexts.slice(0, 20).map((text) => Buffer.from(text)),
  Uint8Array.of(0xff),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xef, 0xbb, 0xbf),
  Uint8Array.of(0xff, 0xfe),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  ...oddNumbers.map((number) => Buffer.from(String(number))),
  Buffer.from('1'.repeat(400)),
];

/** A place in a list of bytes or tokens, and how many of them from there on. */
function rangeIn(random: Random, length: number): [start: number, end: number] {
  const start = random.below(length + 1);
  return [start, Math.min(length, start + (random.chance(0.8) ? random.below(16) : random.below(length + 1)))];
}

function spoiledBytes(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const [start, end] = rangeIn(random, bytes.length);
  const [head, part, tail] = [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)];
  switch (random.below(7)) {
    case 0:
      return Buffer.concat([head, tail]);
    case 1:
      return Buffer.concat([head, random.pick(tokens), tail]);
    case 2:
      return Buffer.concat([head, part, part, part, tail]);
    case 3:
      return head;
    case 4: {
      const other = random.pick(others);
      const [from, to] = rangeIn(random, other.length);
      return Buffer.concat([head, other.subarray(from, to), tail]);
    }
    case 5: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[Math.min(start, copy.length - 1)]! ^= 1 << random.below(8);
      return copy;
    }
    default: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[Math.min(start, copy.length - 1)] = random.pick([0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b]);
      return copy;
    }
  }
}

type Node = Record<string | number, unknown>;

/** Every list and object in a value, the value itself among them. */
function nodesOf(value: unknown): Node[] {
  const found: Node[] = [];
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    found.push(next as Node);
    waiting.push(...Object.values(next).filter((child) => typeof child === 'object' && child !== null));
  }
  return found;
}

/** Stands in a value for a key that is to be written twice; JSON has no other way to say it. */
const twice = 'fuzz-twice:';

/** A member of a value changes, goes, comes twice, or takes another one's place. */
function spoilNode(random: Random, root: unknown): void {
  const nodes = nodesOf(root);
  const node = random.pick(nodes);
  const keys = Object.keys(node);
  const key = keys.length === 0 ? textFrom(random) : random.pick(keys);
  const other = random.pick(nodes);
  const otherKeys = Object.keys(other);
  const set = (name: string, value: unknown): void => void Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true });
  // Mostly it stays of its type: the first wrong type ends most readers.
  switch (random.chance(0.5) ? 7 : random.below(9)) {
    case 0:
    case 1:
      return set(key, valueFrom(random));
    case 2:
      delete node[key];
      return;
    case 3:
      // A copy: a node within itself has no end.
      if (otherKeys.length > 0) set(key, structuredClone(other[random.pick(otherKeys)]));
      return;
    case 4:
      if (!Array.isArray(node)) set(`${twice}${key}`, valueFrom(random));
      return;
    case 5:
      if (!Array.isArray(node)) set(random.chance(0.3) ? '__proto__' : textFrom(random), valueFrom(random));
      else node.push(...Array.from({ length: random.chance(0.1) ? 500 : 2 }, () => structuredClone(node[0]) ?? valueFrom(random)));
      return;
    case 6: {
      let deep: unknown = valueFrom(random);
      for (let depth = random.pick([1, 3, 60, 70, 500]); depth > 0; depth--) deep = random.chance(0.5) ? [deep] : { a: deep };
      return set(key, deep);
    }
    case 7: {
      const value = node[key];
      if (typeof value === 'string') set(key, random.pick([textFrom(random), value + textFrom(random), textFrom(random) + value, value.toUpperCase(), value.slice(1)]));
      else if (typeof value === 'number') set(key, random.pick([-value, value + 1, value * 1e6, value + 0.5, random.below(65_536), random.pick(oddNumbers)]));
      else if (typeof value === 'boolean') set(key, !value);
      else if (value === null) set(key, valueFrom(random));
      return;
    }
    default:
      if (Array.isArray(node)) node.reverse();
      else if (otherKeys.length > 0) set(random.pick(otherKeys), node[key] ?? null);
  }
}

function spoiledValue(random: Random, value: unknown): unknown {
  const root = { root: structuredClone(value) };
  for (let count = random.few(); count > 0; count--) spoilNode(random, root);
  return root.root ?? null;
}

const withDuplicates = (text: string): string => text.replaceAll(twice, '');

/** Numbers that a parser of JSON takes, and JavaScript cannot write. */
function withOddNumbers(random: Random, text: string): string {
  if (!random.chance(0.1)) return text;
  const odd = random.pick(['1e999', '-1e999', '1'.repeat(400), '-0', '1E+5', '0.000000000000000000001']);
  let skip = random.below(20);
  return text.replace(/(?<=[:[,]\s*)-?\d+(?=\s*[,}\]])/g, (number) => (skip-- === 0 ? odd : number));
}

function spoiledJson(random: Random, bytes: Buffer): Buffer {
  const text = JSON.stringify(spoiledValue(random, JSON.parse(bytes.toString())), null, random.below(2));
  return Buffer.from(withOddNumbers(random, withDuplicates(text)));
}

const yamlTricks = [
  '&a [*a]',
  '!!js/function "x"',
  '&x {a: *x}',
  '<<: {a: 1}',
  '*missing',
  '!!binary "//8="',
  '"\\ud800"',
  '? [a]\n: b',
  '--- \n---',
  '%YAML 9.9\n---',
  '0x1F',
  '0o17',
  '.inf',
  '.nan',
  '~',
  '|\n  x',
  '2026-01-02',
  'yes',
];

function spoiledYaml(random: Random, bytes: Buffer): Buffer {
  const text = bytes.toString();
  if (random.chance(0.3)) {
    const lines = text.split('\n');
    const line = random.below(lines.length);
    lines[line] = random.chance(0.5) ? `${lines[line]!.replace(/:.*$/, ':')} ${random.pick(yamlTricks)}` : random.pick(yamlTricks);
    return Buffer.from(lines.join('\n'));
  }
  const value = spoiledValue(random, parse(text));
  try {
    return Buffer.from(withDuplicates(random.chance(0.5) ? JSON.stringify(value) : stringify(value)));
  } catch {
    // A key that YAML does not write.
    return Buffer.from(withDuplicates(JSON.stringify(value)));
  }
}

const xmlTricks = [
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&b;',
  '&#0;',
  '&#xD800;',
  '<![CDATA[x]]>',
  '<!-- x -->',
  '<?xml version="1.1"?>',
  '<I32>99999999999</I32>',
  '<Ref RefId="0"/>',
  '<TNRef RefId="999"/>',
  '<Nil/>',
  '<S>_x0000_</S>',
  '<DT>x</DT>',
  '<By>-1</By>',
  '<Obj RefId="0">',
  '</Obj>',
  '</Objs>',
];

/** A document as its tags and the texts between them. */
function spoiledXml(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const parts = bytes.toString().match(/<[^>]*>|[^<]+/g) ?? [];
  for (let count = random.few(); count > 0; count--) {
    const [start, end] = rangeIn(random, parts.length);
    const at = Math.min(start, parts.length - 1);
    switch (random.chance(0.5) ? random.pick([4, 6]) : random.below(8)) {
      case 0:
        parts.splice(start, end - start);
        break;
      case 1:
        parts.splice(start, 0, ...parts.slice(start, end));
        break;
      case 2:
        parts.splice(start, 0, random.pick(xmlTricks));
        break;
      case 3: {
        const other =
          random
            .pick(others)
            .toString()
            .match(/<[^>]*>|[^<]+/g) ?? [];
        const [from, to] = rangeIn(random, other.length);
        parts.splice(start, 0, ...other.slice(from, to));
        break;
      }
      case 4:
        // Between elements there is only space.
        if (parts[at] !== undefined && !/^(?:<|\s*$)/.test(parts[at])) parts[at] = random.chance(0.5) ? String(random.pick(oddNumbers)) : textFrom(random).replace(/[<&]/g, '');
        break;
      case 5:
        parts.splice(start, 0, (parts[at] ?? '<Obj>').repeat(random.pick([2, 70, 500])));
        break;
      case 6:
        if (parts[at] !== undefined) parts[at] = parts[at].replace(/"[^"]*"/, `"${textFrom(random).replace(/["<&]/g, '')}"`);
        break;
      default: {
        const other = random.below(parts.length);
        if (parts.length > 0) [parts[at], parts[other]] = [parts[other]!, parts[at]!];
      }
    }
  }
  const text = parts.join('');
  return random.chance(0.1) ? Buffer.concat([Uint8Array.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]) : Buffer.from(text);
}

/** Lines of text: netsh's tables, error messages, /proc. */
function spoiledLines(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const lines = bytes.toString('latin1').split('\n');
  for (let count = random.few(); count > 0; count--) {
    const at = random.below(lines.length);
    switch (random.below(7)) {
      case 0:
        lines.splice(at, 1 + random.below(3));
        break;
      case 1:
        lines.splice(at, 0, ...lines.slice(at, at + random.pick([1, 3, 500])));
        break;
      case 2:
        lines.splice(at, 0, ...random.pick(others).toString('latin1').split('\n').slice(0, 5));
        break;
      case 3:
        lines[at] = (lines[at] ?? '').replace(/\d+/, () => String(random.pick(oddNumbers)));
        break;
      case 4:
        lines[at] = `${lines[at] ?? ''}${Buffer.from(textFrom(random)).toString('latin1')}`;
        break;
      case 5:
        lines[at] = (lines[at] ?? '').repeat(random.pick([2, 50]));
        break;
      default:
        lines[at] = (lines[at] ?? '').split(/\s+/).toReversed().join(' ');
    }
    if (lines.length === 0) lines.push('');
  }
  return Buffer.from(lines.join('\n'), 'latin1');
}

export type Form = 'json' | 'yaml' | 'xml' | 'lines' | 'bytes';

const byForm: Readonly<Record<Form, (random: Random, bytes: Buffer, others: readonly Buffer[]) => Buffer>> = {
  json: spoiledJson,
  yaml: spoiledYaml,
  xml: spoiledXml,
  lines: spoiledLines,
  bytes: spoiledBytes,
};

/** One of the files, spoiled; rarely as it is. */
export function spoiled(random: Random, form: Form, corpus: readonly Buffer[]): Buffer {
  let bytes = random.pick(corpus);
  if (random.chance(0.02)) return bytes;
  try {
    if (random.chance(0.9)) bytes = byForm[form](random, bytes, corpus);
  } catch {
    // A file of the corpus that is itself spoiled has no structure.
    bytes = spoiledBytes(random, bytes, corpus);
  }
  if (random.chance(0.1)) for (let count = random.few(); count > 0; count--) bytes = spoiledBytes(random, bytes, corpus);
  // Growth is another test's matter.
  return bytes.subarray(0, 500_000);
}
