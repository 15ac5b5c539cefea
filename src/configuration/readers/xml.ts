import { NotParsed, type Word } from './setting.ts';

/** An element of an XML text, in the order of their start tags. */
export interface Element {
  /** The names of the elements that it is in, and its own: `Server/Service/Connector`. */
  readonly path: string;
  readonly attributes: ReadonlyMap<string, Word>;
  /** Its text, if it consists of text only. */
  readonly text: Word | null;
  readonly at: number;
}

const deepest = 256;
const name = /[A-Za-z_:\u00c0-\uffff][-\w:.\u00b7-\uffff]*/y;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi,
    (whole, decimal, hex, entity: string | undefined) => {
      if (entity !== undefined) return entities[entity] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

interface OpenElement {
  readonly element: { -readonly [Key in keyof Element]: Element[Key] };
  readonly name: string;
  /** Where its text starts; null once it has something else in it. */
  from: number | null;
}

/** Reads the elements of an XML text, with the positions of attributes and texts. Throws NotParsed, also for a DOCTYPE. */
export function readXml(text: string): Element[] {
  const elements: Element[] = [];
  const open: OpenElement[] = [];
  let at = 0;
  const fail = (message: string, where = at): never => {
    throw new NotParsed(message, where);
  };
  const nameAt = (): string => {
    name.lastIndex = at;
    const found = name.exec(text)?.[0] ?? fail('a name is missing');
    at += found.length;
    return found;
  };
  const skipBlanks = (): void => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  const skipTo = (end: string): void => {
    const found = text.indexOf(end, at);
    if (found < 0) fail(`${end} is missing`);
    at = found + end.length;
    const inside = open.at(-1);
    if (inside !== undefined) inside.from = null;
  };
  const closing = (): void => {
    const start = at;
    at += 2;
    const found = nameAt();
    skipBlanks();
    if (text[at] !== '>') fail('> is missing');
    at++;
    const closed = open.pop();
    if (closed === undefined || closed.name !== found) return fail(`</${found}> closes no element`, start);
    if (closed.from !== null)
      closed.element.text = {
        value: unescaped(text.slice(closed.from, start)),
        start: closed.from,
        end: start,
        quote: null,
      };
  };
  const attributesAt = (): Map<string, Word> => {
    const attributes = new Map<string, Word>();
    for (;;) {
      skipBlanks();
      if (text[at] === '>' || text.startsWith('/>', at)) return attributes;
      const key = nameAt();
      skipBlanks();
      if (text[at] !== '=') fail('= is missing');
      at++;
      skipBlanks();
      const quote = text[at] === '"' || text[at] === "'" ? (text[at] as '"' | "'") : fail('a quote is missing');
      const end = text.indexOf(quote, at + 1);
      if (end < 0) fail('a quote is not closed');
      attributes.set(key, { value: unescaped(text.slice(at + 1, end)), start: at + 1, end, quote });
      at = end + 1;
    }
  };
  const opening = (): void => {
    const start = at++;
    const found = nameAt();
    const inside = open.at(-1);
    if (inside !== undefined) inside.from = null;
    if (open.length >= deepest) fail('it is nested too deeply', start);
    const path = inside === undefined ? found : `${inside.element.path}/${found}`;
    const element = { path, attributes: attributesAt(), text: null, at: start };
    elements.push(element);
    if (text[at] === '/') at += 2;
    else open.push({ element, name: found, from: ++at });
  };
  while (at < text.length) {
    const next = text.indexOf('<', at);
    if (next < 0) break;
    at = next;
    if (text.startsWith('<!--', at)) skipTo('-->');
    else if (text.startsWith('<![CDATA[', at)) skipTo(']]>');
    else if (text.startsWith('<?', at)) skipTo('?>');
    else if (text.startsWith('<!', at)) fail('it has a DOCTYPE, which can include anything');
    else if (text.startsWith('</', at)) closing();
    else opening();
  }
  if (open.length > 0) fail(`<${open.at(-1)!.name}> is not closed`, open.at(-1)!.element.at);
  return elements;
}
