import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryBeside } from '../src/temporary.ts';

const test = suite('temporary names');

test('beside the file, and never foreseen', () => {
  const path = join('folder', 'b.yaml');
  const names = Array.from({ length: 100 }, () => temporaryBeside(path));
  assert.is(new Set(names).size, 100);
  assert.ok(names.every((name) => dirname(name) === 'folder' && /\.portowner-[0-9a-f]{32}\.tmp$/.test(name)));
});

test.run();
