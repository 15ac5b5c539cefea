import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import type { Result } from './layer.ts';
import { Together } from './together.ts';
import { resultOf, skipsOf } from './uvu.ts';

const test = suite('test files that share a process');
const folder = mkdtempSync(join(tmpdir(), 'portowner-together-'));
const together = new Together();
test.after(() => {
  together.end();
  rmSync(folder, { recursive: true, force: true });
});

const uvu = JSON.stringify(pathToFileURL(join(root, 'node_modules/uvu/dist/index.mjs')).href);
const good = `import { suite } from ${uvu};\nconst test = suite('x');\ntest('a', () => {});\ntest.run();\n`;

async function run(name: string, text: string): Promise<Result & { said: string }> {
  const file = join(folder, name);
  writeFileSync(file, text);
  let said = '';
  const skips = skipsOf(file, folder);
  const result = resultOf(file, await together.run(file, skips), skips, (line) => (said += line));
  return { ...result, said };
}

for (const [name, text, expected] of [
  ['good.mjs', good, null],
  ['fails.mjs', good.replace('{}', '{ throw new Error("no"); }'), /1 failed/],
  ['throws.mjs', 'throw new Error("it does not load");\n', /it does not load/],
  ['forgets.mjs', good.replace('test.run();\n', ''), /no test ran/],
  ['exits.mjs', good.replace('{}', '{ process.exit(0); }'), /process ended with exit code \d before it was done/],
  ['crashes.mjs', good.replace('{}', '{ process.kill(process.pid, "SIGKILL"); }'), /process ended with SIGKILL before it was done/],
  ['environment.mjs', good.replace('{}', '{ process.env.PORTOWNER_LEAK = "1"; }'), /leaves changed: PORTOWNER_LEAK/],
] as const)
  test(`${name} is told apart, and the next one runs`, async () => {
    const { failed, said } = await run(name, text);
    assert.is(failed, expected === null ? 0 : 1, said);
    if (expected !== null) assert.match(said, expected);
    if (name === 'environment.mjs') return;
    assert.equal((await run(`after-${name}`, good)).passed, 1);
  });

test.run();
