import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Job } from './pkg.ts';
import { nodeBinary, nodeFlags, pkgHome, root, runtimes } from './runtime.mjs';

export type Platform = 'linux' | 'win';

/** What an executable carries for `node:sea`, by name. */
export type Assets = Record<string, string | Uint8Array>;

export const runtimeOf = { linux: runtimes['linux-x64'], win: runtimes['win32-x64'] };

/** Node's flags inside the executable: no warning of experimental modules, and nobody's OPENSSL_CONF. */
const execArgv = (platform: Platform): string[] => [...nodeFlags, `--openssl-config=${platform === 'win' ? 'NUL' : '/dev/null'}`];

const run = promisify(execFile);

/** Runs a script of this folder under this Node; throws what it said when it fails. */
async function script(flags: string[], name: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...inherited } = process.env;
  try {
    await run(process.execPath, [...flags, join(root, 'build', name), ...args], { env: { ...inherited, ...env }, maxBuffer: 1e8 });
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
 * Returns its bytes, as pkg leaves them.
 */
export async function executable(platform: Platform, main: string, assets: Assets = {}): Promise<Buffer> {
  const { version } = runtimeOf[platform];
  if (process.version !== `v${version}`) throw new Error(`the executable's Node is ${version}, this one is ${process.version}`);
  nodeBinary(runtimeOf[platform]);
  return withFolder(async (folder) => {
    writeFileSync(join(folder, 'portowner.js'), main);
    for (const [name, content] of Object.entries(assets)) writeFileSync(join(folder, name), content);
    const output = join(folder, 'portowner.out');
    const job: Job = { platform, arch: 'x64', version, main: 'portowner.js', assets: Object.keys(assets), execArgv: execArgv(platform), output };
    await script([], 'pkg.ts', [JSON.stringify(job)], { HOME: pkgHome, USERPROFILE: pkgHome, TMPDIR: folder, TEMP: folder, TMP: folder });
    return readFileSync(output);
  });
}

/**
 * The main script and the assets of an executable that starts from V8's code cache. The cache only fits the Node
 * that made it, so it can be had for this machine's platform alone.
 */
export async function withCodeCache(platform: Platform, bundle: string): Promise<[main: string, assets: Assets]> {
  const wrapped = `(function(exports,require,module,__filename,__dirname){${bundle}\n})`;
  const cache = await withFolder(async (folder) => {
    const [source, output] = [join(folder, 'portowner.cjs'), join(folder, 'portowner.cache')];
    writeFileSync(source, wrapped);
    await script(execArgv(platform), 'code-cache.ts', [source, output]);
    return readFileSync(output);
  });
  return [readFileSync(join(root, 'build/loader.cjs'), 'utf8'), { 'portowner.cjs': wrapped, 'portowner.cache': cache }];
}
