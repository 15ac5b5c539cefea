import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundle } from '../../src/build/bundle.ts';
import { executable, withCodeCache } from '../../src/build/executable.ts';
import { skip } from '../support/skip.ts';
import { withFolder } from '../support/build-machine.ts';

const test = suite('code cache');

test('V8 takes it inside an executable', async (context) => {
  if (process.platform !== 'linux') return skip('only the Linux executable carries one, and only when built on Linux', context);
  const [loader, assets] = await withCodeCache('linux', (await bundle()).code);
  // The loader, but instead of running the bundle it says whether the cache fits.
  const probe = loader.replace(/^script\..*$/m, 'process.stdout.write(String(script.cachedDataRejected));');
  assert.is.not(probe, loader);
  const bytes = await executable('linux', probe, assets);
  await withFolder((folder) => {
    const path = join(folder, 'probe');
    writeFileSync(path, bytes, { mode: 0o755 });
    assert.is(spawnSync(path, { encoding: 'utf8' }).stdout, 'false');
  });
});

test.run();
