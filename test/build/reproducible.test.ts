import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pkgHome, root, sha256 } from '../../src/build/runtime.mjs';
import { dist, withFolder } from './machine.ts';

const test = suite('reproducible');

test('the same sources in another folder give the same portowner.exe', async () => {
  await withFolder((folder) => {
    const left = new Set(['.cache', '.git', 'dist']);
    for (const name of readdirSync(root).filter((entry) => !left.has(entry))) cpSync(join(root, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(folder, '.cache'));
    symlinkSync(join(pkgHome, '.pkg-cache'), join(folder, '.cache/.pkg-cache'), 'junction');
    const built = spawnSync(process.execPath, [join(folder, 'src/build/build.ts'), 'win'], { encoding: 'utf8' });
    assert.is(built.status, 0, `${built.stdout}${built.stderr}`);
    const [first, second] = [dist, join(folder, 'dist')].map((path) => sha256(readFileSync(join(path, 'portowner.exe'))));
    assert.is(second, first);
  });
});

test.run();
