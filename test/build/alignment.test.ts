// The sections of Windows programs can be mapped from their files, and are what they were.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NtExecutable } from 'pe-library';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withAlignedSections } from '../../src/build/alignment.ts';
import { nodeBinary, runtimes } from '../../src/build/runtime.mjs';
import { dist } from '../support/build-machine.ts';

const test = suite('alignment');

const node = readFileSync(nodeBinary(runtimes['win32-x64']));
const sectionsOf = (bytes: Buffer) => NtExecutable.from(bytes, { ignoreCert: true }).getAllSections();

/** What the first entry for debuggers points to in the file. */
function debugging(bytes: Buffer): string {
  const program = NtExecutable.from(bytes, { ignoreCert: true });
  const { virtualAddress } = program.newHeader.optionalHeaderDataDirectory.get(6);
  const { info, data } = program.getSectionByEntry(6)!;
  const at = new DataView(data!).getUint32(virtualAddress - info.virtualAddress + 24, true);
  return bytes.toString('latin1', at, at + 4);
}

test('every section keeps its content and its address', () => {
  const [before, after] = [sectionsOf(node), sectionsOf(withAlignedSections(node))];
  assert.ok(before.some(({ info }) => info.pointerToRawData % 4096 !== 0));
  assert.is(after.length, before.length);
  const directory = NtExecutable.from(node, { ignoreCert: true }).newHeader.optionalHeaderDataDirectory.get(6);
  for (const [index, { info, data }] of after.entries()) {
    const old = before[index]!;
    assert.equal(
      [info.name, info.virtualAddress, info.virtualSize, info.characteristics],
      [old.info.name, old.info.virtualAddress, old.info.virtualSize, old.info.characteristics],
    );
    assert.equal([info.pointerToRawData % 4096, info.sizeOfRawData % 4096], [0, 0], info.name);
    if (!old.data) continue;
    const [is, was] = [Buffer.from(data!).subarray(0, old.data.byteLength), Buffer.from(old.data)];
    // The positions of what is for debuggers have changed.
    if (directory.virtualAddress >= info.virtualAddress && directory.virtualAddress < info.virtualAddress + info.virtualSize)
      for (const one of [is, was]) one.fill(0, directory.virtualAddress - info.virtualAddress, directory.virtualAddress - info.virtualAddress + directory.size);
    assert.is(Buffer.compare(is, was), 0, info.name);
  }
});

test('what debuggers look for is found, and the signature is gone', () => {
  assert.is(debugging(node), 'RSDS');
  const aligned = withAlignedSections(node);
  assert.is(debugging(aligned), 'RSDS');
  assert.equal(NtExecutable.from(aligned).newHeader.optionalHeaderDataDirectory.get(4), { virtualAddress: 0, size: 0 });
});

test('what cannot be aligned is refused', () => {
  const signed = NtExecutable.from(node, { ignoreCert: true }).newHeader.optionalHeaderDataDirectory.get(4).virtualAddress;
  const unsigned = Buffer.from(NtExecutable.from(node, { ignoreCert: true }).generate());
  assert.ok(signed > 0);
  assert.throws(() => withAlignedSections(Buffer.concat([unsigned, Buffer.from('more')])), /more than its sections/);
  const narrow = Buffer.from(node);
  narrow.writeUInt16LE(0x10b, narrow.readUInt32LE(0x3c) + 24);
  assert.throws(() => withAlignedSections(narrow), /not a 64-bit one/);
});

for (const name of ['portowner.exe', 'portowner-arm64.exe']) {
  test(`${name} is aligned`, () => {
    for (const { info } of sectionsOf(readFileSync(join(dist, name)))) assert.is(info.pointerToRawData % 4096, 0, info.name);
  });
}

test.run();
