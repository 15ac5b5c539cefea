import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeConsoleText } from '../../../src/facts/decode/windows-text.ts';

const test = suite('texts in code pages');

const cases: [page: number | undefined, bytes: number[], text: string][] = [
  [437, [0x81, 0x9b, 0xe1], 'ü¢ß'],
  [850, [0x99, 0x84, 0xd5], 'Öäı'],
  [858, [0xd5], '€'],
  [932, [0x83, 0x5c, 0x5c], 'ソ\\'],
  [936, [0xd0, 0xad], '协'],
  [1252, [0xe9, 0x80], 'é€'],
  [65001, [0xc3, 0xa9], 'é'],
  [720, [0x41, 0xe9], 'A\ufffd'],
  [undefined, [0x41, 0xe9], 'A\ufffd'],
];
for (const [page, bytes, text] of cases) test(`code page ${page}`, () => assert.is(decodeConsoleText(Buffer.from(bytes), page), text));

test('ASCII is the same in all of them', () => {
  const ascii = Buffer.from(Array.from({ length: 126 }, (_, i) => i + 1));
  for (const page of [437, 850, 858, 866, 874, 936, 949, 950, 1250, 1251, 1252, 65001, 1]) assert.is(decodeConsoleText(ascii, page), ascii.toString('latin1'), String(page));
});

test('any bytes give a text', () => {
  fc.assert(fc.property(fc.uint8Array(), fc.oneof(fc.nat(), fc.string()), (bytes, page) => assert.type(decodeConsoleText(bytes, page), 'string')));
});

test.run();
