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
import { nearest, suggested } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** A YAML file that people write, checked against its JSON Schema. */
export interface CheckedDocument {
  readonly document: Document;
  readonly value: unknown;
  /** Throws PO2002 with the line and column of this path in the document. */
  fail(path: readonly (string | number)[], why: string): never;
}

/** The name of a kind of file, and how it is checked. */
export interface DocumentKind {
  readonly name: string;
  readonly kind: string;
  readonly hint: string;
  /** Loads the validator, which takes milliseconds. */
  readonly validator: () => { (data: unknown): boolean; errors?: SchemaProblem[] | null };
  /** Every key that the file can have. */
  readonly keys: () => readonly string[];
  /** The words that the value of a key can be. */
  readonly words: () => Readonly<Record<string, readonly string[]>>;
}

/** The largest file that is read or written; 40,000 listeners with all details need less. */
const maxDocumentBytes = 16 * 1024 * 1024;
/** The most tokens that are read or written. Each takes up to a kilobyte while the file is parsed. */
const maxTokens = 800_000;

/** Reads the text of such a file. Throws PO2001, and PO2002 if it is not text. */
export const readDocument = (path: string): string => readText(path, maxDocumentBytes);

/** The content of these files is four levels deep. */
const maxDepth = 64;

/** Each entry of a list takes a kilobyte, too. */
const mostEntries = 300_000;
/** For each alias, the package searches the whole file. */
const mostAliases = 500;

/** An error in a file, and its position. */
interface Flaw {
  readonly offset: number;
  readonly why: string;
}

/**
 * Checks before parsing whether a text is nested too deeply, in brackets or within a line, or has too many entries. The
 * parser would need a thousand times the memory of such a text.
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
    // Lexer tokens that are not in the text: a document begins, a value follows, brackets are not closed.
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
    if (!/^\s/.test(token) && ++tokens > maxTokens) return { offset, why: `it has more than ${maxTokens} tokens` };
    offset += token.length;
  }
  return null;
}

/** Throws PO2004 for a text that could not be read back, before it replaces a file. */
export function checkWritable(text: string, path: string): void {
  const bytes = Buffer.byteLength(text);
  const why =
    bytes > maxDocumentBytes
      ? `it would have ${(bytes / 1024 / 1024).toFixed(1)} MB; the limit is ${maxDocumentBytes / 1024 / 1024} MB`
      : excess(text) !== null
        ? 'it would have too many entries; the limit is about 40,000 listeners'
        : null;
  if (why !== null)
    throw new PortOwnerError('PO2004', `cannot write ${path}: ${why}`, {
      hint: 'Save a snapshot and compare it with portowner diff, or use a store with portowner audit --store.',
      target: path,
    });
}

/** Stops parsing at the first error: the package would otherwise create up to a million errors. */
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
  // Warnings are not used, and there could be as many.
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

/** The first duplicate key of a map; the package's own check takes quadratic time. */
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

/** The offset of a value, or of its key `key`, in the text. */
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

/** What is wrong with a value or key, where it is, and what may have been meant. */
interface Explanation {
  readonly path: (string | number)[];
  readonly key?: string;
  readonly why: string;
  readonly meant?: string | null;
}

/** The value at a path. */
const valueAt = (value: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, part) => (inner as Record<string | number, unknown> | undefined)?.[part], value);

/** An unknown key of an object that lacks this one, if it is a misspelling of it. */
function misspelled(object: unknown, missing: string, keys: readonly string[]): string | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  return Object.keys(object).find((key) => !keys.includes(key) && nearest(key, [missing]) !== null);
}

/** Explains a schema error: the deepest one is the most specific. */
function explain(errors: readonly SchemaProblem[], value: unknown, keys: readonly string[]): Explanation {
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
  const unknownKey = (key: string, meant: string | null): Explanation => {
    return { path, key, why: `unknown key ${JSON.stringify(key)}`, meant };
  };
  if (typeof additionalProperty === 'string') return unknownKey(additionalProperty, nearest(additionalProperty, keys));
  const given = valueAt(value, path);
  if (typeof missingProperty === 'string') {
    const key = misspelled(given, missingProperty, keys);
    return key === undefined ? { path, why: `${what} lacks ${missingProperty}` } : unknownKey(key, missingProperty);
  }
  const others = specific
    .filter(({ instancePath, params }) => instancePath === error.instancePath && params.allowedValue !== undefined)
    .map(({ params }) => String(params.allowedValue));
  if (Array.isArray(allowedValues))
    return {
      path,
      why: `${what} must be one of ${allowedValues.join(', ')}`,
      meant: typeof given === 'string' ? nearest(given, allowedValues.map(String)) : null,
    };
  if (error.keyword === 'const') return { path, why: `${what} must be ${String(allowedValue)}` };
  return {
    path,
    why: `${what} ${error.message ?? 'is invalid'}${others.length > 0 ? ` or be ${others.join(' or ')}` : ''}`,
  };
}

/**
 * Makes the error for an offset of the text; null means no specific position. `more` is its cause, and what may have been
 * meant instead.
 */
type Wrong = (
  offset: number | null,
  why: string,
  more?: { readonly cause?: unknown; readonly meant?: string | null },
) => PortOwnerError;

/** Parses the text as one YAML document within the limits, and returns it with its value. Throws the errors made by `wrong`. */
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
    if (repeated !== null) throw wrong(repeated.offset, `duplicate key ${JSON.stringify(repeated.key)}`);
    return { document, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    if (error instanceof PortOwnerError) throw error;
    if (error instanceof RangeError) throw wrong(null, 'it is nested too deeply', { cause: error });
    if (!(error instanceof FirstError))
      throw wrong(null, `it is not valid YAML: ${messageOf(error)}`, { cause: error });
    const isTooDeep = /call stack/.test(error.message);
    const why = isTooDeep ? 'it is nested too deeply' : error.message.split('\n')[0]!.replace(/\.$/, '');
    throw wrong(error.offset, why, { cause: error });
  }
}

/** Spells words of a fixed list as the list does: options accept any case, too. */
function correctCase(value: unknown, words: Readonly<Record<string, readonly string[]>>): void {
  if (typeof value !== 'object' || value === null) return;
  const object = value as Record<string, unknown>;
  for (const [key, inner] of Object.entries(object)) {
    const allowed = Array.isArray(value) || !Object.hasOwn(words, key) ? undefined : words[key];
    const spelled = (text: unknown): unknown =>
      (typeof text === 'string' && allowed?.find((word) => word.toLowerCase() === text.toLowerCase())) || text;
    if (allowed === undefined) correctCase(inner, words);
    else object[key] = Array.isArray(inner) ? inner.map(spelled) : spelled(inner);
  }
}

/**
 * Parses and checks a file's text. Throws PO2002 with the line and column of the first error, and PO2003 for a file of a
 * newer version.
 */
export function parseChecked(
  text: string,
  name: string,
  { name: called, kind, hint, validator, keys, words }: DocumentKind,
): CheckedDocument {
  const lines = new LineCounter();
  const wrong: Wrong = (offset, why, { cause, meant = null } = {}) => {
    const { line, col } = offset === null ? { line: 0, col: 0 } : lines.linePos(offset);
    const place = offset === null ? '' : `, line ${Math.max(line, 1)}, column ${Math.max(col, 1)}`;
    return new PortOwnerError('PO2002', `${name}${place}: ${why}`, {
      hint: suggested(meant, hint),
      target: name,
      cause,
    });
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
  correctCase(value, words());
  const validate = validator();
  if (!validate(value)) {
    const { path, key, why, meant = null } = explain(validate.errors ?? [], value, keys());
    throw wrong(offsetOf(document, path, key), why, { meant });
  }
  return {
    document,
    value,
    fail(path, why) {
      throw wrong(offsetOf(document, path), why);
    },
  };
}
