import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clixmlLimits, readClixml } from '../../src/clixml/reader.ts';
import type { ClixmlObject, ClixmlValue } from '../../src/clixml/values.ts';
import { documentOf, fixture, itemsOf, namespace, open, pieces } from '../facts/read/clixml/helpers.ts';

const test = suite('CLIXML reader');

/** An object by what it holds, for comparing. */
function plain(value: ClixmlValue | undefined): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const { typeNames, text, base, items, entries, properties } = value;
  return {
    type: typeNames[0],
    ...(text === null ? {} : { text }),
    ...(base === undefined ? {} : { base: plain(base) }),
    ...(items === null ? {} : { items: items.map(plain) }),
    ...(entries === null ? {} : { entries: entries.map((entry) => entry.map(plain)) }),
    ...(Object.keys(properties).length === 0 ? {} : { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, plain(inner)])) }),
  };
}

function only(inner: string): ClixmlObject {
  const items = itemsOf(documentOf(inner));
  assert.is(items.length, 1);
  return items[0]!.object;
}

test('what Export-Clixml writes of every kind of value', () => {
  const [item, ...others] = itemsOf(fixture('values'));
  assert.is(others.length, 0);
  const { properties } = item!.object;
  assert.is(Object.getPrototypeOf(properties), null);
  const bag = 'System.Management.Automation.PSCustomObject';
  assert.equal(Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, plain(value)])), {
    text: 'a & b <c> \t "q" _x0041_ \u00e9\u20ac\u{1f600}\ud800\u0007',
    empty: '',
    blank: '  ',
    nothing: null,
    letter: 'A',
    yes: true,
    no: false,
    byte: 255,
    sbyte: -128,
    uint16: 65_535,
    int16: -32_768,
    uint32: 4_294_967_295,
    int32: -2_147_483_648,
    uint64: 2n ** 64n - 1n,
    int64: -(2n ** 63n),
    single: 1.5,
    double: 1e300,
    infinite: Infinity,
    negativeinfinite: -Infinity,
    notanumber: NaN,
    decimal: '12345678901234567890.123',
    utc: '2026-01-02T03:04:05Z',
    local: '2026-07-02T01:04:05.123456Z',
    unspecified: '2026-01-02T03:04:05',
    first: '0001-01-01T00:00:00',
    span: 'P1DT2H3M4.567S',
    guid: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
    uri: 'http://example.test/a b?c=1&d=2',
    version: '1.2.3.4',
    bytes: new Uint8Array([1, 2, 254, 255]),
    xml: '<a b="1">c</a>',
    script: ' Get-Date ',
    enum: { type: 'System.DayOfWeek', text: 'Friday', base: 5 },
    list: { type: 'System.Object[]', items: ['one', 2, null, { type: 'System.Object[]', items: ['nested'] }] },
    queue: { type: 'System.Collections.Queue', items: ['first', 'second'] },
    stack: { type: 'System.Collections.Stack', items: ['top', 'bottom'] },
    table: { type: 'System.Collections.Hashtable', entries: [['Key', 'value']] },
    ordered: {
      type: 'System.Collections.Specialized.OrderedDictionary',
      entries: [
        ['b', 1],
        ['a', { type: 'System.Collections.Hashtable', entries: [['deep', true]] }],
      ],
    },
    bag: { type: bag, properties: { inner: { type: bag, properties: { innermost: 1 } } } },
    same: { type: bag, properties: { name: 'shared' } },
    again: { type: bag, properties: { name: 'shared' } },
    decorated: { type: undefined, base: 'decorated', properties: { note: 'a note' } },
  });
  assert.is(properties['again'], properties['same'], 'a Ref is the same object');
});

test('the same however the file is cut into pieces, in every encoding', () => {
  const text = fixture('values').toString();
  const expected = itemsOf(text).map(({ object }) => plain(object));
  for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
    for (const size of [1, 2, 3, 7, 64, 1000])
      assert.equal(
        itemsOf(pieces(bytes, size)).map(({ object }) => plain(object)),
        expected,
      );
  }
});

test('names are read in any case, the later covers the earlier, extended ones cover adapted ones', () => {
  assert.equal({ ...only('<Obj><MS><S N="a">1</S><S N="A">2</S></MS></Obj>').properties }, { a: '2' });
  assert.equal({ ...only('<Obj><Props><S N="a">1</S></Props><MS><S N="a">2</S></MS></Obj>').properties }, { a: '2' });
  assert.equal({ ...only('<Obj><MS><S N="a">2</S></MS><Props><S N="A">1</S><S N="b">3</S></Props></Obj>').properties }, { a: '2', b: '3' });
  assert.equal({ ...only('<Obj><MS><S N="__proto__">1</S><S N="toString">2</S><S N="q_x0041_">3</S></MS></Obj>').properties }, { ['__proto__']: '1', tostring: '2', qa: '3' });
});

test('a list of types is named once and referred to', () => {
  const [a, b, c] = itemsOf(documentOf('<Obj><TN RefId="0"><T>My_x002E_Type</T><T>System.Object</T></TN></Obj><Obj><TNRef RefId="0" /></Obj><Obj />')).map(
    ({ object }) => object.typeNames,
  );
  assert.equal(a, ['My.Type', 'System.Object']);
  assert.is(b, a);
  assert.equal(c, []);
});

test('every document of a file has its own references', () => {
  const stream = `#< CLIXML\n${documentOf('<Obj><TN RefId="0"><T>A</T></TN></Obj>')}\n${documentOf('<Obj><TN RefId="0"><T>B</T></TN></Obj>')}\n`;
  assert.equal(
    itemsOf(stream).map(({ object }) => object.typeNames[0]),
    ['A', 'B'],
  );
  assert.throws(() => itemsOf(documentOf('<Obj><TN RefId="0"><T>A</T></TN></Obj>') + documentOf('<Obj><TNRef RefId="0" /></Obj>')), /no list of types has the reference id "0"/);
});

test("items carry PowerShell's streams, and primitives their type", () => {
  const items = itemsOf(documentOf('<S S="warning">careful</S><Obj S="Error"><ToString>broken</ToString></Obj><I32>1</I32><Nil /><Obj />'));
  assert.equal(
    items.map(({ object, stream }) => [object.typeNames[0], stream]),
    [
      ['System.String', 'warning'],
      [undefined, 'Error'],
      ['System.Int32', 'output'],
      [undefined, 'output'],
    ],
  );
});

test('an object that is there twice is one item', () => {
  assert.is(itemsOf(documentOf('<Obj RefId="0"><MS><S N="a">1</S></MS></Obj><Ref RefId="0" />')).length, 1);
});

test('only wanted properties are read, and what is in others is searched for items', () => {
  const inner = '<Obj><TN><T>Inner</T></TN><MS><S N="Name">x</S></MS></Obj>';
  const bags = documentOf(
    `<Obj><TN><T>Outer</T></TN><MS><S N="Name">outer</S><I32 N="Other">not a number, and nobody minds</I32><Obj N="List"><LST>${inner}${inner}</LST></Obj></MS></Obj>`,
  );
  const wants = (name: string): boolean => name === 'name';
  assert.equal(
    itemsOf(bags, { visitor: { wants } }).map(({ object }) => [object.typeNames[0], { ...object.properties }]),
    [
      ['Inner', { name: 'x' }],
      ['Inner', { name: 'x' }],
      ['Outer', { name: 'outer' }],
    ],
  );
  const complete = (types: readonly string[]): boolean => types[0] === 'Outer';
  assert.equal(
    itemsOf(bags, { visitor: { wants, complete } }).map(({ object }) => object.typeNames[0]),
    ['Outer'],
  );
  const containers = documentOf(
    `<Obj><LST>${inner}<Obj><QUE>${inner}</QUE></Obj></LST></Obj><Obj><DCT><En><S N="Key">k</S>${inner.replace('<Obj>', '<Obj N="Value">')}</En></DCT></Obj>`,
  );
  assert.equal(
    itemsOf(containers).map(({ object }) => object.typeNames[0]),
    ['Inner', 'Inner', 'Inner'],
  );
  assert.equal(
    itemsOf(documentOf('<Obj><TN><T>System.Object[]</T></TN><LST><S>a</S></LST></Obj>')).map(({ object }) => object.typeNames[0]),
    ['System.Object[]'],
  );
});

test('a reference into what was not read is an empty object', () => {
  const item = itemsOf(
    documentOf(
      '<Obj RefId="0"><TN><T>Any</T></TN><MS><Obj N="Skipped" RefId="1"><MS><S N="Name">x</S></MS></Obj><Ref N="Wanted" RefId="1" /><Ref N="Itself" RefId="0" /></MS></Obj>',
    ),
    {
      visitor: { wants: (name) => name !== 'skipped', complete: () => true },
    },
  )[0];
  assert.equal(plain(item!.object.properties['wanted']), { type: undefined });
  assert.equal(plain(item!.object.properties['itself']), { type: undefined });
});

for (const [what, text, why] of [
  ['a dangling object reference', documentOf('<Ref RefId="7" />'), /no object has the reference id "7"/],
  ['one without an id', documentOf('<Obj><MS><Ref N="a" /></MS></Obj>'), /no object has the reference id null/],
  ['a reference to what comes later', documentOf('<Obj><MS><Ref N="a" RefId="1" /><Obj N="b" RefId="1" /></MS></Obj>'), /no object has the reference id "1"/],
  ['a dangling type reference', documentOf('<Obj><TNRef RefId="7" /></Obj>'), /no list of types has the reference id "7"/],
  ['an unknown tag', documentOf('<SemanticVersion>1.2.3</SemanticVersion>'), /has an element <SemanticVersion> in <Objs>/],
  ['an unknown tag in an object', documentOf('<Obj><Foo /></Obj>'), /has an element <Foo> in <Obj>/],
  ['an unknown tag in a property', documentOf('<Obj><Props><Foo N="a" /></Props></Obj>'), /has an element <Foo> in <Props>/],
  ['a list without an object', documentOf('<LST><S>1</S></LST>'), /has an element <LST> in <Objs>/],
  ['an element in a text', documentOf('<S>a<b/></S>'), /has an element <b> in <S>/],
  ['a text between elements', documentOf('<Obj>text<MS /></Obj>'), /text where an element belongs: "text"/],
  ['a text in null', documentOf('<Nil>x</Nil>'), /text where an element belongs/],
  ['a property without a name', documentOf('<Obj><MS><S>1</S></MS></Obj>'), /a property <S> has no name/],
  ['something else than a type name', documentOf('<Obj><TN><S>a</S></TN></Obj>'), /has an element <S> in <TN>/],
  ['an entry without a key', documentOf('<Obj><DCT><En><S N="Value">b</S></En></DCT></Obj>'), /not one key and one value/],
  ['an entry without a value', documentOf('<Obj><DCT><En><S N="Key">b</S></En></DCT></Obj>'), /without a key or a value/],
  ['an entry with a third', documentOf('<Obj><DCT><En><S N="Key">b</S><S N="Value">b</S><S>c</S></En></DCT></Obj>'), /not one key and one value/],
  ['a null key', documentOf('<Obj><DCT><En><Nil N="Key" /><S N="Value">b</S></En></DCT></Obj>'), /without a key or a value/],
  ['something else in a dictionary', documentOf('<Obj><DCT><S>b</S></DCT></Obj>'), /has an element <S> in <DCT>/],
  ['something else in a progress record', documentOf('<Obj><MS><PR N="a"><Foo /></PR></MS></Obj>'), /has an element <Foo> in <PR>/],
  ['a DOCTYPE', `<!DOCTYPE Objs [<!ENTITY a "b">]>${documentOf('<S>&a;</S>')}`, /has a DOCTYPE|not well-formed XML/],
  ['an entity that XML does not know', documentOf('<S>&nbsp;</S>'), /not well-formed XML: Invalid character entity/],
  ['another root', '<html></html>', /is XML, but not CLIXML: its root element is <html>/],
  ['another namespace', '<Objs Version="1.1.0.1" xmlns="urn:x"></Objs>', /its root element is <Objs> of another namespace/],
  ['no namespace', '<Objs Version="1.1.0.1"></Objs>', /of another namespace/],
  ['another version', `<Objs Version="2.0" xmlns="${namespace}"></Objs>`, /CLIXML of a version that is not read: "2.0"/],
  ['no version', `<Objs xmlns="${namespace}"></Objs>`, /version that is not read: ""/],
  ['a document in a document', documentOf(documentOf('')), /has an element <Objs> in <Objs>/],
  ['no document', '<!-- nothing -->', /is not CLIXML: it holds no document/],
  ['nothing at all', '', /it holds no document/],
  ['a file that is cut off', `${open}<Obj><MS><S N="a">1`, /is truncated/],
  ['a file that is cut off in a tag', `${open}<Obj><MS><S N="`, /is truncated/],
  ['a file that is cut off between objects', `${open}<S>a</S>`, /is truncated/],
  ['a file that is cut off in what follows', `${documentOf('')}<!-- `, /is truncated/],
  ['an end tag too many', `${documentOf('')}</Objs>`, /not well-formed XML|an end tag too many/],
  ['the end of what only this program begins', `${documentOf('')}</portowner>`, /an end tag too many/],
  ['the same, and a new beginning', `</portowner><portowner>${documentOf('')}`, /an end tag too many/],
  ['tags that cross', documentOf('<Obj><MS></Obj></MS>'), /not well-formed XML: Unexpected close tag/],
  ['an attribute without quotes', documentOf('<Obj RefId=1 />'), /not well-formed XML/],
  ['a name that breaks the parser', documentOf('<Obj hasOwnProperty="1" RefId="0" />'), /not well-formed XML/],
  ['text after the end', `${documentOf('')}more`, /text where an element belongs: "more"/],
  ['binary data', '<abc\u0000\u0001', /not well-formed XML/],
] as const) {
  test(`${what} is an error`, () => assert.throws(() => itemsOf(text), why));
}

test('what XML allows besides is no matter', () => {
  const text = `<?xml version="1.0" encoding="utf-8"?>\n<!-- a comment -->\n<Objs Version='1.1.0.1' xmlns='${namespace}' xmlns:x="urn:x">\r\n<Obj foo="x"><?pi?><MS>\n\t<S N="a" bar="y">2</S></MS></Obj>\n</Objs>\n<!-- end -->\n`;
  assert.equal({ ...itemsOf(text)[0]!.object.properties }, { a: '2' });
});

/** A file that begins with `head` and goes on with `part` without an end, and how much of it was taken. */
function endless(head: string, part: (index: number) => string, encoding: BufferEncoding = 'utf8') {
  const state = { bytes: 0 };
  function* chunks(): Generator<Uint8Array> {
    yield Buffer.from(head, encoding);
    for (let i = 0; ;) {
      let text = '';
      while (text.length < 65_536) text += part(i++);
      const bytes = Buffer.from(text, encoding);
      state.bytes += bytes.length;
      if (state.bytes > 100_000_000) throw new Error('nothing stopped it');
      yield bytes;
    }
  }
  return { chunks: chunks(), state };
}

const low = { ...clixmlLimits, kept: 100_000, held: 10_000, typeNames: 100_000, references: 1000, token: 100_000 };
for (const [what, head, part, why] of [
  ['nesting', open, () => '<Obj><MS><Obj N="a"><LST>', /nested deeper than 256/],
  ['nesting of what nobody wants', `${open}<Obj><TN><T>Complete</T></TN><MS><Obj N="a">`, () => '<LST><Obj>', /nested deeper than 256/],
  ['nesting without an end tag', open, () => '<a>', /has an element <a> in <Objs>/],
  ['attributes', `${open}<Obj`, (i: number) => ` a${i}="1"`, /more than 32 attributes/],
  ['an attribute', `${open}<Obj a="`, () => 'x'.repeat(1000), /one tag or comment in it has more than 100000/],
  ['a tag', `${open}<Obj`, () => 'x'.repeat(1000), /one tag or comment/],
  ['blanks in a tag', `${open}<Obj`, () => ' '.repeat(1000), /one tag or comment/],
  ['a comment', `${open}<!--`, () => 'x'.repeat(1000), /one tag or comment/],
  ['an instruction', `${open}<?a `, () => 'x'.repeat(1000), /one tag or comment/],
  ['a DOCTYPE', '<!DOCTYPE Objs [', () => '<!ENTITY a "b">', /one tag or comment|DOCTYPE|no well-formed/],
  ['an entity', `${open}<S>&`, () => 'x'.repeat(1000), /one tag or comment/],
  ['a text that is read', `${open}<Obj><MS><S N="Name">`, () => 'x'.repeat(1000), /one object in it has more than 100000 characters/],
  ['CDATA that is read', `${open}<Obj><MS><S N="Name"><![CDATA[`, () => 'x'.repeat(1000), /one object in it has more than 100000 characters/],
  ['a list that is read', `${open}<Obj><MS><Obj N="Name"><LST>`, () => '<Nil />', /one object in it has more than 100000 characters/],
  ['a dictionary that is read', `${open}<Obj><MS><Obj N="Name"><DCT>`, () => '<En><S N="Key">k</S><Nil N="Value" /></En>', /one object in it has more than 100000 characters/],
  ['texts in objects around each other', open, () => `<Obj><MS><S N="Name">${'x'.repeat(5000)}</S><Obj N="Other"><LST>`, /more than 100000 characters|deeper/],
  ['type names', `${open}<Obj><TN>`, () => '<T>x</T>', /more than 100000 characters/],
  ['lists of types', open, (i: number) => `<Obj><TN RefId="${i}"><T>Type${i}</T></TN></Obj>`, /too many type names/],
  ['ids out of order', open, (i: number) => `<Obj RefId="${2 * i + 1}" />`, /reference ids are out of order/],
  ['text between elements', open, () => 'x'.repeat(1000), /text where an element belongs/],
] as const) {
  test(`endless ${what}: one error, early`, () => {
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const { chunks, state } = endless(encoding === 'utf8' ? head : `\ufeff${head}`, part, encoding);
      assert.throws(() => readClixml(chunks, { wants: (name) => name === 'name', complete: (types) => types[0] === 'Complete', item() {} }, low), why);
      assert.ok(state.bytes < 4_000_000, `${state.bytes} bytes were read`);
    }
  });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

for (const [what, head, part, tail] of [
  ['objects', open, (i: number) => `<Obj RefId="${i}"><MS><S N="Name">${'n'.repeat(50)}${i}</S><S N="Other">${'o'.repeat(500)}</S></MS></Obj>`, '</Objs>'],
  ['objects that could be referred to', open, (i: number) => `<Obj><MS><Obj N="Name" RefId="${i}"><ToString>${'n'.repeat(500)}${i}</ToString></Obj></MS></Obj>`, '</Objs>'],
  ['objects in a list', `${open}<Obj><LST>`, () => `<Obj><MS><S N="Name">${'n'.repeat(500)}</S></MS></Obj>`, '</LST></Obj></Objs>'],
  ['a text that nobody wants', `${open}<S>`, () => 'x'.repeat(1000), '</S></Objs>'],
  ['property names', `${open}<Obj><MS>`, (i: number) => `<S N="name-that-is-used-once-${i}">x</S>`, '</MS></Obj></Objs>'],
  ['documents', '', () => documentOf('<Obj RefId="0"><TN RefId="0"><T>A</T></TN></Obj>'), ''],
  ['text of a thing that is searched', `${open}<Obj><MS><Obj N="x"><LST>`, () => '<S>nothing that anybody wants</S>', '</LST></Obj></MS></Obj></Objs>'],
] as const) {
  test(`6 MB of ${what} are read in memory that does not grow`, () => {
    let bytes = 0;
    let early = 0;
    function* chunks(): Generator<Uint8Array> {
      yield Buffer.from(head);
      for (let i = 0; bytes < 6_000_000;) {
        let text = '';
        while (text.length < 65_536) text += part(i++);
        bytes += text.length;
        if (early === 0 && bytes > 2_000_000) early = heapInUse();
        yield Buffer.from(text);
      }
      yield Buffer.from(tail);
    }
    let items = 0;
    let late = 0;
    function* measured(): Generator<Uint8Array> {
      yield* chunks();
      late = heapInUse();
    }
    readClixml(measured(), { wants: (name) => name === 'name', complete: () => false, item: () => void items++ }, { ...clixmlLimits, held: 100_000 });
    assert.ok(items > 0);
    assert.ok(late - early < 1_500_000, `${late - early} bytes more after 6 MB than after 2 MB`);
  });
}

test('a value that is kept keeps nothing else of the file', () => {
  const kept: unknown[] = [];
  function* chunks(): Generator<Uint8Array> {
    yield Buffer.from(open);
    for (let i = 0; i < 200; i++) yield Buffer.from(`<Obj><MS><S N="Other">${'x'.repeat(60_000)}</S><S N="Name">a name of some length ${i}</S></MS></Obj>`);
    yield Buffer.from('</Objs>');
  }
  const before = heapInUse();
  readClixml(chunks(), { wants: (name) => name === 'name', complete: () => false, item: ({ properties }) => void kept.push(properties['name']) });
  assert.is(kept.length, 200);
  assert.ok(heapInUse() - before < 1_500_000);
});

test.run();
