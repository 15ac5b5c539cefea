import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, transform, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { compress, compressed, compressedModules, entryOf, joined, sharedModules } from './compressed.ts';
import { pageAssets } from './page.ts';
import { root } from './runtime.mjs';

/** Code as one CommonJS file that requires only Node's built-in modules. */
interface Code {
  code: string;
  metafile: Metafile;
}

/** PortOwner, and the modules that it takes from the assets of its executable. */
export interface Bundle extends Code {
  /** The compressed modules, by the names of their assets. */
  assets: Record<string, Buffer>;
}

/**
 * clipanion detects colors with node:tty, which takes a quarter of the startup time and is not used here:
 * use its version for environments without terminals.
 */
const withoutTerminal: Plugin = {
  name: 'without terminal',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.\/platform$/ }, ({ resolveDir }) =>
      /clipanion.lib.advanced$/.test(resolveDir) ? { path: join(resolveDir, '../platform/browser.js') } : undefined,
    ),
};

/**
 * Debug switches of packages, whose output would be mixed with the answer. yaml renames `process`. The variables of libpq, of
 * which postgres would take the password, and whether to encrypt.
 */
const withoutSwitches: Plugin = {
  name: 'without switches',
  setup: ({ onLoad }) => {
    onLoad({ filter: /node_modules.postgres.src.*\.js$/ }, async ({ path }) => {
      const text = readFileSync(path, 'utf8').replaceAll(
        /\b(?:process\.)?env(?:\.[A-Z]\w*|\['PG'[^\]]*\])/g,
        'undefined',
      );
      return { contents: (await transform(text, { minifyIdentifiers: true })).code };
    });
    onLoad({ filter: /node_modules.(?:clipanion|yaml).*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        /\b\w*process\.env\.(?:DEBUG_CLI|LOG_STREAM|LOG_TOKENS)\b/g,
        'undefined',
      ),
    }));
  },
};

/** Shortens local names in large files that are rarely in a stack trace: the executable has a limit. */
const shortNames: Plugin = {
  name: 'short names',
  setup: ({ onLoad }) =>
    onLoad(
      { filter: /node_modules.(?:hucre|xmlbuilder|d3-\w+)\b.*\.m?js$|src.generated.\w+\.validate\.js$/ },
      async ({ path }) => {
        const options = { minifyIdentifiers: true, format: path.endsWith('.mjs') ? 'esm' : undefined } as const;
        return { contents: (await transform(readFileSync(path, 'utf8'), options)).code };
      },
    ),
};

async function bundled(outfile: string, entry: BuildOptions, plugins: Plugin[] = []): Promise<Code> {
  const result = await build({
    ...entry,
    absWorkingDir: root,
    outfile,
    write: false,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    // A remaining import() would look for a file, which the executable does not have: convert all of them to require().
    supported: { 'dynamic-import': false },
    plugins: [...plugins, withoutTerminal, withoutSwitches, shortNames],
    minifyWhitespace: true,
    minifySyntax: true,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const warnings = result.warnings.map(
    (warning) => `${warning.location?.file}:${warning.location?.line}: ${warning.text}`,
  );
  if (warnings.length > 0) throw new Error(`the bundler warns:\n${warnings.join('\n')}`);
  // esbuild escapes non-ASCII characters in strings, but not in regular expressions.
  const code = (result.outputFiles?.[0]?.text ?? '').replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (/\bimport\(/.test(code)) throw new Error(`an import() survives in ${outfile}`);
  return { code, metafile: result.metafile! };
}

export async function bundle(): Promise<Bundle> {
  const main = await bundled('portowner.cjs', { entryPoints: ['src/main.ts'] }, [compressedModules]);
  const parts = new Map<string, Code>();
  for (const [name, module] of compressed)
    parts.set(
      name,
      await bundled(`${name}.cjs`, { stdin: { contents: entryOf(module), resolveDir: root } }, [sharedModules(module)]),
    );
  // The page's script is a text in the bundle, but it consists of packages, too.
  const { metafile: page } = await pageAssets();
  const metafile = joined(main.metafile, new Map([...parts].map(([name, part]) => [name, part.metafile])));
  return {
    code: main.code,
    assets: Object.fromEntries([...parts].map(([name, { code }]) => [name, compress(code)])),
    metafile: { ...metafile, inputs: { ...metafile.inputs, ...page.inputs } },
  };
}

/** The packages that a bundle contains, with their folders, in the order of their names. */
export function packages(metafile: Metafile): Map<string, string> {
  const found = new Map<string, string>();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match?.[1]) found.set(match[1], join(root, match[0]));
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The version in package.json. */
export const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
