// The calls that no test run covers: that the list of them is whole, and that only the child process makes them.
import { readFileSync, readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uncovered, uncoveredCalls } from '../../../src/machine/windows/uncovered.ts';

const test = suite('calls that are not covered');

const names = Object.values(uncovered).flatMap((functions) => Object.keys(functions));

test('each has a purpose and the place where its signature is from', () => {
  assert.equal(Object.keys(uncoveredCalls).toSorted(), names.toSorted());
  for (const [name, { purpose, source }] of Object.entries(uncoveredCalls)) {
    assert.ok(purpose !== '', name);
    assert.match(source, /^https:\/\//, name);
  }
});

test('only the child process calls them', () => {
  const folder = new URL('../../../src/machine/windows/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8').replace(/'[^'\n]*'/g, '');
    for (const name of names) {
      // A name in the child process, and looking one up without calling it in apart.ts, is all there may be.
      if (file === 'child.ts' || file === 'uncovered.ts') continue;
      assert.not.match(text, new RegExp(`\\b${name}\\s*\\(`), `${file} calls ${name}`);
    }
  }
});

test.run();
