// Runs on Windows everything there is to run on it, and leaves in dist/windows-report what to send back: the closing
// lines of the tests, a bundle of what this Windows said, which becomes a fixture, and what kind of Windows it is.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { release, version } from 'node:os';
import { join } from 'node:path';
import { root } from '../src/build/runtime.mjs';
import { buildLayer } from './layers/build.ts';
import { checkLayer } from './layers/check.ts';
import { failure, type Layer } from './layers/layer.ts';
import { moduleLayer } from './layers/module.ts';
import { runLayers } from './layers/run.ts';
import { uvuLayer } from './layers/uvu.ts';

const folder = join(root, 'dist/windows-report');

/** What this Windows said, in a file. The doctor's answer may be that something is amiss; the bundle is there all the same. */
const bundleLayer: Layer = async () => {
  const bundle = join(folder, 'bundle.json');
  const { status, error, stdout, stderr } = spawnSync(join(root, 'dist/portowner.exe'), ['doctor', '--bundle', bundle], { encoding: 'utf8' });
  writeFileSync(join(folder, 'doctor.txt'), `${stdout ?? ''}${stderr ?? ''}`);
  const answered = status !== null && [0, 1, 69, 77].includes(status);
  return answered ? { passed: 1, failed: 0, skipped: [] } : failure('portowner doctor --bundle', error?.message ?? `ended with exit code ${status}\n${stderr}`);
};

/** Whether these tests run with an administrator's rights: only such a process may ask this. */
const elevated = (): boolean => spawnSync(join(process.env.SystemRoot ?? 'C:\\Windows', 'System32/net.exe'), ['session'], { stdio: 'ignore' }).status === 0;

async function main(): Promise<number> {
  if (process.platform !== 'win32') {
    process.stderr.write('test:windows runs on Windows alone; here, npm test has those of its tests that Wine can run\n');
    return 69;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { ok, lines } = await runLayers([{ check: checkLayer }, { build: buildLayer('win') }, { uvu: uvuLayer() }, { module: moduleLayer }, { bundle: bundleLayer }]);
  const kind = [`${version()} ${release()} ${process.arch}`, elevated() ? 'elevated' : 'not elevated', Intl.DateTimeFormat().resolvedOptions().locale];
  writeFileSync(join(folder, 'tests.txt'), `${[...kind, ...lines].join('\n')}\n`);
  process.stdout.write(`Look through ${folder} and send it back: docs/contributing/testing-on-windows.md says what else to look at.\n`);
  return ok ? 0 : 1;
}

process.exitCode = await main();
