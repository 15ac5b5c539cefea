import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { generatedFiles } from '../../src/build/generated.ts';
import { root } from '../../src/build/runtime.mjs';

const test = suite('generated files');

test('are what their sources give ("node build.mjs generate" writes them)', async () => {
  for (const [path, text] of await generatedFiles()) assert.ok(existsSync(join(root, path)) && readFileSync(join(root, path), 'utf8') === text, `${path} is stale`);
});

test.run();
