import sax from 'sax';
import { decodeChunks, ClixmlError } from './text.ts';
import { decodeName, parsePrimitive, primitives, type ClixmlObject, type ClixmlValue } from './values.ts';

/** Who gets what a document holds. */
export interface ClixmlVisitor {
  /** Whether a property (lower-case name) of an item, or of an object in its properties, is read. */
  wants(property: string): boolean;
  /**
   * Whether an item of these types is all that its element holds. In other items, whatever is not wanted is searched
   * for more items: lists, dictionaries and property bags hold some. The same array stands for the same list of types.
   */
  complete(typeNames: readonly string[]): boolean;
  /**
   * An item, complete: an object that is no part of a wanted property or of a complete item. Of an item only its
   * types and wanted properties are read. A list or dictionary is no item where there are items in it, and a primitive
   * is one at the top level alone, with nothing but its type. `stream` is PowerShell's: output, error, warning …
   * A `part` lies in the properties of another item.
   */
  item(item: ClixmlObject, stream: string, part: boolean): void;
}

/** What hostile files are held to; a valid file from Export-Clixml is far from each of them. */
export interface ClixmlLimits {
  /** Elements in each other; PowerShell itself reads objects to a depth of 50. */
  readonly depth: number;
  /** Attributes of an element. */
  readonly attributes: number;
  /** Characters of one tag, attribute or comment. */
  readonly token: number;
  /** Characters, and 32 more for each value, in what is read of an item and those around it. */
  readonly kept: number;
  /** The same of objects that are kept because a Ref may name them; the oldest are forgotten. */
  readonly held: number;
  /** Characters in all lists of type names of a document. */
  readonly typeNames: number;
  /** Reference ids that are out of order. */
  readonly references: number;
}

export const clixmlLimits: ClixmlLimits = {
  depth: 256,
  attributes: 32,
  token: 200_000,
  kept: 4_000_000,
  held: 500_000,
  typeNames: 4_000_000,
  references: 100_000,
};

const namespace = 'http://schemas.microsoft.com/powershell/2004/04';
/** Around the documents, so that one file may hold several, as our own --stream writes them. */
const wrapper = 'portowner';

/** What a value counts by the measure of `limits.kept`, besides its text. */
const valueSize = 32;
const progressTags: ReadonlySet<string> = new Set(['AV', 'AI', 'S', 'Nil', 'CO', 'PI', 'PC', 'T', 'SR', 'SD']);
const progressTypes = ['System.Management.Automation.ProgressRecord', 'System.Object'];

/** A ClixmlObject while it is read. */
interface Draft {
  typeNames: readonly string[];
  text: string | null;
  base: ClixmlValue | undefined;
  items: ClixmlValue[] | null;
  entries: [ClixmlValue, ClixmlValue][] | null;
  properties: Record<string, ClixmlValue>;
}

const noTypes: readonly string[] = Object.freeze([]);
const noProperties: Record<string, ClixmlValue> = Object.freeze(Object.create(null) as Record<string, ClixmlValue>);

function newDraft(typeNames = noTypes): Draft {
  return { typeNames, text: null, base: undefined, items: null, entries: null, properties: noProperties };
}

function propertiesOf(draft: Draft): Record<string, ClixmlValue> {
  if (draft.properties === noProperties) draft.properties = Object.create(null) as Record<string, ClixmlValue>;
  return draft.properties;
}

/** What a Ref gives whose object is known, but not held. */
const elsewhere: ClixmlObject = Object.freeze(newDraft());

type Kind =
  | 'wrapper'
  | 'document'
  | 'object'
  | 'types'
  | 'properties'
  | 'members'
  | 'list'
  | 'dictionary'
  | 'entry'
  | 'progress'
  | 'leaf';

/** An open element. */
interface Frame {
  readonly kind: Kind;
  readonly tag: string;
  /** An object that is an item. */
  readonly item: boolean;
  /** The object that this element is or belongs to; null when nothing of it is wanted. */
  readonly draft: Draft | null;
  /** Objects in it are items. */
  search: boolean;
  /** It wraps a list or a dictionary. */
  container: boolean;
  /** A leaf's text, the names of a TN, or the key and the value of an En; null when not wanted. */
  readonly parts: ClixmlValue[] | null;
  /** What is done when it closes. */
  readonly closed: ((frame: Frame) => void) | null;
}

type Attributes = Readonly<Record<string, string>>;

function invalid(why: string): ClixmlError {
  return new ClixmlError(`is not valid CLIXML: ${why}`);
}

function shown(text: string | undefined): string {
  return JSON.stringify(text === undefined || text.length <= 40 ? (text ?? null) : `${text.slice(0, 40)}…`);
}

/** The text is a piece of a chunk of the file, and would keep all of it from being freed. */
function detach(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}

/** Object reference ids: PowerShell numbers objects in the order of the file, so one number knows nearly all. */
class Known {
  #next = 0;
  readonly #others = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: string): void {
    if (id === String(this.#next)) this.#next++;
    else if (!this.has(id)) {
      if (this.#others.size >= this.#limit || id.length > 64)
        throw new ClixmlError('is not read: its reference ids are out of order');
      this.#others.add(detach(id));
    }
  }

  has(id: string): boolean {
    return (/^(?:0|[1-9]\d{0,14})$/.test(id) && Number(id) < this.#next) || this.#others.has(id);
  }
}

class Reader {
  readonly #visitor: ClixmlVisitor;
  readonly #limits: ClixmlLimits;
  readonly #stack: Frame[] = [];
  /** What the values of open items amount to, by the measure of `limits.kept`. */
  #kept = 0;
  #known: Known;
  readonly #types = new Map<string, readonly string[]>();
  #typesLength = 0;
  /** Objects that a Ref may name: the newest, what they amount to, and those before them. */
  #held = new Map<string, ClixmlValue>();
  #heldSize = 0;
  #heldBefore: ReadonlyMap<string, ClixmlValue> = this.#held;
  readonly #names = new Map<string, { readonly name: string; readonly wanted: boolean }>();
  #items = 0;
  documents = 0;

  constructor(visitor: ClixmlVisitor, limits: ClixmlLimits) {
    this.#visitor = visitor;
    this.#limits = limits;
    this.#known = new Known(limits.references);
  }

  /** How many elements are open. */
  get depth(): number {
    return this.#stack.length;
  }

  open(tag: string, attributes: Attributes): void {
    if (this.#stack.length >= this.#limits.depth)
      throw new ClixmlError(`is not read: its elements are nested deeper than ${this.#limits.depth}`);
    const top = this.#stack.at(-1);
    switch (top?.kind) {
      case undefined:
        return this.#push({ kind: 'wrapper', tag });
      case 'wrapper':
        return this.#document(tag, attributes);
      case 'document':
        return this.#value(tag, attributes, null, true);
      case 'object':
        return this.#objectPart(tag, attributes, top!);
      case 'types':
        if (tag !== 'T') throw this.#unexpected(tag);
        return this.#leaf(tag, (text) => top!.parts?.push(detach(decodeName(text))));
      case 'properties':
      case 'members':
        return this.#property(tag, attributes, top!);
      case 'list': {
        const items = top!.draft?.items ?? null;
        return this.#value(tag, attributes, items && ((value) => items.push(value)), top!.search);
      }
      case 'dictionary':
        return this.#entry(tag, top!);
      case 'entry':
        return this.#entryPart(tag, attributes, top!);
      case 'progress': {
        if (!progressTags.has(tag)) throw this.#unexpected(tag);
        const { draft } = top!;
        return this.#leaf(
          tag,
          draft &&
            ((text) => (propertiesOf(draft)[tag.toLowerCase()] = tag === 'Nil' ? null : detach(decodeName(text)))),
        );
      }
      case 'leaf':
        throw this.#unexpected(tag);
    }
  }

  close(): void {
    const frame = this.#stack.pop();
    frame?.closed?.(frame);
  }

  text(text: string): void {
    const { kind, tag, parts } = this.#stack.at(-1)!;
    if (kind === 'leaf' && tag !== 'Nil') {
      if (parts === null) return;
      this.#keep(text.length);
      parts[0] = parts.length === 0 ? text : `${String(parts[0])}${text}`;
    } else if (/[^ \t\r\n]/.test(text)) {
      throw invalid(`it has text where an element belongs: ${shown(text.trim())}`);
    }
  }

  #unexpected(tag: string): ClixmlError {
    return invalid(`it has an element <${tag.slice(0, 40)}> in <${this.#stack.at(-1)?.tag ?? ''}>`);
  }

  #push({
    kind,
    tag,
    item = false,
    draft = null,
    search = false,
    parts = null,
    closed = null,
  }: Partial<Frame> & Pick<Frame, 'kind' | 'tag'>): void {
    this.#stack.push({ kind, tag, item, draft, search, container: false, parts, closed });
  }

  /** An element that holds nothing but text; without `closed` nobody wants it. */
  #leaf(tag: string, closed: ((text: string) => void) | null): void {
    if (closed === null) return this.#push({ kind: 'leaf', tag });
    this.#push({
      kind: 'leaf',
      tag,
      parts: [],
      closed: ({ parts }) => {
        const text = String(parts?.[0] ?? '');
        closed(text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);
      },
    });
  }

  #deliver(item: ClixmlObject, stream: string): void {
    this.#items++;
    const part = this.#stack.some(({ kind }) => kind === 'properties' || kind === 'members');
    this.#visitor.item(item, stream, part);
  }

  #keep(size: number): void {
    this.#kept += size;
    if (this.#kept > this.#limits.kept)
      throw new ClixmlError(`is not read: one object in it has more than ${this.#limits.kept} characters`);
  }

  #document(tag: string, attributes: Attributes): void {
    if (tag !== 'Objs' || attributes['xmlns'] !== namespace) {
      throw new ClixmlError(
        `is XML, but not CLIXML: its root element is <${tag.slice(0, 40)}>${tag === 'Objs' ? ' of another namespace' : ''}`,
      );
    }
    const version = attributes['Version'] ?? '';
    if (!/^1(?:\.\d{1,9}){1,3}$/.test(version))
      throw new ClixmlError(`is CLIXML of a version that is not read: ${shown(version)}`);
    this.documents++;
    this.#known = new Known(this.#limits.references);
    this.#types.clear();
    this.#typesLength = 0;
    this.#forgetHeld();
    this.#forgetHeld();
    this.#push({ kind: 'document', tag });
  }

  /** A value; `give` takes it where it is wanted. An object that nobody takes is an item where items are searched for. */
  #value(tag: string, attributes: Attributes, give: ((value: ClixmlValue) => void) | null, search: boolean): void {
    if (give !== null) this.#keep(valueSize);
    switch (tag) {
      case 'Obj':
        return this.#object(attributes, give, search);
      case 'Nil':
        return this.#leaf(tag, give && (() => give(null)));
      case 'Ref': {
        const id = attributes['RefId'];
        if (id === undefined || !this.#known.has(id)) throw invalid(`no object has the reference id ${shown(id)}`);
        const value = this.#held.get(id) ?? this.#heldBefore.get(id) ?? elsewhere;
        return this.#leaf(tag, give && (() => give(value)));
      }
      case 'PR': {
        const draft = give && newDraft(progressTypes);
        return this.#push({ kind: 'progress', tag, draft, closed: draft && (() => give?.(draft)) });
      }
    }
    const primitive = primitives.get(tag);
    if (primitive === undefined) throw this.#unexpected(tag);
    if (give !== null) {
      this.#leaf(tag, (text) => {
        const value = parsePrimitive(primitive, text);
        give(typeof value === 'string' ? detach(value) : value);
      });
    } else {
      if (this.#stack.at(-1)?.kind === 'document')
        this.#deliver(newDraft(primitive.typeNames), attributes['S'] ?? 'output');
      this.#leaf(tag, null);
    }
  }

  #object(attributes: Attributes, give: ((value: ClixmlValue) => void) | null, search: boolean): void {
    const id = attributes['RefId'];
    if (id !== undefined) this.#known.add(id);
    const before = this.#kept;
    if (give !== null) {
      const draft = newDraft();
      this.#push({
        kind: 'object',
        tag: 'Obj',
        draft,
        closed: () => {
          if (id !== undefined) this.#hold(id, draft, this.#kept - before + valueSize);
          give(draft);
        },
      });
    } else if (search) {
      const draft = newDraft();
      const stream = attributes['S'] ?? 'output';
      const itemsBefore = this.#items;
      this.#push({
        kind: 'object',
        tag: 'Obj',
        item: true,
        draft,
        search: true,
        closed: ({ container }) => {
          if (!container || this.#items === itemsBefore) this.#deliver(draft, stream);
          this.#kept = before;
        },
      });
    } else {
      this.#push({ kind: 'object', tag: 'Obj' });
    }
  }

  /** What is in an Obj: its types, its text, its properties, and a value or container that it wraps. */
  #objectPart(tag: string, attributes: Attributes, object: Frame): void {
    const { item, draft, search } = object;
    const wrapped = item ? null : draft;
    switch (tag) {
      case 'TN':
        return this.#push({
          kind: 'types',
          tag,
          parts: [],
          closed: ({ parts }) => this.#typed(object, this.#rememberTypes(attributes['RefId'], parts as string[])),
        });
      case 'TNRef': {
        const id = attributes['RefId'];
        const types = id === undefined ? undefined : this.#types.get(id);
        if (types === undefined) throw invalid(`no list of types has the reference id ${shown(id)}`);
        this.#typed(object, types);
        return this.#leaf(tag, null);
      }
      case 'ToString':
        return this.#leaf(tag, wrapped && ((text) => (wrapped.text = detach(decodeName(text)))));
      case 'Props':
        return this.#push({ kind: 'properties', tag, draft, search });
      case 'MS':
        return this.#push({ kind: 'members', tag, draft, search });
      case 'DCT':
        object.container = true;
        if (wrapped !== null) wrapped.entries = [];
        return this.#push({ kind: 'dictionary', tag, draft: wrapped, search });
      case 'LST':
      case 'IE':
      case 'QUE':
      case 'STK':
        object.container = true;
        if (wrapped !== null) wrapped.items = [];
        return this.#push({ kind: 'list', tag, draft: wrapped, search });
      default: {
        // What is a primitive but for added properties has no types of its own.
        const primitive = item && draft?.typeNames === noTypes ? primitives.get(tag) : undefined;
        if (primitive !== undefined) draft!.typeNames = primitive.typeNames;
        this.#value(tag, attributes, wrapped && ((value) => (wrapped.base = value)), search);
      }
    }
  }

  #property(tag: string, attributes: Attributes, { kind, draft, search }: Frame): void {
    const rawName = attributes['N'];
    if (rawName === undefined) throw invalid(`a property <${tag.slice(0, 40)}> has no name`);
    // A set of properties in an object; nothing that is read has one.
    if (tag === 'MS' && kind === 'members') return this.#push({ kind, tag, search });
    const { name, wanted } = this.#nameOf(rawName);
    if (!wanted || draft === null) return this.#value(tag, attributes, null, search);
    // Extended properties cover adapted ones, also where they come first.
    const covered = kind === 'properties' && name in draft.properties;
    this.#value(tag, attributes, covered ? null : (value) => (propertiesOf(draft)[name] = value), false);
  }

  #nameOf(rawName: string): { readonly name: string; readonly wanted: boolean } {
    const known = this.#names.get(rawName);
    if (known !== undefined) return known;
    const name = detach(decodeName(rawName).toLowerCase());
    const found = { name, wanted: this.#visitor.wants(name) };
    // Few names fill most files; those of hostile ones are not remembered.
    if (this.#names.size < 10_000 && rawName.length <= 256) this.#names.set(detach(rawName), found);
    return found;
  }

  #entry(tag: string, { draft, search }: Frame): void {
    if (tag !== 'En') throw this.#unexpected(tag);
    const entries = draft?.entries;
    this.#push({
      kind: 'entry',
      tag,
      draft,
      search,
      parts: [],
      closed: ({ parts }) => {
        const [key, value] = parts ?? [];
        if (key == null || value === undefined) throw invalid('a dictionary has an entry without a key or a value');
        entries?.push([key, value]);
      },
    });
  }

  #entryPart(tag: string, attributes: Attributes, { parts, draft, search }: Frame): void {
    const expected = (['key', 'value'] as const)[parts!.length];
    if (expected === undefined || attributes['N']?.toLowerCase() !== expected)
      throw invalid('a dictionary has an entry that is not one key and one value');
    // Of what is not wanted only counts that it is there.
    const index = parts!.push(tag === 'Nil' ? null : false) - 1;
    this.#value(tag, attributes, draft && ((value) => (parts![index] = value)), search);
  }

  #rememberTypes(id: string | undefined, names: readonly string[]): readonly string[] {
    if (id === undefined) return names;
    this.#typesLength += names.reduce((sum, name) => sum + name.length + valueSize, id.length + valueSize);
    if (this.#typesLength > this.#limits.typeNames) throw new ClixmlError('is not read: it has too many type names');
    this.#types.set(detach(id), names);
    return names;
  }

  #typed(object: Frame, typeNames: readonly string[]): void {
    if (object.draft !== null) object.draft.typeNames = typeNames;
    if (object.item && this.#visitor.complete(typeNames)) object.search = false;
  }

  #hold(id: string, value: ClixmlValue, size: number): void {
    this.#held.set(detach(id), value);
    this.#heldSize += size;
    if (this.#heldSize > this.#limits.held / 2) this.#forgetHeld();
  }

  /** Forgets the older objects; taken one by one, the oldest first, it would take much longer. */
  #forgetHeld(): void {
    this.#heldBefore = this.#held;
    this.#held = new Map();
    this.#heldSize = 0;
  }
}

/** What a parser has met. It is out of it: with one more property of its own, sax's object would become a dictionary and read at half the speed. */
interface Met {
  events: number;
  /** Of the element that is being read. */
  attributes: number;
  ended: boolean;
}

/** The parser that passes on to `reader` what it meets; its handlers are methods, for the same speed. */
function parserFor(reader: Reader, limits: ClixmlLimits, met: Met): sax.SAXParser {
  class Parser extends sax.SAXParser {
    override onopentag(tag: sax.Tag | sax.QualifiedTag): void {
      met.events++;
      met.attributes = 0;
      reader.open(tag.name, tag.attributes as Attributes);
    }

    override onattribute(): void {
      met.events++;
      if (++met.attributes > limits.attributes)
        throw new ClixmlError(`is not read: an element in it has more than ${limits.attributes} attributes`);
    }

    override onclosetag(tag: string): void {
      met.events++;
      reader.close();
      // Only the end may close what only the beginning opened.
      if (tag === wrapper && !met.ended) throw invalid('it has an end tag too many');
    }

    override ontext(text: string): void {
      met.events++;
      reader.text(text);
    }

    override oncdata(text: string): void {
      this.ontext(text);
    }

    override oncomment(): void {
      met.events++;
    }

    override onprocessinginstruction(): void {
      met.events++;
    }

    override ondoctype(): void {
      throw new ClixmlError('is not read: it has a DOCTYPE, which no CLIXML has');
    }

    override onerror(error: Error): void {
      // In the wrapper none is in its place.
      if (/doctype/i.test(error.message)) this.ondoctype();
      throw error;
    }
  }
  // Without positions sax reads 1.5 times as fast, but does not watch the length of what it collects.
  return new Parser(true, { position: false, strictEntities: true } as sax.SAXOptions);
}

/**
 * Reads the items of a CLIXML file in memory that does not grow with the file. It may hold several documents, as our
 * own --stream writes them. References (Ref, TNRef) are resolved; the object of a Ref that lies in what is not read
 * is empty. Throws ClixmlError for what is not well-formed, no CLIXML, or beyond the limits.
 */
export function readClixml(
  chunks: Iterable<Uint8Array>,
  visitor: ClixmlVisitor,
  limits: ClixmlLimits = clixmlLimits,
): void {
  const reader = new Reader(visitor, limits);
  const met: Met = { events: 0, attributes: 0, ended: false };
  const parser = parserFor(reader, limits, met);
  try {
    parser.write(`<${wrapper}>`);
    let quiet = 0;
    for (const text of decodeChunks(chunks)) {
      const before = met.events;
      parser.write(text);
      if (met.events === before) parser.flush();
      quiet = met.events === before ? quiet + text.length : 0;
      if (quiet > limits.token)
        throw new ClixmlError(`is not read: one tag or comment in it has more than ${limits.token} characters`);
    }
    if (reader.depth > 1) throw new ClixmlError('is not complete CLIXML: it is truncated');
    if (reader.documents === 0) throw new ClixmlError('is not CLIXML: it holds no document');
    met.ended = true;
    parser.write(`</${wrapper}>`);
  } catch (error) {
    if (error instanceof ClixmlError) throw error;
    // Sax says it with a plain Error, and once with a TypeError.
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ClixmlError(`is not well-formed XML: ${why.slice(0, 120)}`, { cause: error });
  }
  if (reader.depth > 0) throw new ClixmlError('is not complete CLIXML: it is truncated');
}
