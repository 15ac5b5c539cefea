import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';

const test = suite('test run');

const run = (...patterns: string[]): { code: number | null; last: string | undefined } => {
  const result = spawnSync(process.execPath, [join(root, 'test/run.ts'), ...patterns], { encoding: 'utf8' });
  return { code: result.status, last: result.stdout.trimEnd().split('\n').at(-1) };
};

test('ends with the counts alone on a line', () => {
  const { code, last } = run('ports/expression');
  assert.is(code, 0);
  assert.match(last ?? '', /^[1-9]\d* passed, 0 failed, 0 skipped$/);
});

test('fails when no file matches', () => {
  assert.equal(run('no such test'), { code: 1, last: '0 passed, 0 failed, 0 skipped' });
});

test.run();
