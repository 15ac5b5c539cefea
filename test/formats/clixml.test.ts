import fc from 'fast-check';
import sax from 'sax';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { problemKinds, type ProblemCode } from '../../src/schema/problems.ts';
import type { AnyRow } from '../../src/schema/column.ts';
import { empty, full, hostileRow, problem, sample, written } from '../support/formats.ts';

const test = suite('clixml');

const open = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">';

interface Node {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

function parse(xml: string): Node {
  const root: Node = { tag: '', attributes: {}, children: [], text: '' };
  const path = [root];
  const reader = Object.assign(sax.parser(true), {
    onopentag: ({ name, attributes }: sax.Tag) => {
      const node: Node = { tag: name, attributes, children: [], text: '' };
      path.at(-1)!.children.push(node);
      path.push(node);
    },
    onclosetag: () => void path.pop(),
    ontext: (text: string) => void (path.at(-1)!.text += text),
    onerror: (error: Error) => {
      throw error;
    },
  });
  reader.write(xml).close();
  return root.children[0]!;
}

/** What XmlConvert.DecodeName does. */
const decode = (text: string): string => text.replace(/_[xX]([0-9a-fA-F]{4})_/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** The top-level items of a document as PowerShell makes them: type names, stream and properties. */
function read(xml: string) {
  const types = new Map<string, string[]>();

  function typeNames({ children }: Node): string[] | undefined {
    const [first] = children;
    if (first?.tag === 'TN')
      types.set(
        first.attributes.RefId!,
        first.children.map((node) => decode(node.text)),
      );
    else if (first?.tag !== 'TNRef') return undefined;
    const found = types.get(first.attributes.RefId!);
    assert.ok(found, 'a reference to type names that were not written before');
    return found;
  }

  function value(node: Node): unknown {
    switch (node.tag) {
      case 'S':
        return decode(node.text);
      case 'U16':
      case 'U32':
      case 'I32':
        return Number(node.text);
      case 'B':
        assert.match(node.text, /^(true|false)$/);
        return node.text === 'true';
      case 'DT':
        assert.match(node.text, /\+00:00$/);
        return node.text.replace('+00:00', 'Z');
      case 'Nil':
        return null;
      default: {
        assert.is(node.tag, 'Obj');
        const wrapped = node.children.find((child) => child.tag === 'S');
        if (wrapped !== undefined) return value(wrapped);
        const type = typeNames(node);
        const list = node.children.find((child) => child.tag === 'LST');
        assert.ok(list && type && /^System\.(String|UInt32)\[\]$/.test(type[0]!));
        return list.children.map(value);
      }
    }
  }

  return parse(xml).children.map((node) => {
    const type = typeNames(node);
    const properties = node.children.find((child) => child.tag === 'MS')?.children ?? [];
    return {
      stream: node.attributes.S,
      type,
      text: decode(node.text),
      tags: Object.fromEntries(properties.map((child) => [child.attributes.N!, child.tag])),
      get row() {
        return Object.fromEntries(properties.map((child) => [child.attributes.N!, value(child)])) as AnyRow;
      },
    };
  });
}

/** The documents behind the header line. */
function documents(text: string): string[] {
  const [first, ...lines] = text.split('\n');
  assert.is(first, '#< CLIXML');
  assert.is(lines.pop(), '');
  for (const line of lines) assert.match(line, /^<Objs [ -~]*<\/Objs>$/);
  return lines;
}

test('every type in one document of one line', async () => {
  const { text } = await written('clixml', sample, [full, { ...empty, Services: ['WinRM'] }]);
  assert.is(
    text,
    `#< CLIXML\n${open}` +
      '<Obj><TN RefId="0"><T>PortOwner.Sample</T><T>PortOwner.Sample#Live</T></TN><MS>' +
      '<U16 N="Port">443</U16><U32 N="Process">4000000000</U32><I32 N="Offset">-7</I32><S N="Owner">W3SVC (svchost.exe)</S><S N="State">Listen</S>' +
      '<B N="Elevated">true</B><DT N="Start">2026-05-04T08:09:11.1234567+00:00</DT>' +
      '<Obj N="Services"><TN RefId="1"><T>System.String[]</T><T>System.Array</T><T>System.Object</T></TN><LST><S>W3SVC</S><S>WAS</S></LST></Obj>' +
      '<Obj N="Holders"><TN RefId="2"><T>System.UInt32[]</T><T>System.Array</T><T>System.Object</T></TN><LST><U32>4</U32><U32>1000</U32></LST></Obj>' +
      '</MS></Obj>' +
      '<Obj><TN RefId="3"><T>PortOwner.Sample</T></TN><MS><Nil N="Port" /><Nil N="Process" /><Nil N="Offset" /><Nil N="Owner" /><Nil N="State" /><Nil N="Elevated" /><Nil N="Start" />' +
      '<Obj N="Services"><TNRef RefId="1" /><LST><S>WinRM</S></LST></Obj><Nil N="Holders" /></MS></Obj></Objs>\n',
  );
});

test('a document without rows', async () => {
  assert.is((await written('clixml', sample, [])).text, `#< CLIXML\n${open}</Objs>\n`);
  assert.is((await written('clixml', sample, [], { stream: true })).text, `#< CLIXML\n${open}</Objs>\n`);
});

test('a live row has a type of its own, and nothing more', async () => {
  const [document] = documents((await written('clixml', sample, [full, empty, { ...empty, Id: null }, full])).text);
  const live = ['PortOwner.Sample', 'PortOwner.Sample#Live'];
  assert.equal(
    read(document!).map((item) => item.type),
    [live, ['PortOwner.Sample'], ['PortOwner.Sample'], live],
  );
  assert.not.match(document!, /N="Id"/);
});

test('a row of chosen columns is live when it has what the name is an alias of', async () => {
  const type = async (count: number) => read(documents((await written('clixml', sample, [full], { columns: sample.columns.slice(0, count) })).text)[0]!)[0]!.type;
  assert.equal(await type(2), ['Selected.PortOwner.Sample', 'PortOwner.Sample#Live']);
  assert.equal(await type(1), ['Selected.PortOwner.Sample']);
});

const escapes: [text: string, encoded: string][] = [
  ['a b', 'a b'],
  [' ', ' '],
  ['<&>"\'', '&lt;&amp;&gt;"\''],
  ['\0\t\r\n\x1f\x7f\x85', '_x0000__x0009__x000D__x000A__x001F__x007F__x0085_'],
  ['_x0041_ _X _y __x', '_x005F_x0041_ _x005F_X _y __x005F_x'],
  ['é漢\ufffe\uffff', '_x00E9__x6F22__xFFFE__xFFFF_'],
  ['👍\ud800', '_xD83D__xDC4D__xD800_'],
];
for (const [text, encoded] of escapes) {
  test(`encodes ${JSON.stringify(text)}`, async () => {
    const result = await written('clixml', sample, [{ Owner: text }], { columns: [sample.columns[3]] });
    assert.match(result.text, /<(?:S|Obj) N="Owner">/);
    assert.ok(result.text.includes(`>${encoded}</S>`), result.text);
    const [document] = documents(result.text);
    assert.is(read(document!)[0]!.row.Owner, text);
  });
}

test('rows without a view bring text that is safe to show; those with a view have the text alone', async () => {
  const row = { ...empty, Owner: 'a\u001b]0;b\u0007', Services: ['plain', 'c\u202ed'] };
  const chosen = sample.columns.filter(({ name }) => name === 'Owner' || name === 'Services');
  const { text } = await written('clixml', sample, [row], { columns: chosen });
  assert.ok(text.includes('<Obj N="Owner"><ToString>a\\x1b]0;b\\x07</ToString><S>a_x001B_]0;b_x0007_</S></Obj>'), text);
  assert.ok(text.includes('<LST><S>plain</S><Obj><ToString>c\\u202ed</ToString><S>c_x202E_d</S></Obj></LST>'), text);
  assert.equal(read(documents(text)[0]!)[0]!.row, { Owner: row.Owner, Services: row.Services });
  assert.not.match((await written('clixml', sample, [row])).text, /<ToString>/);
});

test('nothing is markup, whatever a row has where a number, a boolean or a date belongs', async () => {
  const row = { Port: '</U16><X/>', Elevated: '<X/>', Start: '<X/>Z' };
  const [document] = documents((await written('clixml', sample, [row])).text);
  assert.not.match(document!, /<X/);
});

test('streaming sends a complete document per batch, with its own type names', async () => {
  const rows = Array.from({ length: 600 }, (_, i) => ({ ...full, Port: i }));
  const { text, flushed } = await written('clixml', sample, rows, { stream: true });
  const batches = documents(text).map((document) => read(document));
  assert.ok(batches.length > 2, `${batches.length} batches`);
  // .NET's large object heap begins at 85,000 bytes.
  for (const document of documents(text)) assert.ok(document.length < 42_000, `${document.length} characters`);
  assert.equal(
    batches.flat().map((item) => item.row.Port),
    rows.map((row) => row.Port),
  );
  for (const [first] of batches) assert.equal(first!.type, ['PortOwner.Sample', 'PortOwner.Sample#Live']);
  assert.equal(
    flushed.map((part) => documents(part).length),
    batches.map((_, i) => i + 1),
  );
});

test('a stream that ends with a full batch has no empty document', async () => {
  const write = async (rows: number): Promise<string[]> => documents((await written('clixml', sample, Array(rows).fill(full), { stream: true })).text);
  const batch = read((await write(600))[0]!).length;
  assert.is((await write(2 * batch)).length, 2);
});

test('values are remembered per column, however many there are', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({ ...full, Port: i % 2000, Owner: `owner ${i % 7}`, State: `é${i % 1500}` }));
  const [document] = documents((await written('clixml', sample, rows)).text);
  assert.equal(
    read(document!).map(({ row: { Port, Owner, State } }) => ({ Port, Owner, State })),
    rows.map(({ Port, Owner, State }) => ({ Port, Owner, State })),
  );
});

test('problems go to the streams of their kind', async () => {
  const severities = ['Error', 'Warning'] as const;
  const { text } = await written('clixml', sample, [full, ...severities.map((severity) => Object.assign({}, problem, { severity }))]);
  const [document] = documents(text);
  const items = read(document!);
  assert.equal(
    items.map((item) => item.stream),
    [undefined, 'Error', 'warning'],
  );
  assert.is(items[2]!.text, 'PO3002: some are hidden. Run as root.');
});

const categories: [ProblemCode, number][] = [
  ['PO1001', 5],
  ['PO2004', 23],
  ['PO3002', 18],
  ['PO9001', 0],
];
for (const [code, category] of categories) {
  test(`${code} as an ErrorRecord`, async () => {
    const { text } = await written('clixml', sample, [{ severity: 'Error', code, message: 'é <no>' }]);
    for (const part of [
      '<Obj S="Error"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>',
      '<S N="Message">_x00E9_ &lt;no&gt;</S>',
      `<S N="FullyQualifiedErrorId">${code}</S>`,
      `<I32 N="ErrorCategory_Category">${category}</I32>`,
      '<Nil N="TargetObject" />',
      `<S N="ErrorDetails_RecommendedAction">${problemKinds[code].action}</S>`,
    ])
      assert.ok(text.includes(part), part);
  });
}

test('problems as rows', async () => {
  const { text } = await written('clixml', sample, [problem, full], { problems: 'rows' });
  const [document] = documents(text);
  const [first, second, ...others] = read(document!);
  assert.equal(
    others.map(({ row: { Severity, Message } }) => [Severity, Message]),
    [['End', null]],
  );
  assert.equal(
    [first!.stream, first!.type, first!.row],
    [
      undefined,
      ['PortOwner.Problem'],
      { Severity: 'Warning', Code: 'PO3002', Message: 'some are hidden', Hint: 'Run as root.', Target: 'pid 4', Category: 'PermissionDenied', Terminating: false },
    ],
  );
  assert.is(second!.row.Port, 443);
});

test('any rows can be read back, in pure ASCII', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileRow, { minLength: 1, maxLength: 4 }), fc.boolean(), async (rows, stream) => {
      const [document, ...more] = documents((await written('clixml', sample, rows, { stream })).text);
      assert.equal(more, []);
      assert.equal(
        read(document!).map((item) => item.row),
        rows.map((row) => ({ ...row })),
      );
    }),
    { numRuns: 300 },
  );
});

test.run();
