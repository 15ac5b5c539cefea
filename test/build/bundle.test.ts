import { builtinModules } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
function contents(output: string): string[] {
  const files = Object.entries(metafile.outputs[output]!.inputs).filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path !== '<stdin>');
  return [...new Set(files.flatMap(([path]) => [path, /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path]))];
}

test('requires nothing but modules of Node', () => {
  const required = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((one) => one.external).map((one) => one.path));
  // What a compressed module shares with the bundle is in it.
  const shared = new Set([...compressed.values()].flatMap(({ shares = [] }) => shares));
  const foreign = required.filter((path) => !shared.has(path) && !path.startsWith('node:') && !builtinModules.includes(path));
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
  // Names of files such as ".env.local" and "cassandra-env.sh" are none.
  const found = texts.flatMap((text) => [...text.matchAll(/(?<![-'"`]\.?)\benv\.([A-Za-z_]\w*)/g)].map(([, name]) => name));
  // The file with the password of a database: only the account itself can set it, and the file must be private.
  assert.equal([...new Set(found)].toSorted(), ['PGPASSFILE', 'PORTOWNER_DISABLE']);
});

test('is a plain ASCII text, so that it can be carried byte by byte', () => {
  for (const text of texts) assert.not.match(text, /[^\0-\x7f]/);
});

test('takes from each compressed module what the sources import of it: nothing else is there', () => {
  const used = new Map<string, Set<string>>();
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => /^(?!build|page).*\.ts$/.test(name));
  for (const source of sources) {
    const text = readFileSync(join(root, 'src', source), 'utf8');
    for (const [, from = '', name = ''] of text.matchAll(/\(await import\('(\.[^']+)'\)\)\.(\w+)/g)) {
      const path = `./${join('src', dirname(source), from).replaceAll('\\', '/')}`;
      used.set(path, (used.get(path) ?? new Set()).add(name));
    }
    for (const [, clause = '', from = ''] of text.matchAll(/^import (?!type)([^;']*?) from '([^']+)';/gm)) {
      const path = from.startsWith('.') ? `./${join('src', dirname(source), from).replaceAll('\\', '/')}` : from;
      const names = used.get(path) ?? new Set();
      used.set(path, names);
      for (const name of clause.matchAll(/(?<=[{,]\s*)(?!type\b)\w+/g)) names.add(name[0]);
      const whole = /^\w+/.exec(clause)?.[0];
      if (whole !== undefined) for (const [, name = ''] of text.matchAll(new RegExp(`\\bnew ${whole}\\.(\\w+)`, 'g'))) names.add(name);
    }
  }
  for (const { from, names } of compressed.values()) assert.equal([...(used.get(from) ?? [])].toSorted(), [...names].toSorted(), from);
});

test('has nothing twice, in itself and its compressed modules, but what has no state', () => {
  // Importing another file of a compressed package would leave that package in the bundle, too.
  const parts = ['portowner', ...compressed.keys()].flatMap((name) => contents(`${name}.cjs`));
  assert.ok(parts.length > 400);
  assert.equal([...new Set(parts.filter((part, index) => parts.indexOf(part) !== index))].toSorted(), [
    'node_modules/ajv',
    'node_modules/ajv/dist/runtime/ucs2length.js',
    'node_modules/sax',
    'node_modules/sax/lib/sax.js',
  ]);
});

test('is named in THIRD-PARTY-NOTICES with every package in it (else: node build.mjs notices)', () => {
  const text = readFileSync(join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
  for (const name of packages(metafile).keys()) assert.match(text, `\n${name} `);
  assert.fixture(text, notices(metafile));
});

test.run();
