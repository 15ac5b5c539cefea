import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readBraces, type Directive, type Terminator } from '../../../src/configuration/readers/braces.ts';
import { lastOption, optionsOf } from '../../../src/configuration/readers/arguments.ts';
import { readJson } from '../../../src/configuration/readers/json.ts';
import { ini, properties, readEnv, readLines, readWords } from '../../../src/configuration/readers/lines.ts';
import { readPython } from '../../../src/configuration/readers/python.ts';
import { readScript } from '../../../src/configuration/readers/script.ts';
import { NotParsed, type NamedValue, type Word } from '../../../src/configuration/readers/setting.ts';
import { readUnit } from '../../../src/configuration/readers/unit.ts';
import { readXml } from '../../../src/configuration/readers/xml.ts';
import { readYaml } from '../../../src/configuration/readers/yaml.ts';
import { readRegistryText } from '../../../src/configuration/registry.ts';
import { decodeFile, edited } from '../../../src/configuration/text-file.ts';

const test = suite('readers of configurations');

/** Every word that a reader finds, with a name for it. */
const wordsOfDirectives = (directives: readonly Directive[]): Word[] => directives.flatMap(({ words, block }) => [...words, ...wordsOfDirectives(block ?? [])]);
const readers: Readonly<Record<string, (text: string) => readonly Word[]>> = {
  ini: (text) => readLines(text, ini),
  properties: (text) => readLines(text, properties),
  env: readEnv,
  words: (text) => readWords(text).flat(),
  nginx: (text) => wordsOfDirectives(readBraces(text)),
  Caddyfile: (text) => wordsOfDirectives(readBraces(text, 'line')),
  yaml: (text) => readYaml(text).flat(),
  json: readJson,
  script: readScript,
  python: readPython,
  unit: readUnit,
  registry: (text) => readRegistryText(text).strings,
  xml: (text) =>
    readXml(text).flatMap(({ attributes, text: own }) =>
      attributes
        .values()
        .toArray()
        .concat(own ?? []),
    ),
};

/** What each of them reads in a realistic file; `@` stands before the value to find. */
const examples: readonly (readonly [reader: string, text: string])[] = [
  ['ini', '\ufeff; Grafana\r\n[server]\r\n;http_port = 1\r\nhttp_port   =  3000\r\n'],
  ['ini', '[mysqld]\nport="3000"\n'],
  ['properties', '# Spring\nspring.x=a\\\n  server.port=1\nserver.port : 3000\n'],
  ['env', "# ä\nexport PORT='3000' # local\n"],
  ['words', '# Redis\n  port\t3000\n'],
  ['nginx', 'http { # }\n server { listen 3000 default_server; set $x "}"; } }'],
  ['Caddyfile', '{\n  http_port 3000\n}\nexample.com {\n respond {$X} ok\n}\n'],
  ['yaml', '# ß\nserver:\n  port: 3000   # here\n  x: [1, {a: b}]\n---\nport: "1"\n'],
  ['yaml', 'ports:\n  - "3000"\n'],
  ['json', '// settings\n{ "a": { "port": 3000, }, "b": "x\\u00e4" /* end */ }'],
  ['json', '{"port": "3000"}'],
  ['script', '// port: 1\nexport default defineConfig({\r\n server: { "port": /* 1 */ 3000, x: [`}`, \'{\'] } });'],
  ['script', "module.exports = { apps: [{ env: { PORT: '3000' } }] };"],
  ['python', '"""\nport = 1\n"""\r\nport = 3000  # here\nbind = ["a", \'b\']\n'],
  ['unit', '[Service]\r\n# ä\r\nExecStart=/usr/bin/x \\\r\n; port\r\n -p 1\r\nListenStream = 3000 \r\n'],
  ['registry', 'REG_DWORD 3000\n'],
  ['registry', 'REG_MULTI_SZ PORT=1\n3000\n\n'],
  ['registry', 'REG_SZ 3000\nleft over\n'],
  ['xml', '<?xml version="1.0"?><!-- <Connector port="1"/> --><Server><Connector port=\'3000\' a="&amp;"/></Server>'],
  ['xml', '<settings><port>3000</port></settings>'],
];

const encodings = {
  utf8: (text: string) => Buffer.from(text),
  mark: (text: string) => Buffer.from(`\ufeff${text}`),
  utf16le: (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  utf16be: (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
} as const;

for (const [name, text] of examples)
  test(`${name}: the value is found and replaced, and nothing else, in every encoding: ${JSON.stringify(text.slice(0, 24))}`, () => {
    const plain = text.replace('\ufeff', '');
    for (const encode of Object.values(encodings)) {
      const file = decodeFile('x', encode(plain))!;
      const found = readers[name]!(file.text).filter(({ value }) => value === '3000');
      assert.is(found.length, 1);
      const [{ start, end }] = found as [Word];
      assert.equal(edited(file, [{ start, end, text: '40001' }]), encode(plain.replace('3000', '40001')));
    }
  });

test('Latin-1 stays as it is, and takes only characters that it has', () => {
  const file = decodeFile('x', Buffer.from('# \xe4\nport 80\n', 'latin1'))!;
  const [word] = readWords(file.text)[0]!.slice(1);
  assert.equal(edited(file, [{ ...word!, text: '8080' }]), Buffer.from('# \xe4\nport 8080\n', 'latin1'));
  assert.is(edited(file, [{ ...word!, text: '\u20ac' }]), null);
});

test('binary files are no text', () => {
  assert.is(decodeFile('x', Buffer.from('a\0b')), null);
  assert.is(decodeFile('x', Buffer.from([0xff, 0xfe, 0x41])), null);
});

test('names have those of what they are in', () => {
  const names = (settings: readonly NamedValue[]): string[] => settings.map(({ name, value }) => `${name}=${value}`);
  assert.equal(names(readLines('a=1\n[s]\nb = 2\n', ini)), ['a=1', 's.b=2']);
  assert.equal(names(readYaml('a:\n  b: [1, {c: 2}]\n')[0]!), ['a.b[0]=1', 'a.b[1].c=2']);
  assert.equal(names(readJson('{"a": {"b": [1, {"c": 2}]}}')), ['a.b[0]=1', 'a.b[1].c=2']);
  assert.equal(
    readXml('<a><b c="1"/></a>').map(({ path }) => path),
    ['a', 'a/b'],
  );
});

test('quotes and escapes are those of the syntax', () => {
  const values = (text: string, terminator: Terminator): string[] => wordsOfDirectives(readBraces(text, terminator)).map(({ value }) => value);
  // https://github.com/nginx/nginx/blob/master/src/core/ngx_conf_file.c, ngx_conf_read_token
  assert.equal(values(String.raw`"\80" "\"\\" 'it\'s';`, 'semicolon'), [String.raw`\80`, '"\\', "it's"]);
  // https://caddyserver.com/docs/caddyfile/concepts#tokens-and-quotes
  assert.equal(values(String.raw`"\80" "\"b\"" it's`, 'line'), [String.raw`\80`, '"b"', "it's"]);
  assert.equal(values('`"\\` b', 'line'), ['"\\', 'b']);
});

test('options are found in every form', () => {
  const args = ['x', '-p', '1', '-p2', '--port=3', '--port', '4'];
  assert.equal(
    optionsOf(args, ['-p', '--port']).map(({ value }) => value),
    ['1', '2', '3', '4'],
  );
  assert.is(lastOption(['--port'], ['--port']), null);
});

test('what does not parse, or is nested too deeply, is refused with a position', () => {
  for (const [name, text] of [
    ['nginx', 'http {'],
    ['nginx', 'listen 80'],
    ['nginx', '}'],
    ['nginx', '{'.repeat(100_000)],
    ['yaml', 'a: [1'],
    ['yaml', '['.repeat(100_000)],
    ['json', '{"a" 1}'],
    ['json', '['.repeat(100_000)],
    ['xml', '<a>'],
    ['xml', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ['xml', '<a>'.repeat(100_000)],
  ] as const) {
    let error: unknown;
    try {
      readers[name]!(text);
    } catch (thrown) {
      error = thrown;
    }
    assert.instance(error, NotParsed, `${name} ${text.slice(0, 20)}`);
  }
});

/** Text that is likely to have a meaning for a reader. */
const confusing = fc
  .array(fc.constantFrom('port', '80', ' ', '\t', '\n', '\r\n', '=', ':', '"', "'", '\\', '#', ';', '[', ']', '{', '}', '<', '>', '/', '!', '-', ',', '$', '\u00e4', '\u{1f600}'), {
    maxLength: 40,
  })
  .map((parts) => parts.join(''));

for (const [name, read] of Object.entries(readers))
  test(`fuzz: whatever ${name} reads, an edit changes only the bytes of a value and reads back`, () => {
    fc.assert(
      fc.property(confusing, fc.constantFrom(...Object.values(encodings)), fc.integer({ min: 1, max: 65_535 }), (text, encode, port) => {
        const file = decodeFile('x', encode(text));
        if (file === null) return;
        const words = tryRead(read, file.text);
        for (const [index, { start, end, value }] of (words ?? []).entries()) {
          assert.ok(start <= end && end <= file.text.length);
          if (!/^\d+$/.test(value)) continue;
          assert.is(file.text.slice(start, end), value);
          const after = decodeFile('x', edited(file, [{ start, end, text: String(port) }])!)!;
          assert.is(after.text, file.text.slice(0, start) + String(port) + file.text.slice(end));
          const again = tryRead(read, after.text);
          assert.is(again?.[index]?.value, String(port));
          assert.is(again?.length, words!.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

function tryRead(read: (text: string) => readonly Word[], text: string): readonly Word[] | null {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof NotParsed) return null;
    throw error;
  }
}

test.run();
