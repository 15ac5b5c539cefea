import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';

const test = suite('fixtures');

test('every folder with fixtures says in its README.md who made them, and how', () => {
  const folders = readdirSync(join(root, 'test/fixtures'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath }) => parentPath);
  assert.ok(new Set(folders).size > 3);
  assert.equal(
    [...new Set(folders)].filter((folder) => !existsSync(join(folder, 'README.md'))),
    [],
  );
});

test.run();
