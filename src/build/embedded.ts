// The Node in an executable: the pinned version, which ignores the environment and, on Linux, has no symbols.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Platform, runtimeOf } from './platform.ts';
import { expectedCounts, makeInert } from './inert.ts';
import { nodeBinary, sha256, writeExecutable } from './runtime.mjs';

const run = promisify(execFile);

/**
 * Removes the symbols, a fifth of Node, from an ELF file with strip (binutils). Returns why it failed, or null.
 * This must happen before the blob is injected: strip would move what the executable looks for.
 */
export async function stripSymbols(path: string): Promise<string | null> {
  try {
    await run('strip', ['--strip-all', path]);
    return null;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    return code === 'ENOENT' ? 'strip (binutils) is not installed' : `strip failed: ${stderr.trim().split('\n', 1)[0]}`;
  }
}

/**
 * Puts the Node for a platform into pkg's cache under `home`, as if pkg had downloaded it. Reports to `say` what the
 * executable lacks.
 */
export async function layEmbeddedNode(platform: Platform, home: string, say: (text: string) => void): Promise<void> {
  const runtime = runtimeOf[platform];
  const bytes = readFileSync(nodeBinary(runtime));
  const digest = sha256(bytes);
  if (digest !== runtime.sha256)
    throw new Error(`${nodeBinary(runtime)} has the SHA-256 ${digest}, expected ${runtime.sha256}`);
  makeInert(bytes, expectedCounts(platform));
  const folder = join(home, '.pkg-cache/sea');
  const [archive, path] = [join(folder, runtime.archive), join(folder, runtime.cached)];
  mkdirSync(dirname(path), { recursive: true });
  writeExecutable(path, bytes);
  // To pkg, an archive with a marker file is downloaded and verified, and a binary with one is extracted.
  for (const mark of [archive, `${archive}.ok`, `${path}.ok`]) writeFileSync(mark, '');
  if (platform !== 'linux') return;
  const why = await stripSymbols(path);
  if (why !== null) say(`dist/portowner keeps the symbols of its Node, which are 33 MB: ${why}`);
}
