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

class XmlReader {
  readonly elements: Element[] = [];
  private readonly open: OpenElement[] = [];
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): Element[] {
    const { text, open } = this;
    for (let next = text.indexOf('<'); next >= 0; next = text.indexOf('<', this.at)) {
      this.at = next;
      if (text.startsWith('<!--', next)) this.skipTo('-->');
      else if (text.startsWith('<![CDATA[', next)) this.skipTo(']]>');
      else if (text.startsWith('<?', next)) this.skipTo('?>');
      else if (text.startsWith('<!', next)) this.fail('it has a DOCTYPE, which can include anything');
      else if (text.startsWith('</', next)) this.closing();
      else this.opening();
    }
    if (open.length > 0) this.fail(`<${open.at(-1)!.name}> is not closed`, open.at(-1)!.element.at);
    return this.elements;
  }

  private fail(message: string, at = this.at): never {
    throw new NotParsed(message, at);
  }

  private name(): string {
    name.lastIndex = this.at;
    const found = name.exec(this.text)?.[0] ?? this.fail('a name is missing');
    this.at += found.length;
    return found;
  }

  private skipBlanks(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  private skipTo(end: string): void {
    const found = this.text.indexOf(end, this.at + 2);
    if (found < 0) this.fail(`${end} is missing`);
    this.at = found + end.length;
    const inside = this.open.at(-1);
    if (inside !== undefined) inside.from = null;
  }

  private take(character: string): void {
    if (this.text[this.at] !== character) this.fail(`${character} is missing`);
    this.at++;
  }

  private closing(): void {
    const start = this.at;
    this.at += 2;
    const found = this.name();
    this.skipBlanks();
    this.take('>');
    const closed = this.open.pop();
    if (closed?.name !== found) return this.fail(`</${found}> closes no element`, start);
    if (closed.from === null) return;
    const value = unescaped(this.text.slice(closed.from, start));
    closed.element.text = { value, start: closed.from, end: start, quote: null };
  }

  private attributes(): Map<string, Word> {
    const attributes = new Map<string, Word>();
    for (;;) {
      this.skipBlanks();
      if (this.text[this.at] === '>' || this.text.startsWith('/>', this.at)) return attributes;
      const key = this.name();
      this.skipBlanks();
      this.take('=');
      this.skipBlanks();
      const quote = this.text[this.at];
      if (quote !== '"' && quote !== "'") return this.fail('a quote is missing');
      const start = this.at + 1;
      const end = this.text.indexOf(quote, start);
      if (end < 0) this.fail('a quote is not closed');
      attributes.set(key, { value: unescaped(this.text.slice(start, end)), start, end, quote });
      this.at = end + 1;
    }
  }

  private opening(): void {
    const start = this.at++;
    const found = this.name();
    const inside = this.open.at(-1);
    if (inside !== undefined) inside.from = null;
    if (this.open.length >= deepest) this.fail('it is nested too deeply', start);
    const path = inside === undefined ? found : `${inside.element.path}/${found}`;
    const element = { path, attributes: this.attributes(), text: null, at: start };
    this.elements.push(element);
    if (this.text[this.at] === '/') this.at += 2;
    else this.open.push({ element, name: found, from: ++this.at });
  }
}

/** Reads the elements of an XML text, with the positions of attributes and texts. Throws NotParsed, also for a DOCTYPE. */
export const readXml = (text: string): Element[] => new XmlReader(text).read();
