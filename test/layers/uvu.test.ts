import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from './layer.ts';
import { testFile } from './uvu.ts';

const test = suite('test files');
const uvu = import.meta.resolve('uvu');
const skip = import.meta.resolve('../support/skip.ts');
const head = `import { suite } from '${uvu}';\nimport { skip } from '${skip}';\nconst test = suite('s');\n`;

const cases: [name: string, source: string, passed: number, failed: number, skipped: Result['skipped'], said: RegExp][] = [
  ['one passes', `${head}test('a', () => {});\ntest.run();`, 1, 0, [], /^ok .*: 1 passed\n$/],
  ['one fails', `${head}test('a', () => { throw new Error('because'); });\ntest('b', () => {});\ntest.run();`, 1, 1, [], /1 failed\n[^]*because/],
  ['.run() is missing', `${head}test('a', () => {});`, 0, 1, [], /no test ran/],
  ['empty', '', 0, 1, [], /no test ran/],
  ['ends too early', `${head}test('a', () => process.exit(0));\ntest.run();`, 0, 1, [], /FAILED/],
  ['dies', `${head}test('a', () => process.kill(process.pid, 'SIGKILL'));\ntest.run();`, 0, 1, [], process.platform === 'win32' ? /ended with exit code 1/ : /ended with SIGKILL/],
  ['fails after its tests', `${head}test('a', () => {});\ntest.run();\nprocess.on('exit', () => process.exit(3));`, 1, 1, [], /exit code 3/],
  ['cannot be loaded', 'import "./nowhere.ts";', 0, 1, [], /nowhere/],
  ['one skips itself', `${head}test('a', (context) => skip('no moon', context));\ntest('b', () => {});\ntest.run();`, 1, 0, [{ name: 's a', reason: 'no moon' }], /^ok/],
  ['all skip themselves', `${head}test('a', (context) => skip('no moon', context));\ntest.run();`, 0, 0, [{ name: 's a', reason: 'no moon' }], /^ok/],
  ['skipped as a whole', `${head}skip('no sun');`, 0, 0, [{ name: '', reason: 'no sun' }], /^ok/],
  [
    'skipped without a reason',
    `${head}test.skip('a', () => {});\ntest('b', () => {});\ntest.run();`,
    1,
    0,
    [{ name: '', reason: 'test.skip in the file, without a reason' }],
    /^ok/,
  ],
];

for (const [name, source, passed, failed, skipped, said] of cases) {
  test(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portowner-runner-'));
    try {
      const file = join(folder, 'some.test.ts');
      writeFileSync(file, source);
      let text = '';
      const result = await testFile(file, folder, (more) => void (text += more));
      assert.equal(result, { passed, failed, skipped: skipped.map((one) => ({ name: `${file} ${one.name}`.trim(), reason: one.reason })) });
      assert.match(text, said);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test.run();
