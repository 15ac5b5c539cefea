// Builds everything in dist/, and THIRD-PARTY-NOTICES.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { type Platform, executable, runtimeOf, withCodeCache } from './executable.ts';
import { notices } from './notices.ts';
import { cache, nodeBinary, root, sha256 } from './runtime.mjs';
import { verifyNodeSignature } from './signature.ts';
import { finishWindows } from './windows.ts';

const dist = join(root, 'dist');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Replaces a file in one step, so that a running executable goes on with the old one. */
function replace(path: string, content: string | Uint8Array, mode = 0o644): void {
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}

/** Runs the command in PORTOWNER_SIGN, if any, with the file's path as its last argument. */
function sign(path: string): void {
  const command = process.env.PORTOWNER_SIGN;
  if (!command) return;
  const result = spawnSync(`${command} "${path}"`, { shell: true, stdio: 'inherit' });
  if (result.status !== 0) throw new Error(`PORTOWNER_SIGN failed for ${path}`);
}

async function linux(code: string): Promise<Buffer> {
  // Made on another platform, it starts without the cache: slower, and otherwise the same.
  if (process.platform !== 'linux') return executable('linux', code);
  return executable('linux', ...(await withCodeCache('linux', code)));
}

async function windows(code: string): Promise<Buffer> {
  return finishWindows(await executable('win', code), 'portowner.exe');
}

mkdirSync(dist, { recursive: true });
rmSync(join(dist, 'SHA256SUMS'), { force: true });

say(verifyNodeSignature(nodeBinary(runtimeOf.win)));
const { code, metafile } = await bundle();
writeFileSync(join(cache, 'metafile.json'), JSON.stringify(metafile));
replace(join(root, 'THIRD-PARTY-NOTICES'), notices(metafile));

const products: [name: string, platform: Platform, content: Promise<Buffer>][] = [
  ['portowner', 'linux', linux(code)],
  ['portowner.exe', 'win', windows(code)],
];
await Promise.all(products.map(async ([name, platform, content]) => {
  const path = join(dist, name);
  replace(path, await content, 0o755);
  sign(path);
  const own = statSync(path).size - statSync(nodeBinary(runtimeOf[platform])).size;
  say(`dist/${name}: ${statSync(path).size} bytes, ${own} of them not Node's`);
}));
replace(join(dist, 'SHA256SUMS'), products.map(([name]) => `${sha256(readFileSync(join(dist, name)))}  ${name}\n`).join(''));
