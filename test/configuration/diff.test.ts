// The differences that are shown before a move are those that patch understands.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changedLines, unifiedDiff } from '../../src/configuration/diff.ts';
import { temporaryFolder } from '../support/harness.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('differences');

test('patch makes the new text from the old one', (context) => {
  if (spawnSync('patch', ['--version']).status !== 0) return skip('patch is not installed', context as TestContext);
  const file = join(temporaryFolder(), 'file');
  const lines = fc.array(fc.constantFrom('a', 'b', '', '-c', 'port 80', '+d'), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(lines, fc.array(fc.nat(19), { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', ''), (old, changed, end) => {
      const young = old.map((line, index) => (changed.includes(index) ? `${line}!` : line));
      const [before, after] = [old.join('\n') + end, young.join('\n') + end];
      fc.pre(before !== after && (end !== '' || old.at(-1) !== ''));
      writeFileSync(file, before);
      const { status, stdout } = spawnSync('patch', ['--force', file], { input: `${unifiedDiff(file, before, after)}\n`, encoding: 'utf8' });
      assert.is(status, 0, stdout);
      assert.not.match(stdout, /fuzz|offset|malformed/);
      assert.is(readFileSync(file, 'utf8'), after);
    }),
    { numRuns: 30 },
  );
});

test('a name with a line break is one line', () => {
  const name = '/x/a\n+++ /etc/passwd';
  for (const text of [unifiedDiff(name, 'a\n', 'b\n'), changedLines(name, 'a\n', 'b\n')])
    assert.equal(text.split('\n').slice(0, 2), [String.raw`--- /x/a\n+++ /etc/passwd`, String.raw`+++ /x/a\n+++ /etc/passwd`]);
});

test.run();
