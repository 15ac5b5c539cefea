import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { skip, type TestContext } from '../support/skip.ts';
import { closingLines } from './closing.ts';

const test = suite('test run');

const run = (pattern: string, env: NodeJS.ProcessEnv = {}): { code: number | null; lines: string[] } => {
  const result = spawnSync(process.execPath, [join(root, 'test/run.ts'), pattern], { encoding: 'utf8', env: { ...process.env, ...env } });
  return { code: result.status, lines: result.stdout.trimEnd().split('\n') };
};

test('ends with the counts alone on a line', () => {
  const { code, lines } = run('ports/expression');
  assert.is(code, 0);
  assert.match(lines.at(-1)!, /^[1-9]\d* passed, 0 failed, 0 skipped$/);
});

test('fails when no file matches', () => {
  assert.equal(run('no such test'), { code: 1, lines: ['0 passed, 0 failed, 0 skipped'] });
});

test('without PowerShell it says at the end what was skipped, and the one command that installs it', (context) => {
  if (process.platform === 'win32') return skip('this machine is not Linux', context as TestContext);
  const { code, lines } = run('test/system/formats-powershell', { PORTOWNER_PWSH: '' });
  assert.is(code, 0);
  assert.equal(lines.slice(-2), [
    '7 skipped, PowerShell 7 is not installed: to install it, run .ci/powershell-setup, which needs the .NET SDK 10',
    '0 passed, 0 failed, 7 skipped',
  ]);
  const command = /to install it, run ([^,]+)/.exec(lines.at(-2)!)![1]!;
  assert.ok(existsSync(join(root, command)), command);
});

test('has one closing line for each thing to install, and none where nothing can be', () => {
  const skipped = ['no moon', 'Wine is not installed (.ci/wine-setup)', 'no moon', 'there is no Windows, and no Wine (.ci/wine-setup)', 'no acl (package acl)'];
  assert.equal(closingLines({ passed: 3, failed: 1, skipped: skipped.map((reason, at) => ({ name: `${at}`, reason })) }).slice(5), [
    '2 skipped, Wine is not installed: to install it, run .ci/wine-setup',
    '3 passed, 1 failed, 5 skipped',
  ]);
});

test.run();
