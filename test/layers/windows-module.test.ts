import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { skip, type TestContext } from '../support/skip.ts';
import { closingLines } from './closing.ts';
import { windowsModuleLayer } from './windows-module.ts';

const test = suite("the module's tests on Windows' side");
const linux = process.platform === 'linux';

for (const [what, env, command] of [
  ['Wine', { PORTOWNER_WINE: '/nowhere/wine' }, '.ci/wine-setup'],
  ["Windows' PowerShell", { PORTOWNER_WINE: 'true', PORTOWNER_WINDOWS_POWERSHELL_ROOT: '/nowhere' }, '.ci/windows-powershell-setup'],
] as const) {
  test(`without ${what} they are skipped, and the closing lines have the command that installs it`, async (context) => {
    if (!linux) return skip('this machine is not Linux', context as TestContext);
    const old = { ...process.env };
    Object.assign(process.env, env);
    try {
      const result = await windowsModuleLayer();
      assert.is(result.skipped.length, 1);
      assert.ok(closingLines(result).at(-2)!.includes(`to install it, run ${command}`), closingLines(result).join('\n'));
      assert.ok(existsSync(join(root, command)));
    } finally {
      process.env = old;
    }
  });
}

test('npm run test:windows says on another system where it runs', (context) => {
  if (!linux) return skip('this machine is not Linux', context as TestContext);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'build.mjs'), 'test-windows'], { encoding: 'utf8' });
  assert.equal([status, stdout], [69, '']);
  assert.match(stderr, /^test:windows runs on Windows alone; [^\n]*\n$/);
});

test.run();
