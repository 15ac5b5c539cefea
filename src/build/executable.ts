import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { layEmbeddedNode } from './embedded.ts';
import type { Job } from './pkg.ts';
import { type Platform, runtimeOf } from './platform.ts';
import { arm64Runtimes, nodeFlags, ownNode, root, runtimes } from './runtime.mjs';

/** The assets of an executable for `node:sea`, by name. */
export type Assets = Record<string, string | Uint8Array>;

/** Node's flags inside the executable: no warnings about experimental modules, and no influence from outside. */
const execArgv = (platform: Platform): string[] => [
  ...nodeFlags,
  // Node's default is a file that others may be able to write.
  `--openssl-config=${platform === 'linux' ? '/dev/null' : 'NUL'}`,
  // No debugger that a signal, or a thread started by another process, opens on a port.
  '--disable-sigusr1',
  // Enough memory for a whole answer: otherwise, garbage collections take a tenth of the time.
  '--min-semi-space-size=8',
  // Before 26.8, node:ffi is off by default.
  ...(platform === 'win-arm64' ? ['--experimental-ffi'] : []),
];

/** Ends Node's flags: neither the program's name (argv[0]) nor its arguments are flags of Node. */
const endOfFlags = '--';

const run = promisify(execFile);

/** Runs a script of this folder with a Node; throws its output if it fails. */
async function script(
  name: string,
  args: string[],
  { node, flags = [], env = {} }: { node: string; flags?: string[]; env?: Record<string, string> },
): Promise<void> {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...inherited } = process.env;
  try {
    await run(node, [...flags, join(root, 'src/build', name), ...args], {
      env: { ...inherited, ...env },
      maxBuffer: 1e8,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${name} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Calls `use` with a new folder that is removed afterwards. */
async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-build-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Makes one executable of a main script (CommonJS, requiring only Node's own modules) and assets for `node:sea`.
 * Returns its bytes, as pkg writes them; reports to `say` what it lacks.
 */
export async function executable(
  platform: Platform,
  main: string,
  assets: Assets = {},
  say: (text: string) => void = () => {},
): Promise<Buffer> {
  const { version } = runtimeOf[platform];
  const maker = ownNode(platform === 'win-arm64' ? arm64Runtimes : runtimes);
  return withFolder(async (folder) => {
    await layEmbeddedNode(platform, folder, say);
    writeFileSync(join(folder, 'portowner.js'), main);
    for (const [name, content] of Object.entries(assets)) writeFileSync(join(folder, name), content);
    const output = join(folder, 'portowner.out');
    const [system, arch = 'x64'] = platform.split('-') as ['linux' | 'win', 'arm64'?];
    const job: Job = {
      platform: system,
      arch,
      version,
      main: 'portowner.js',
      assets: Object.keys(assets),
      execArgv: [...execArgv(platform), endOfFlags],
      output,
    };
    const env = { HOME: folder, USERPROFILE: folder, TMPDIR: folder, TEMP: folder, TMP: folder };
    await script('pkg.ts', [JSON.stringify(job)], { node: maker, env });
    return readFileSync(output);
  });
}

/**
 * The main script and the assets of an executable that starts from V8's code cache. The cache only fits the Node
 * that created it, so it is available only for this machine's platform.
 */
export async function withCodeCache(platform: Platform, bundle: string): Promise<[main: string, assets: Assets]> {
  const wrapped = `(function(exports,require,module,__filename,__dirname){${bundle}\n})`;
  const cache = await withFolder(async (folder) => {
    const [source, output] = [join(folder, 'portowner.cjs'), join(folder, 'portowner.cache')];
    writeFileSync(source, wrapped);
    await script('code-cache.ts', [source, output], { node: ownNode(), flags: execArgv(platform) });
    return readFileSync(output);
  });
  return [
    readFileSync(join(root, 'src/build/loader.cjs'), 'utf8'),
    { 'portowner.cjs': wrapped, 'portowner.cache': cache },
  ];
}
