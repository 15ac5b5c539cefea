import sax from 'sax';
import { decodeChunks, ClixmlError } from './text.ts';
import { decodeName, parsePrimitive, primitives, type ClixmlObject, type ClixmlValue } from './values.ts';

/** Receives the contents of a document. */
export interface ClixmlVisitor {
  /** Whether a property (lower-case name) of an item, or of an object in its properties, is read. */
  wants(property: string): boolean;
  /**
   * Whether an element with these types is a complete item. In other items, everything unwanted is searched for further
   * items, because lists, dictionaries and property bags can contain them. The same list of types is always passed as
   * the same array.
   */
  complete(typeNames: readonly string[]): boolean;
  /**
   * Receives a complete item: an object that is not inside a wanted property or a complete item. Only its types and
   * wanted properties are read. A list or dictionary that contains items is not an item itself. A primitive is an item
   * only at the top level, and carries only its type. `stream` is the PowerShell stream: output, error, warning …
   * `part` is true for an item inside the properties of another item.
   */
  item(item: ClixmlObject, stream: string, part: boolean): void;
}

/** Limits that protect against hostile files; a valid file from Export-Clixml stays far below each of them. */
export interface ClixmlLimits {
  /** Nesting depth of elements; PowerShell itself reads objects to a depth of 50. */
  readonly depth: number;
  /** Attributes per element. */
  readonly attributes: number;
  /** Characters per tag, attribute or comment. */
  readonly token: number;
  /** Characters, plus 32 for each value, kept from an item and the items around it. */
  readonly kept: number;
  /** The same measure for objects that are kept because a Ref may name them; the oldest are dropped. */
  readonly held: number;
  /** Characters in all type name lists of a document. */
  readonly typeNames: number;
  /** Reference IDs that are out of order. */
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
/** The element around the documents, because one file may hold several, as our own --stream writes them. */
const wrapper = 'portowner';

/** The size of a value for `limits.kept`, in addition to its text. */
const valueSize = 32;
const progressTags: ReadonlySet<string> = new Set(['AV', 'AI', 'S', 'Nil', 'CO', 'PI', 'PC', 'T', 'SR', 'SD']);
const progressTypes = ['System.Management.Automation.ProgressRecord', 'System.Object'];

/** A ClixmlObject under construction. */
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

/** The value of a Ref whose object is known but no longer held. */
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
  /** Whether it is an object that is an item. */
  readonly item: boolean;
  /** The object that this element is or belongs to; null if nothing in it is wanted. */
  readonly draft: Draft | null;
  /** Whether objects in it are items. */
  search: boolean;
  /** Whether it wraps a list or a dictionary. */
  container: boolean;
  /** The text of a leaf, the names of a TN, or the key and the value of an En; null if not wanted. */
  readonly parts: ClixmlValue[] | null;
  /** Called when the element closes. */
  readonly closed: ((frame: Frame) => void) | null;
}

type Attributes = Readonly<Record<string, string>>;

function invalid(why: string): ClixmlError {
  return new ClixmlError(`is not valid CLIXML: ${why}`);
}

function shown(text: string | undefined): string {
  return JSON.stringify(text === undefined || text.length <= 40 ? (text ?? null) : `${text.slice(0, 40)}…`);
}

/** Copies the text, because a slice would keep the whole chunk of the file in memory. */
function detach(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}

/** Object reference IDs. PowerShell numbers objects in file order, so a single counter covers nearly all of them. */
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
  /** The total size of the values of open items, measured as for `limits.kept`. */
  #kept = 0;
  #known: Known;
  readonly #types = new Map<string, readonly string[]>();
  #typesLength = 0;
  /** Objects that a Ref may name: the newest, their total size, and the older ones. */
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

  /** The number of open elements. */
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

  /** Opens an element that contains only text; without `closed`, the text is dropped. */
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

  /**
   * Opens a value and passes it to `give` if it is wanted. An unwanted object is an item where items are searched for.
   */
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

  /** Opens a child of an Obj: its types, its text, its properties, or a value or container that it wraps. */
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
        // A primitive with added properties has no type names, so it gets the types of its primitive.
        const primitive = item && draft?.typeNames === noTypes ? primitives.get(tag) : undefined;
        if (primitive !== undefined) draft!.typeNames = primitive.typeNames;
        this.#value(tag, attributes, wrapped && ((value) => (wrapped.base = value)), search);
      }
    }
  }

  #property(tag: string, attributes: Attributes, { kind, draft, search }: Frame): void {
    const rawName = attributes['N'];
    if (rawName === undefined) throw invalid(`a property <${tag.slice(0, 40)}> has no name`);
    // A property set in an object; no object that is read has one.
    if (tag === 'MS' && kind === 'members') return this.#push({ kind, tag, search });
    const { name, wanted } = this.#nameOf(rawName);
    if (!wanted || draft === null) return this.#value(tag, attributes, null, search);
    // Extended properties override adapted ones, even if they come first.
    const covered = kind === 'properties' && name in draft.properties;
    this.#value(tag, attributes, covered ? null : (value) => (propertiesOf(draft)[name] = value), false);
  }

  #nameOf(rawName: string): { readonly name: string; readonly wanted: boolean } {
    const known = this.#names.get(rawName);
    if (known !== undefined) return known;
    const name = detach(decodeName(rawName).toLowerCase());
    const found = { name, wanted: this.#visitor.wants(name) };
    // Most files use few names; the limits keep hostile files from filling the cache.
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
    // Unwanted values are dropped, but must be present.
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

  /** Drops the older objects all at once; dropping them one by one, the oldest first, would take much longer. */
  #forgetHeld(): void {
    this.#heldBefore = this.#held;
    this.#held = new Map();
    this.#heldSize = 0;
  }
}

/**
 * The progress of a parser. It is a separate object: with one more property, V8 would turn sax's object into a
 * dictionary and halve the reading speed.
 */
interface Met {
  events: number;
  /** Attributes of the current element. */
  attributes: number;
  ended: boolean;
}

/** Returns a parser that passes its events to `reader`; its handlers are methods, for the same speed. */
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
      // The wrapper ends only after the input does, so an earlier end tag is surplus.
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
      // Inside the wrapper, sax reports every doctype as misplaced.
      if (/doctype/i.test(error.message)) this.ondoctype();
      throw error;
    }
  }
  // Without positions, sax reads 1.5 times as fast, but does not limit the length of the tokens that it collects.
  return new Parser(true, { position: false, strictEntities: true } as sax.SAXOptions);
}

/**
 * Reads the items of a CLIXML file in memory that does not grow with the file. The file may hold several documents, as
 * our own --stream writes them. References (Ref, TNRef) are resolved; a Ref to an object in a skipped part yields an
 * empty object. Throws ClixmlError if the file is not well-formed, is not CLIXML, or exceeds the limits.
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
    // Sax throws a plain Error, and in one case a TypeError.
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ClixmlError(`is not well-formed XML: ${why.slice(0, 120)}`, { cause: error });
  }
  if (reader.depth > 0) throw new ClixmlError('is not complete CLIXML: it is truncated');
}
