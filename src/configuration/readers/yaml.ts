import { Composer, isMap, isScalar, isSeq, Parser, type Document } from 'yaml';
import { NotParsed, type NamedValue } from './setting.ts';

const deepest = 64;

/** Whether brackets, or the marks of block collections in one line, are nested so deep that parsing takes too much. */
function isTooDeep(text: string): boolean {
  let open = 0;
  for (const [mark] of text.matchAll(/[[\]{}]/g)) {
    open = mark === '[' || mark === '{' ? open + 1 : Math.max(0, open - 1);
    if (open > deepest * 4) return true;
  }
  return text.split('\n').some((line) => (line.match(/[-?:] /g)?.length ?? 0) > deepest * 4);
}

function* scalarsOf(node: unknown, name: string, depth: number): Generator<NamedValue> {
  if (depth > deepest) return;
  if (isScalar(node) && node.range) {
    const isQuoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
    const [start, end] = isQuoted ? [node.range[0] + 1, node.range[1] - 1] : [node.range[0], node.range[1]];
    const quote = !isQuoted ? null : node.type === 'QUOTE_DOUBLE' ? '"' : "'";
    // As written: 0o17, 1_000, or 5:30 must not be taken for another number.
    const value = typeof node.value === 'string' ? node.value : (node.source ?? '');
    yield { name, value, start, end, quote };
  }
  if (isMap(node))
    for (const { key, value } of node.items)
      if (isScalar(key))
        yield* scalarsOf(value, name === '' ? String(key.value) : `${name}.${String(key.value)}`, depth + 1);
  if (isSeq(node))
    for (const [index, item] of node.items.entries()) yield* scalarsOf(item, `${name}[${index}]`, depth + 1);
}

/** Reads the scalars of each document of a YAML text: `server.port`, `services.web.ports[0]`. Throws NotParsed. */
export function readYaml(text: string): NamedValue[][] {
  if (isTooDeep(text)) throw new NotParsed('it is nested too deeply', 0);
  const documents: Document.Parsed[] = [];
  try {
    const composer = new Composer({ prettyErrors: false, uniqueKeys: false, logLevel: 'silent' });
    for (const document of composer.compose(new Parser().parse(text), true, text.length)) {
      const [error] = document.errors;
      if (error !== undefined) throw new NotParsed(error.message, error.pos[0]);
      documents.push(document);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new NotParsed('it is nested too deeply', 0);
    throw error;
  }
  return documents.map(({ contents }) => scalarsOf(contents, '', 0).toArray());
}
