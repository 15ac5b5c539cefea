import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { filetimeText, memoryOf, unicodeString, wideString } from '../../../src/facts/decode/windows-memory.ts';
import { filetime } from '../../support/windows-raw.ts';

const test = suite('windows memory');

const halves = (ticks: bigint): [number, number] => [Number(ticks & 0xffffffffn), Number(ticks >> 32n)];

for (const [ticks, text] of [
  [0n, null],
  [1n, '1601-01-01T00:00:00.0000001Z'],
  [116444736000000000n, '1970-01-01T00:00:00.0000000Z'],
  [133485408001234567n, '2024-01-01T00:00:00.1234567Z'],
  [2650467743999999999n, '9999-12-31T23:59:59.9999999Z'],
  [2650467744000000000n, null],
  [0x7fffffffffffffffn, null],
  [0xffffffffffffffffn, null],
] as const) {
  test(`FILETIME ${ticks} is ${text}`, () => {
    assert.is(filetimeText(...halves(ticks)), text);
  });
}

test('every instant of the calendar comes back to the tick', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2650467743999999999n }), (ticks) => {
      assert.is(filetime(filetimeText(...halves(ticks))!), ticks);
    }),
  );
});

test('a pointer that leads out of the memory gives nothing', () => {
  const bytes = Buffer.alloc(32);
  const memory = memoryOf(bytes, '1000')!;
  bytes.write('hi', 24, 'utf16le');
  for (const [pointer, expected] of [
    [0x1018n, 'hi'],
    [0x1000n + 32n, null],
    [0xfffn, null],
    [0n, null],
    [0xffffffffffffffffn, null],
  ] as const) {
    bytes.writeUInt16LE(4, 0);
    bytes.writeBigUInt64LE(pointer, 8);
    assert.is(unicodeString(memory, 0, 100), expected, `${pointer}`);
    assert.is(wideString(memory, 8, 100), expected, `${pointer}`);
  }
});

test('text that has no end or is too long gives nothing', () => {
  const bytes = Buffer.alloc(32, 0x41);
  bytes.writeBigUInt64LE(0x1010n, 8);
  const memory = memoryOf(bytes, '1000')!;
  assert.is(wideString(memory, 8, 100), null);
  bytes.writeUInt16LE(0, 30);
  assert.is(wideString(memory, 8, 100), '\u4141'.repeat(7));
  assert.is(wideString(memory, 8, 13), null);
  bytes.writeUInt16LE(16, 0);
  assert.is(unicodeString(memory, 0, 15), null);
  bytes.writeUInt16LE(18, 0);
  assert.is(unicodeString(memory, 0, 100), null);
});

test('a base that is no address gives no memory', () => {
  for (const base of [undefined, 5, '', 'x', '0x10', '11112222333344445', '-1']) assert.is(memoryOf(Buffer.alloc(8), base), null, String(base));
});

test.run();
