import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from './pkg.ts';
import { nodeBinary, nodeFlags, pkgHome, root, runtimes } from './runtime.mjs';

export type Platform = 'linux' | 'win';

export const runtimeOf = { linux: runtimes['linux-x64'], win: runtimes['win32-x64'] };

/** Node's flags inside the executable: no warning of experimental modules, and nobody's OPENSSL_CONF. */
const execArgv = (platform: Platform): string[] => [...nodeFlags, `--openssl-config=${platform === 'win' ? 'NUL' : '/dev/null'}`];

/** Runs a script of this folder under this Node; throws what it said when it fails. */
function script(flags: string[], name: string, args: string[], env: Record<string, string> = {}): void {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...inherited } = process.env;
  const result = spawnSync(process.execPath, [...flags, join(root, 'build', name), ...args], {
    env: { ...inherited, ...env },
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${name} failed (${result.signal ?? `exit code ${result.status}`}):\n${result.stdout}${result.stderr}`);
}

/** Calls `use` with a new folder that is removed afterwards. */
function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-build-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Makes one executable of a main script (CommonJS, requiring only Node's own modules) and assets for `node:sea`.
 * Returns its bytes, as pkg leaves them.
 */
export function executable(platform: Platform, main: string, assets: Record<string, string | Uint8Array> = {}): Buffer {
  const { version } = runtimeOf[platform];
  if (process.version !== `v${version}`) throw new Error(`the executable's Node is ${version}, this one is ${process.version}`);
  nodeBinary(runtimeOf[platform]);
  return withFolder((folder) => {
    writeFileSync(join(folder, 'portowner.js'), main);
    for (const [name, content] of Object.entries(assets)) writeFileSync(join(folder, name), content);
    const output = join(folder, 'portowner.out');
    const job: Job = { platform, arch: 'x64', version, main: 'portowner.js', assets: Object.keys(assets), execArgv: execArgv(platform), output };
    script([], 'pkg.ts', [JSON.stringify(job)], { HOME: pkgHome, USERPROFILE: pkgHome, TMPDIR: folder, TEMP: folder, TMP: folder });
    return readFileSync(output);
  });
}

/**
 * The main script and the assets of an executable that starts from V8's code cache. The cache only fits the Node
 * that made it, so it can be had for this machine's platform alone.
 */
export function withCodeCache(platform: Platform, bundle: string): [main: string, assets: Record<string, string | Uint8Array>] {
  const wrapped = `(function(exports,require,module,__filename,__dirname){${bundle}\n})`;
  const cache = withFolder((folder) => {
    const [source, output] = [join(folder, 'portowner.cjs'), join(folder, 'portowner.cache')];
    writeFileSync(source, wrapped);
    script(execArgv(platform), 'code-cache.ts', [source, output]);
    return readFileSync(output);
  });
  return [readFileSync(join(root, 'build/loader.cjs'), 'utf8'), { 'portowner.cjs': wrapped, 'portowner.cache': cache }];
}
