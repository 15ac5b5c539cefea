// Values of the registry as texts: https://learn.microsoft.com/windows/win32/sysinfo/registry-value-types
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeFile } from '../../src/configuration/text-file.ts';
import { isRegistryPath, registryData, registryPath, registryPlace, registryText } from '../../src/system/registry.ts';

const test = suite('values of the registry');

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

const values: readonly (readonly [kind: number, data: Buffer, text: string | null])[] = [
  [4, Buffer.from('3d0d0000', 'hex'), 'REG_DWORD 3389\n'],
  [4, Buffer.from('ffffffff', 'hex'), 'REG_DWORD 4294967295\n'],
  [4, Buffer.from('3d0d00', 'hex'), null],
  [11, Buffer.from('3d0d000000000001', 'hex'), 'REG_QWORD 72057594037931325\n'],
  [1, utf16('1433, 1434\0'), 'REG_SZ 1433, 1434\n'],
  [1, utf16('1433'), 'REG_SZ 1433'],
  [1, utf16(''), 'REG_SZ '],
  [1, utf16('\0'), 'REG_SZ \n'],
  [1, utf16('14\0left over\0'), 'REG_SZ 14\nleft over\n'],
  [1, utf16('a\nb\0'), null],
  [1, Buffer.from('310000', 'hex'), null],
  [2, utf16('"%ProgramFiles%\\größe 漢字.exe" --port 8080\0'), 'REG_EXPAND_SZ "%ProgramFiles%\\größe 漢字.exe" --port 8080\n'],
  [7, utf16('PORT=8080\0A=b\0\0'), 'REG_MULTI_SZ PORT=8080\nA=b\n\n'],
  [3, Buffer.from('00ff', 'hex'), 'REG_BINARY 00ff\n'],
  [0, Buffer.from('00', 'hex'), null],
  [5, Buffer.from('00000d3d', 'hex'), null],
];

test('each type has a text, which is the value', () => {
  for (const [kind, data, text] of values) {
    const bytes = registryText({ kind, data });
    if (text === null) {
      assert.is(bytes, null);
      continue;
    }
    assert.is(decodeFile('HKLM\\x', bytes!)!.text, text);
    assert.equal(registryData(bytes!), { kind, data });
  }
});

test('whatever the data is, its text stands for it', () => {
  const kinds = fc.constantFrom(1, 2, 3, 4, 7, 11);
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 24 }), (kind, given) => {
      const data = Buffer.from(given);
      const bytes = registryText({ kind, data });
      if (bytes !== null) assert.equal(registryData(bytes), { kind, data });
    }),
  );
});

test('a text that is no value is refused', () => {
  for (const text of ['', 'REG_DWORD 3389', 'REG_DWORD 4294967296\n', 'REG_DWORD -1\n', 'REG_DWORD 0x10\n', 'REG_BINARY 0\n', 'REG_NONE \n', '3389\n'])
    assert.throws(
      () => registryData(utf16(`\ufeff${text}`)),
      (error: unknown) => error instanceof RangeError,
      text,
    );
  assert.throws(
    () => registryData(Buffer.from('REG_DWORD 1\n')),
    (error: unknown) => error instanceof RangeError,
  );
});

test('every way to write a path', () => {
  const path = 'HKLM\\SYSTEM\\a b\\Port';
  for (const given of [path, 'HKEY_LOCAL_MACHINE\\SYSTEM\\a b\\Port', 'HKLM:\\SYSTEM\\a b\\Port', 'Registry::HKEY_LOCAL_MACHINE\\SYSTEM\\a b\\Port', 'hklm\\SYSTEM\\a b\\Port'])
    assert.is(registryPath(given), path);
  assert.ok(isRegistryPath(path));
  for (const other of ['/etc/x', 'C:\\HKLM\\x', 'HKLM', 'HKCU\\Software\\x']) assert.is(registryPath(other), null);
  assert.equal(registryPlace(path), { key: 'SYSTEM\\a b', name: 'Port' });
  assert.equal(registryPlace('HKLM\\Port'), { key: '', name: 'Port' });
});
test.run();
