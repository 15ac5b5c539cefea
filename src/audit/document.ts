import { messageOf } from '../io/errors.ts';
import {
  Composer,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type CST,
  type Document,
} from 'yaml';
import type { SchemaProblem } from '../generated/baseline.validate.js';
import { readText } from '../io/read.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** A YAML file that people write, checked against its JSON Schema. */
export interface CheckedDocument {
  readonly document: Document;
  readonly value: unknown;
  /** Throws PO2002 that names the line and column of what is at this path in the document. */
  fail(path: readonly (string | number)[], why: string): never;
}

/** What a kind of file is called, and how it is checked. */
export interface DocumentKind {
  readonly name: string;
  readonly kind: string;
  readonly hint: string;
  readonly validate: { (data: unknown): boolean; errors?: SchemaProblem[] | null };
}

/** The largest such file that is read, and written: 40,000 listeners with all that is known of them have less. */
const maxDocumentBytes = 16 * 1024 * 1024;
/** So many words and signs are read, and written. Each takes up to a kilobyte while the file is parsed. */
const maxTokens = 800_000;

/** The text of such a file. Throws PO2001, and PO2002 for what is not text. */
export const readDocument = (path: string): string => readText(path, maxDocumentBytes);

/** What these files have is four levels deep. */
const maxDepth = 64;

/** Each entry of a list takes a kilobyte, too. */
const mostEntries = 300_000;
/** For each alias the package looks through the whole file. */
const mostAliases = 500;

/** What is wrong with a file, and where. */
interface Flaw {
  readonly offset: number;
  readonly why: string;
}

/**
 * What keeps a text from being parsed, before it is: it is nested too deeply, in brackets or within a line, or has too
 * many entries. The parser takes a thousand times the size of such a text.
 */
function excess(text: string): Flaw | null {
  let offset = 0;
  let brackets = 0;
  let marks = 0;
  let isValue = false;
  let tokens = 0;
  let entries = 0;
  let aliases = 0;
  for (const token of new Lexer().lex(text)) {
    // Marks of the lexer that are not in the text: a document begins, a value follows, brackets are not closed.
    if (token === '\x02' || token === '\x1f' || token === '\x18') {
      isValue = token === '\x1f';
      continue;
    }
    if (isValue) isValue = false;
    else if (token.startsWith('*')) aliases++;
    else if (token === '[' || token === '{') brackets++;
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1);
    else if (brackets === 0 && (token === '-' || token === '?' || token === ':')) marks++;
    else if (token.startsWith('\n') || token.startsWith('\r')) marks = 0;
    if (brackets > maxDepth || marks > maxDepth) return { offset, why: 'it is nested too deeply' };
    if (token === ',' || token === '-' || token === '?') entries++;
    if (aliases > mostAliases) return { offset, why: `it has more than ${mostAliases} aliases` };
    if (entries > mostEntries) return { offset, why: `it has more than ${mostEntries} entries` };
    if (!/^\s/.test(token) && ++tokens > maxTokens)
      return { offset, why: `it has more than ${maxTokens} words and marks` };
    offset += token.length;
  }
  return null;
}

/** Throws PO2004 for a text that would not be read again, before it replaces a file. */
export function checkWritable(text: string, path: string): void {
  const bytes = Buffer.byteLength(text);
  const why =
    bytes > maxDocumentBytes
      ? `it would have ${(bytes / 1024 / 1024).toFixed(1)} MB, and at most ${maxDocumentBytes / 1024 / 1024} MB are read`
      : excess(text) !== null
        ? 'it would have more entries than are read, which are about 40,000 listeners'
        : null;
  if (why !== null)
    throw new PortOwnerError('PO2004', `cannot write ${path}: ${why}`, {
      hint: 'Keep the state in a snapshot, and compare with portowner diff; or in a store, with portowner audit --store.',
      target: path,
    });
}

/** The first error of a text ends its parsing: the package would make one of each of a million. */
class FirstError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

function* withoutErrors(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  for (const token of tokens) {
    if (token.type === 'error')
      throw new FirstError(
        token.offset,
        token.source === '' ? token.message : `${token.message}: ${JSON.stringify(token.source)}`,
      );
    yield token;
  }
}

type ErrorSource = number | readonly [number, number] | { readonly offset: number };

/** Parses one document. Throws FirstError. */
function parseOne(text: string, lines: LineCounter): Document.Parsed {
  const composer = new Composer({ prettyErrors: false, version: '1.2', uniqueKeys: false, logLevel: 'error' });
  // Warnings are of no use, and would be as many.
  Object.assign(composer, {
    onError: (source: ErrorSource, _code: string, message: string, warning?: boolean) => {
      if (warning === true) return;
      throw new FirstError(
        typeof source === 'number' ? source : 'offset' in source ? source.offset : source[0],
        message,
      );
    },
  });
  let document: Document.Parsed | undefined;
  for (const found of composer.compose(withoutErrors(new Parser(lines.addNewLine).parse(text)), true, text.length)) {
    const [error] = found.errors;
    if (error !== undefined) throw new FirstError(error.pos[0], error.message);
    if (document !== undefined)
      throw new FirstError(found.range[0], 'Source contains multiple documents; please use YAML.parseAllDocuments()');
    document = found;
  }
  return document!;
}

/** The first key that a map has twice; the package's own look for them takes time with the square of their number. */
function repeatedKey(document: Document): { key: string; offset: number } | null {
  let found: { key: string; offset: number } | null = null;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          found = { key: name, offset: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

const pointerParts = (pointer: string): (string | number)[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));

/** Where a value, or with `key` that key of it, begins in the text. */
function offsetOf(document: Document, path: readonly (string | number)[], key?: string): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
      if (pair !== undefined && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
    }
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** What a schema says is wrong, for people: the maxDepth of its errors says most. */
function explain(errors: readonly SchemaProblem[]): { path: (string | number)[]; key?: string; why: string } {
  const depth = (error: SchemaProblem): number => error.instancePath.split('/').length;
  const specific = errors.filter(({ keyword }) => keyword !== 'oneOf');
  const error = (specific.length > 0 ? specific : errors).reduce((best, other) =>
    depth(other) > depth(best) ? other : best,
  );
  const path = pointerParts(error.instancePath);
  const what =
    path.length === 0
      ? 'the file'
      : String(
          typeof path.at(-1) === 'number'
            ? `${path.at(-2) ?? 'the list'}, entry ${Number(path.at(-1)) + 1},`
            : path.at(-1),
        );
  const { allowedValues, allowedValue, additionalProperty, missingProperty } = error.params as Record<string, unknown>;
  if (typeof additionalProperty === 'string')
    return { path, key: additionalProperty, why: `there is no ${JSON.stringify(additionalProperty)} here` };
  if (typeof missingProperty === 'string') return { path, why: `${what} has no ${missingProperty}` };
  const others = specific
    .filter(({ instancePath, params }) => instancePath === error.instancePath && params.allowedValue !== undefined)
    .map(({ params }) => String(params.allowedValue));
  if (Array.isArray(allowedValues)) return { path, why: `${what} must be one of ${allowedValues.join(', ')}` };
  if (error.keyword === 'const') return { path, why: `${what} must be ${String(allowedValue)}` };
  return {
    path,
    why: `${what} ${error.message ?? 'is wrong'}${others.length > 0 ? ` or be ${others.join(' or ')}` : ''}`,
  };
}

/** Makes the error of what is wrong at an offset of the text; null is no place of it. */
type Wrong = (offset: number | null, why: string, cause?: unknown) => PortOwnerError;

/** The text as one YAML document and its value, within the limits. Throws what `wrong` makes. */
function readYaml(text: string, lines: LineCounter, wrong: Wrong): { document: Document.Parsed; value: unknown } {
  const flaw = excess(text);
  if (flaw !== null) {
    lines.addNewLine(0);
    for (let at = text.indexOf('\n'); at !== -1 && at < flaw.offset; at = text.indexOf('\n', at + 1))
      lines.addNewLine(at + 1);
    throw wrong(flaw.offset, flaw.why);
  }
  try {
    const document = parseOne(text, lines);
    const repeated = repeatedKey(document);
    if (repeated !== null) throw wrong(repeated.offset, `the key ${JSON.stringify(repeated.key)} is there twice`);
    return { document, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    if (error instanceof PortOwnerError) throw error;
    if (error instanceof RangeError) throw wrong(null, 'it is nested too deeply', error);
    if (!(error instanceof FirstError)) throw wrong(null, `it is not YAML: ${messageOf(error)}`, error);
    const isTooDeep = /call stack/.test(error.message);
    const why = isTooDeep ? 'it is nested too deeply' : error.message.split('\n')[0]!.replace(/\.$/, '');
    throw wrong(error.offset, why, error);
  }
}

/**
 * Parses and checks a file's text. Throws PO2002 with the line and column of the first thing that is wrong, and
 * PO2003 for a file of a newer version.
 */
export function parseChecked(
  text: string,
  name: string,
  { name: called, kind, hint, validate }: DocumentKind,
): CheckedDocument {
  const lines = new LineCounter();
  const wrong: Wrong = (offset, why, cause) => {
    const { line, col } = offset === null ? { line: 0, col: 0 } : lines.linePos(offset);
    const place = offset === null ? '' : `, line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`;
    return new PortOwnerError('PO2002', `${name}${place}: ${why}`, { hint, target: name, cause });
  };
  const { document, value } = readYaml(text, lines, wrong);
  const head = typeof value === 'object' && value !== null ? (value as { kind?: unknown; version?: unknown }) : {};
  if (head.kind !== kind)
    throw wrong(offsetOf(document, ['kind']), `this is not ${called}: it does not begin with "kind: ${kind}"`);
  if (typeof head.version === 'number' && head.version > 1) {
    throw new PortOwnerError('PO2003', `${name} has version ${head.version}; this program reads version 1`, {
      hint: 'Use the PortOwner that wrote it, or a newer one.',
      target: name,
    });
  }
  if (!validate(value)) {
    const { path, key, why } = explain(validate.errors ?? []);
    throw wrong(offsetOf(document, path, key), why);
  }
  return {
    document,
    value,
    fail(path, why) {
      throw wrong(offsetOf(document, path), why);
    },
  };
}
