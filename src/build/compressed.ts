// Modules that few questions need are compressed in the executable: each is an asset of its own instead of a part of
// the bundle, and decompress.ts runs it when one of its exports is first read.
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Metafile, Plugin } from 'esbuild';
import { root } from './runtime.mjs';

interface CompressedModule {
  /** A package, or a file of this repository, as an import from the root names it. */
  readonly from: string;
  /** What the sources use of it, also through its default export. The bundler leaves out the rest where it can. */
  readonly names: readonly string[];
  /** Files and compressed modules that it uses from the bundle, instead of a copy. */
  readonly shares?: readonly string[];
}

const validator = (
  name: string,
  names: readonly string[] = ['keys', 'validate', 'words'],
): [string, CompressedModule] => [`${name}.validate`, { from: `./src/generated/${name}.validate.js`, names }];

/**
 * The compressed modules, by the names of their assets. The first that a process needs costs 2 ms more than the others,
 * for node:zlib: what is needed often does not belong here. A package that two of them contain, or that the bundle
 * contains too, exists twice.
 */
export const compressed: ReadonlyMap<string, CompressedModule> = new Map<string, CompressedModule>([
  [
    'yaml',
    {
      from: 'yaml',
      names: [
        'Composer',
        'Document',
        'Lexer',
        'LineCounter',
        'Parser',
        'isMap',
        'isNode',
        'isPair',
        'isScalar',
        'isSeq',
        'visit',
      ],
    },
  ],
  ['xml2js', { from: 'xml2js', names: ['Builder', 'Parser'] }],
  ['hucre', { from: 'hucre/xlsx', names: ['writeXlsx', 'writeXlsxStream'] }],
  ['d3-scale', { from: 'd3-scale', names: ['scaleLinear', 'scaleSqrt'] }],
  ['d3-shape', { from: 'd3-shape', names: ['area', 'curveMonotoneX', 'line', 'linkHorizontal'] }],
  validator('facts', ['validate']),
  validator('policy'),
  validator('baseline'),
  ['page', { from: './src/generated/page.js', names: ['script', 'scriptHash', 'style', 'styleHash'] }],
  [
    'configuration',
    {
      from: './src/configuration/configuration.ts',
      names: ['askedFor', 'configuredConflicts', 'findConfiguration', 'listMoves', 'moveServer', 'undoMove'],
      shares: [
        './src/actions/find-free.ts',
        './src/diagnosis/error-text/confinement.ts',
        './src/diagnosis/overlap.ts',
        './src/diagnosis/stop-commands.ts',
        './src/facts/decode/relays.ts',
        './src/facts/decode/windows-httpsys.ts',
        './src/facts/model/question.ts',
        './src/facts/model/section.ts',
        './src/io/errors.ts',
        './src/io/lock.ts',
        './src/io/nesting.ts',
        './src/io/private.ts',
        './src/io/sanitize.ts',
        './src/io/temporary.ts',
        './src/ownership/problems.ts',
        './src/ports/address.ts',
        './src/ports/iana.ts',
        './src/ports/place.ts',
        './src/ports/wildcard.ts',
        './src/schema/exit-code.ts',
        './src/schema/nearest.ts',
        './src/schedule/trust.ts',
        './src/schema/problems.ts',
        './src/schema/step.ts',
        './src/system/hands.ts',
        './src/system/registry.ts',
        'yaml',
      ],
    },
  ],
  [
    'database',
    {
      from: './src/audit/store/postgres.ts',
      names: ['examineStore', 'makeStore', 'postgresStore', 'storeScript'],
      shares: [
        './src/audit/findings.ts',
        './src/audit/listeners.ts',
        './src/audit/secure-connection.ts',
        './src/audit/store/address.ts',
        './src/audit/store/contract.ts',
        './src/audit/store/difference.ts',
        './src/audit/store/fleet-rows.ts',
        './src/audit/store/history-rows.ts',
        './src/audit/store/values.ts',
        './src/io/errors.ts',
        './src/io/read.ts',
        './src/io/secret.ts',
        './src/ports/address.ts',
        './src/ports/expression.ts',
        './src/schema/problems.ts',
      ],
    },
  ],
  [
    'fleet',
    {
      from: './src/audit/fleet.ts',
      names: ['askFleet'],
      shares: [
        './src/audit/selection.ts',
        './src/audit/store/open.ts',
        './src/io/counted.ts',
        './src/io/moment.ts',
        './src/io/order.ts',
        './src/ports/wildcard.ts',
        './src/schema/exit-code.ts',
      ],
    },
  ],
  [
    'fleet-file',
    {
      from: './src/audit/store/sqlite-fleet.ts',
      names: ['readCoverage', 'readListeners', 'readNewest', 'readNews', 'readRare', 'readVersions'],
      shares: [
        './src/audit/store/fleet-rows.ts',
        './src/audit/store/sqlite-file.ts',
        './src/audit/store/sqlite-read.ts',
        './src/audit/store/values.ts',
        './src/ports/expression.ts',
      ],
    },
  ],
  [
    'exports',
    {
      from: './src/formats/exports.ts',
      names: ['createEcs', 'createMetrics', 'createOtlp'],
      shares: [
        './src/formats/text.ts',
        './src/io/ascii.ts',
        './src/ports/address.ts',
        './src/schema/endpoint.ts',
        './src/schema/finding.ts',
        './src/schema/version.ts',
      ],
    },
  ],
  [
    'logs',
    {
      from: './src/audit/send-logs.ts',
      names: ['sendLogs'],
      shares: [
        './src/audit/secure-connection.ts',
        './src/io/counted.ts',
        './src/io/errors.ts',
        './src/io/sanitize.ts',
        './src/io/secret.ts',
        './src/schema/problems.ts',
      ],
    },
  ],
  ['collectors', { from: './src/facts/remote/collectors.ts', names: ['shellCollector', 'powershellCollector'] }],
]);

const nameOf = new Map(
  [...compressed].map(([name, { from }]) => [from.startsWith('.') ? join(root, from) : from, name]),
);
const namespace = 'compressed';

/** The code of an object that loads what a compressed module shares. */
const sharedTable = ({ shares = [] }: CompressedModule): string =>
  `{${shares.map((path) => `'${path}': () => require('${path}')`).join()}}`;

/** Leaves what a compressed module shares to decompress.ts. */
export const sharedModules = ({ shares = [] }: CompressedModule): Plugin => {
  const names = new Map(shares.map((path) => [path.startsWith('.') ? join(root, path) : path, path]));
  return {
    name: 'shared modules',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^[\w./-]+$/ }, ({ path, resolveDir }) => {
        const shared = names.get(path.startsWith('.') ? join(resolveDir, path) : path);
        return shared === undefined ? undefined : { path: shared, external: true };
      }),
  };
};

/** Replaces every import of a compressed module by a call of the code that decompresses it. */
export const compressedModules: Plugin = {
  name: 'compressed modules',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[\w./-]+$/ }, ({ path, resolveDir }) => {
      const name = nameOf.get(path.startsWith('.') ? join(resolveDir, path) : path);
      return name === undefined ? undefined : { path: name, namespace };
    });
    onLoad({ filter: /^/, namespace }, ({ path }) => ({
      resolveDir: root,
      contents: `module.exports = require('./src/build/decompress.ts').lazily('${path}', ${JSON.stringify(compressed.get(path)!.names)}, ${sharedTable(compressed.get(path)!)});`,
    }));
  },
};

/** The source of a compressed module: what it exports of its package or file. */
export const entryOf = ({ from, names }: CompressedModule): string => `export { ${names.join(', ')} } from '${from}';`;

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
