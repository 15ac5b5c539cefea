import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NtExecutable, NtExecutableResource } from 'pe-library';
import { Data, Resource } from 'resedit';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { draw, icon, iconSource } from '../../src/build/icon.ts';
import { root } from '../../src/build/runtime.mjs';
import { dist } from '../support/build-machine.ts';

const test = suite('icon');
const file = readFileSync(join(root, 'src/icon/portowner.ico'));

test('portowner.ico is drawn from the SVG beside it', () => {
  assert.equal(file, icon(iconSource()));
});

test('it has the sizes that Windows shows', () => {
  const { icons } = Data.IconFile.from(file);
  assert.equal(
    icons.map(({ width, height, bitCount }) => [width || 256, height || 256, bitCount]),
    [16, 32, 48, 256].map((size) => [size, size, 32]),
  );
});

test('its corners are clear, and its colors those of the SVG', () => {
  for (const size of [16, 32, 48, 256]) {
    const pixels = draw(iconSource(), size);
    const at = (x: number, y: number): number[] => [...pixels.subarray((Math.floor((y * size) / 16) * size + Math.floor((x * size) / 16)) * 4).subarray(0, 4)];
    assert.ok(pixels[3]! < 128);
    assert.equal(at(8, 1), [0x0b, 0x4f, 0x9e, 255]);
    assert.equal(at(8, 8), [255, 255, 255, 255]);
    assert.equal(at(4.5, 5), [0x0b, 0x4f, 0x9e, 255]);
    assert.equal(at(13, 13), [0xff, 0xb3, 0x1a, 255]);
  }
});

for (const name of ['portowner.exe', 'portowner-arm64.exe']) {
  test(`${name} shows it`, () => {
    const { entries } = NtExecutableResource.from(NtExecutable.from(readFileSync(join(dist, name))));
    const groups = Resource.IconGroupEntry.fromEntries(entries);
    assert.is(groups.length, 1);
    const shown = groups[0]!.getIconItemsFromEntries(entries).map((item) => Buffer.from(item.isIcon() ? item.generate() : item.bin));
    const wanted = Data.IconFile.from(file).icons.map(({ data }) => Buffer.from(data.isIcon() ? data.generate() : data.bin));
    assert.equal(shown, wanted);
  });
}

test.run();
