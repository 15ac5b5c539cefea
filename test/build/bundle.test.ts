import { builtinModules } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle, packages } from '../../src/build/bundle.ts';
import { compressed } from '../../src/build/compressed.ts';
import { notices } from '../../src/build/notices.ts';
import { root } from '../../src/build/runtime.mjs';

const test = suite('bundle');
const { code, assets, metafile } = await bundle();
const texts = [code, ...Object.values(assets).map((asset) => brotliDecompressSync(asset).toString())];

/** The files in an output, and the packages that they are of. */
const contents = (output: string): Set<string> =>
  new Set(
    Object.entries(metafile.outputs[output]!.inputs)
      .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path !== '<stdin>')
      .flatMap(([path]) => [path, /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path]),
  );

test('requires nothing but modules of Node', () => {
  const required = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((one) => one.external).map((one) => one.path));
  const foreign = required.filter((path) => !path.startsWith('node:') && !builtinModules.includes(path));
  assert.equal(foreign, []);
});

test('has no import() left, which would look for a file', () => {
  for (const text of texts) assert.not.match(text, /\bimport\(/);
});

test('loads what is slow only when it is needed', () => {
  const early = new Set<string>();
  const visit = (input: string): void => {
    if (early.has(input)) return;
    early.add(input);
    for (const { path, kind } of metafile.inputs[input]?.imports ?? []) if (kind !== 'dynamic-import') visit(path);
  };
  visit('src/main.ts');
  const slow = [...early].filter((input) => /node_modules\/(xml2js|xmlbuilder|sax|hucre|ajv|yaml|d3-\w+)\/|src\/(?:generated|formats\/html|facts\/remote)\//.test(input));
  assert.equal(slow, []);
});

test('reads no variable by name but its own: switches of packages would print among the answer', () => {
  const found = texts.flatMap((text) => [...text.matchAll(/\benv\.([A-Za-z_]\w*)/g)].map(([, name]) => name));
  assert.equal([...new Set(found)], ['PORTOWNER_DISABLE']);
});

test('is a plain ASCII text, so that it can be carried byte by byte', () => {
  for (const text of texts) assert.not.match(text, /[^\0-\x7f]/);
});

test('has no part of a compressed module, which an import of another file of its package would bring', () => {
  const main = contents('portowner.cjs');
  for (const name of compressed.keys())
    assert.equal(
      [...contents(`${name}.cjs`)].filter((part) => main.has(part)),
      [],
      name,
    );
});

test('has only files without a state in several compressed modules: each has its own copy', () => {
  const files = [...compressed.keys()].flatMap((name) => [...contents(`${name}.cjs`)].filter((part) => /\.m?js$/.test(part)));
  const twice = new Set(files.filter((file, index) => files.indexOf(file) !== index));
  assert.equal([...twice].toSorted(), ['node_modules/ajv/dist/runtime/ucs2length.js', 'node_modules/sax/lib/sax.js']);
});

test('is named in THIRD-PARTY-NOTICES with every package in it (else: node build.mjs notices)', () => {
  const text = readFileSync(join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
  for (const name of packages(metafile).keys()) assert.match(text, `\n${name} `);
  assert.fixture(text, notices(metafile));
});

test.run();
