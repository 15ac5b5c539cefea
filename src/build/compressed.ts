// Modules that few questions need are compressed in the executable: each is an asset of its own instead of a part of
// the bundle, and decompress.ts loads it when it is first required.
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Metafile, Plugin } from 'esbuild';
import { root } from './runtime.mjs';

interface CompressedModule {
  /** A package, or a file of this repository, as an import from the root names it. */
  readonly from: string;
  /** What is imported of it; null for a CommonJS module, which is loaded as a whole. */
  readonly names: readonly string[] | null;
}

const validator = (name: string): [string, CompressedModule] => [
  `${name}.validate`,
  { from: `./src/generated/${name}.validate.js`, names: ['validate'] },
];

/**
 * The compressed modules, by the names of their assets. None can share an object with the rest of PortOwner except
 * through its exports: a package that two of them contain exists twice.
 */
export const compressed: ReadonlyMap<string, CompressedModule> = new Map([
  ['yaml', { from: 'yaml', names: null }],
  ['sax', { from: 'sax', names: null }],
  ['xml2js', { from: 'xml2js', names: null }],
  ['hucre', { from: 'hucre/xlsx', names: ['writeXlsx', 'writeXlsxStream'] }],
  ['d3-scale', { from: 'd3-scale', names: ['scaleLinear', 'scaleSqrt'] }],
  ['d3-shape', { from: 'd3-shape', names: ['area', 'curveMonotoneX', 'line', 'linkHorizontal'] }],
  ...['facts', 'policy', 'baseline'].map(validator),
  ['page', { from: './src/generated/page.js', names: ['script', 'scriptHash', 'style', 'styleHash'] }],
  ['collectors', { from: './src/facts/remote/collectors.ts', names: ['shellCollector', 'powershellCollector'] }],
] as const);

const nameOf = new Map(
  [...compressed].map(([name, { from }]) => [from.startsWith('.') ? join(root, from) : from, name]),
);
const namespace = 'compressed';

/** Replaces every import of a compressed module by a call of the code that decompresses it. */
export const compressedModules: Plugin = {
  name: 'compressed modules',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[\w./-]+$/ }, ({ path, resolveDir }) => {
      const name = nameOf.get(path.startsWith('.') ? join(resolveDir, path) : path);
      return name === undefined ? undefined : { path: name, namespace };
    });
    onLoad({ filter: /^/, namespace }, ({ path }) => {
      const names = compressed.get(path)?.names ?? null;
      const from = "'./src/build/decompress.ts'";
      return {
        resolveDir: root,
        contents:
          names === null
            ? `module.exports = require(${from}).load('${path}');`
            : `import { load } from ${from};\nexport const { ${names.join(', ')} } = load('${path}');`,
      };
    });
  },
};

/** The source of a compressed module: what it exports of its package or file. */
export function entryOf({ from, names }: CompressedModule): string {
  return names === null ? `module.exports = require('${from}');` : `export { ${names.join(', ')} } from '${from}';`;
}

export const compress = (code: string): Buffer =>
  brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: code.length } });

/** One metafile of the bundle and its compressed modules, as if the modules were imported directly. */
export function joined(main: Metafile, parts: ReadonlyMap<string, Metafile>): Metafile {
  const stdin = '<stdin>';
  const entries = new Map(
    [...parts].map(([name, { inputs }]) => [`${namespace}:${name}`, inputs[stdin]!.imports[0]!.path]),
  );
  const inputs = [main, ...parts.values()].flatMap((metafile) => Object.entries(metafile.inputs));
  return {
    inputs: Object.fromEntries(
      inputs
        .filter(([path]) => path !== stdin && !entries.has(path))
        .map(([path, input]) => [
          path,
          { ...input, imports: input.imports.map((one) => ({ ...one, path: entries.get(one.path) ?? one.path })) },
        ]),
    ),
    outputs: Object.assign({}, ...[main, ...parts.values()].map(({ outputs }) => outputs)) as Metafile['outputs'],
  };
}
