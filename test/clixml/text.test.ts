import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { looksLikeXml } from '../../src/clixml/sniff.ts';
import { decodeChunks } from '../../src/clixml/text.ts';
import { pieces } from '../facts/read/clixml/helpers.ts';

const test = suite('CLIXML text');
const text = '<Objs>\u00e9\u20ac\u{1f600}</Objs>';

function utf16be(plain: string): Buffer {
  return Buffer.from(plain, 'utf16le').swap16();
}

const encodings: Readonly<Record<string, Buffer>> = {
  'UTF-8': Buffer.from(text),
  'UTF-8 with a byte order mark': Buffer.from(`\ufeff${text}`),
  'UTF-16LE': Buffer.from(text, 'utf16le'),
  'UTF-16LE with a byte order mark': Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16BE': utf16be(text),
  'UTF-16BE with a byte order mark': utf16be(`\ufeff${text}`),
  "UTF-8 after PowerShell's header": Buffer.from(`#< CLIXML\r\n${text}`),
  "UTF-16LE after PowerShell's header": Buffer.from(`\ufeff#< CLIXML\r\n${text}`, 'utf16le'),
};

for (const [name, bytes] of Object.entries(encodings)) {
  test(`${name} is read, however it is cut into pieces`, () => {
    assert.ok(looksLikeXml(bytes));
    for (let size = 1; size <= bytes.length; size++) assert.is([...decodeChunks(pieces(bytes, size))].join(''), text, `pieces of ${size}`);
  });
}

test('a buffer that is filled again for each piece is no trouble', () => {
  function* again(): Generator<Uint8Array> {
    const buffer = Buffer.alloc(3);
    for (const piece of pieces(encodings['UTF-16LE']!, 3)) yield buffer.subarray(0, Buffer.from(piece).copy(buffer));
  }
  assert.is([...decodeChunks(again())].join(''), text);
});

for (const [why, bytes] of [
  ['is not UTF-8 text', Buffer.from('<S>M\u00fcller</S>', 'latin1')],
  ['is not UTF-8 text', Buffer.from([0x3c, 0x53, 0x3e, 0x61, 0xc3])],
  ['is not UTF-16LE text', Buffer.from([0xff, 0xfe, 0x3c, 0x00, 0x00, 0xd8, 0x3c, 0x00])],
  ['is UTF-32 text', Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0])],
  ['is UTF-32 text', Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c])],
] as const) {
  test(`${bytes.toString('hex')} ${why}`, () => {
    assert.throws(() => [...decodeChunks([bytes])], new RegExp(why));
    assert.ok(looksLikeXml(bytes), 'it is reported as what it is, not as broken JSON');
  });
}

for (const other of ['', '{"kind": "PortOwner.Facts"}', ' [', '# a comment', '\ufeff{}', '\u0000\u0000']) {
  test(`${JSON.stringify(other)} does not look like XML`, () => assert.not.ok(looksLikeXml(Buffer.from(other))));
}

test('blanks before the first tag do not matter', () => {
  assert.ok(looksLikeXml(Buffer.from('\r\n\t <Objs')));
  assert.ok(looksLikeXml(Buffer.from(' \r\n<Objs', 'utf16le')));
});

test.run();
