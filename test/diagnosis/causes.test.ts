// Holds that the list of causes is whole: a file that is in no list, or a cause that no situation shows, is named.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { causes } from '../../src/diagnosis/causes.ts';

const test = suite('causes');

const kebab = (name: string): string => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

test('each file of causes is in the list once, under the name of its cause', () => {
  assert.equal(causes.map(({ name }) => `${kebab(name)}.ts`).sort(), readdirSync(join(root, 'src/diagnosis/causes')).sort());
});

test('the last of the list takes what no other does', () => {
  assert.is(causes.at(-1)?.name, 'Unknown');
});

test('a situation shows each cause', () => {
  const situations = readFileSync(join(root, 'test/diagnosis/situations.test.ts'), 'utf8');
  const shown = new Set([...situations.matchAll(/^\s*(?:verdict: `)?(?:yes|no|\?), (\w+), (?:High|Medium|Low): /gm)].map(([, name]) => name));
  assert.equal(
    causes.map(({ name }) => name).filter((name) => !shown.has(name)),
    [],
  );
});

test.run();
