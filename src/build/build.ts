// Builds what is in dist/: everything, or the executables of the platforms in the arguments (linux, win, win-arm64).
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAllCommands } from '../cli/commands.ts';
import { catalogue } from '../commands/catalogue.ts';
import { type Bundle, bundle, version } from './bundle.ts';
import { executable, withCodeCache } from './executable.ts';
import { manPage } from './man.ts';
import { type Platform, runtimeOf } from './platform.ts';
import { cache, nodeBinary, root, sha256, writeExecutable } from './runtime.mjs';
import { sbom } from './sbom.ts';
import { buildModule } from './module.ts';
import { sign } from './sign.ts';
import { verifyNodeSignature } from './signature.ts';
import { finishWindows } from './windows.ts';

const dist = join(root, 'dist');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function linux({ code, assets }: Bundle): Promise<Buffer> {
  // Built on another platform, it starts without the cache: slower, but otherwise the same.
  if (process.platform !== 'linux') return executable('linux', code, assets, say);
  const [main, cached] = await withCodeCache('linux', code);
  return executable('linux', main, { ...assets, ...cached }, say);
}

const windows = (platform: Platform, name: string) => ({
  name,
  make: async ({ code, assets }: Bundle): Promise<Buffer> =>
    finishWindows(await executable(platform, code, assets), name),
});

const makers: Record<Platform, { name: string; make: (bundled: Bundle) => Promise<Buffer> }> = {
  linux: { name: 'portowner', make: linux },
  win: windows('win', 'portowner.exe'),
  'win-arm64': windows('win-arm64', 'portowner-arm64.exe'),
};

const sbomName = 'portowner.cdx.json';
const manName = 'portowner.1';

async function build(platforms: Platform[]): Promise<void> {
  mkdirSync(dist, { recursive: true });
  // Remove, not overwrite: running processes keep the old file, and missing checksums mean that the build failed.
  for (const name of [...platforms.map((platform) => makers[platform].name), 'SHA256SUMS'])
    rmSync(join(dist, name), { force: true });
  for (const platform of platforms.filter((one) => one !== 'linux'))
    say(verifyNodeSignature(nodeBinary(runtimeOf[platform])));
  const bundled = await bundle();
  const { metafile } = bundled;
  writeFileSync(join(cache, 'metafile.json'), JSON.stringify(metafile));

  const make = async (platform: Platform): Promise<void> => {
    const { name, make } = makers[platform];
    const path = join(dist, name);
    writeExecutable(path, await make(bundled));
    sign(path);
    for (const file of await buildModule(platform, path)) sign(file);
    const { size } = statSync(path);
    const more = size - statSync(nodeBinary(runtimeOf[platform])).size;
    say(`dist/${name}: ${size} bytes, ${Math.abs(more)} ${more < 0 ? 'fewer' : 'more'} than its Node`);
  };
  await Promise.all(platforms.map(make));

  writeFileSync(join(dist, manName), manPage(await loadAllCommands(catalogue), version));
  const names = Object.fromEntries(Object.entries(makers).map(([platform, { name }]) => [platform, name])) as Record<
    Platform,
    string
  >;
  writeFileSync(join(dist, sbomName), `${JSON.stringify(sbom(metafile, names), null, 2)}\n`);
  const built = [...Object.values(names), sbomName, manName].filter((name) => existsSync(join(dist, name)));
  writeFileSync(
    join(dist, 'SHA256SUMS'),
    built.map((name) => `${sha256(readFileSync(join(dist, name)))}  ${name}\n`).join(''),
  );
}

const wanted = Object.keys(makers).filter(
  (platform) => process.argv.length === 2 || process.argv.includes(platform),
) as Platform[];
try {
  await build(wanted);
} catch (error) {
  process.stderr.write(`build: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
