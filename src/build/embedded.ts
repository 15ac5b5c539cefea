// The Node that goes into an executable: the pinned one, deaf to the environment and, for Linux, without its symbols.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Platform, runtimeOf } from './platform.ts';
import { expectedCounts, makeInert } from './inert.ts';
import { nodeBinary, sha256, writeExecutable } from './runtime.mjs';

const run = promisify(execFile);

/**
 * Takes the symbols out of an ELF file, a fifth of Node, with strip of the binutils. Returns why it could not, or null.
 * This comes before the blob is put in: strip would move what the executable looks for.
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
 * Lays the Node for a platform into the cache of pkg under `home`, as if pkg had downloaded it. `say` is told what the
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
  // pkg takes an archive that has a mark as downloaded and checked, and a binary that has one as extracted.
  for (const mark of [archive, `${archive}.ok`, `${path}.ok`]) writeFileSync(mark, '');
  if (platform !== 'linux') return;
  const why = await stripSymbols(path);
  if (why !== null) say(`dist/portowner keeps the symbols of its Node, which are 33 MB: ${why}`);
}
