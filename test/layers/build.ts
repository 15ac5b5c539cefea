import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import { programVariable } from '../support/own-program.ts';
import type { Layer } from './layer.ts';

/** The build, of everything or for some platforms: what it leaves in dist/ is tested by the test files. */
export const buildLayer =
  (...platforms: string[]): Layer =>
  async () => {
    const script = join(root, 'src/build/build.ts');
    const built = spawnSync(process.execPath, [script, ...platforms], { stdio: 'inherit' }).status === 0;
    if (built && process.platform === 'linux') process.env[programVariable] = join(root, 'dist/portowner');
    return { passed: built ? 1 : 0, failed: built ? 0 : 1, skipped: [] };
  };
