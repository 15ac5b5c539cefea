import { builtinModules } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle, packages } from '../../src/build/bundle.ts';
import { notices } from '../../src/build/notices.ts';
import { root } from '../../src/build/runtime.mjs';

const test = suite('bundle');
const { code, metafile } = await bundle();

test('requires nothing but modules of Node', () => {
  const required = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((one) => one.external).map((one) => one.path));
  const foreign = required.filter((path) => !path.startsWith('node:') && !builtinModules.includes(path));
  assert.equal(foreign, []);
});

test('has no import() left, which would look for a file', () => {
  assert.not.match(code, /\bimport\(/);
});

test('loads what is slow only when it is needed', () => {
  const early = new Set<string>();
  const visit = (input: string): void => {
    if (early.has(input)) return;
    early.add(input);
    for (const { path, kind } of metafile.inputs[input]?.imports ?? []) if (kind !== 'dynamic-import') visit(path);
  };
  visit('src/main.ts');
  const slow = [...early].filter((input) => /node_modules\/(xml2js|xmlbuilder|ajv|yaml|d3-\w+)\/|src\/(?:generated|formats\/html)\//.test(input));
  assert.equal(slow, []);
});

test('reads no variable by name but its own: switches of packages would print among the answer', () => {
  assert.equal([...new Set([...code.matchAll(/\benv\.([A-Za-z_]\w*)/g)].map(([, name]) => name))], ['PORTOWNER_DISABLE']);
});

test('is a plain ASCII text, so that it can be carried byte by byte', () => {
  assert.not.match(code, /[^\0-\x7f]/);
});

test('is named in THIRD-PARTY-NOTICES with every package in it (else: node build.mjs notices)', () => {
  const text = readFileSync(join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
  for (const name of packages(metafile).keys()) assert.match(text, `\n${name} `);
  assert.fixture(text, notices(metafile));
});

test.run();
