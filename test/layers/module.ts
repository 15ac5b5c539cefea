import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import type { Layer, Result } from './layer.ts';

/** The PowerShells that the module is made for. */
const shells = process.platform === 'win32' ? ['pwsh', 'powershell'] : ['pwsh'];

const needed =
  "$m = Get-Module -ListAvailable Pester | Where-Object Version -GE '5.0'; if ($m) { 'Pester' }; if (Get-Module -ListAvailable PSScriptAnalyzer) { 'PSScriptAnalyzer' }";

const options = ['-NoProfile', '-NonInteractive', ...(process.platform === 'win32' ? ['-ExecutionPolicy', 'Bypass'] : [])];
const env = { ...process.env, POWERSHELL_TELEMETRY_OPTOUT: '1', PORTOWNER_TEST_NODE: process.execPath };

interface Ran {
  passed: number;
  failed: number;
  skipped: string[];
}

function runIn(shell: string): Result {
  const name = `ps/Tests in ${shell}`;
  const skip = (reason: string): Result => ({ passed: 0, failed: 0, skipped: [{ name, reason }] });
  const probe = spawnSync(shell, [...options, '-Command', needed], { env, encoding: 'utf8' });
  if (probe.status !== 0) return skip(`there is no ${shell} on the PATH`);
  if (!probe.stdout.includes('Pester')) return skip(`${shell} has no Pester 5`);

  const folder = mkdtempSync(join(tmpdir(), 'portowner-module-'));
  try {
    const file = join(folder, 'result.json');
    const run = spawnSync(shell, [...options, '-File', join(root, 'test/module/run.ps1'), '-Tests', join(root, 'ps/Tests'), '-Result', file], {
      env,
      encoding: 'utf8',
      maxBuffer: 1e8,
      timeout: 20 * 60_000,
    });
    const { passed, failed, skipped } = JSON.parse(readFileSync(file, 'utf8')) as Ran;
    process.stdout.write(failed > 0 ? `FAILED ${name}: ${failed} failed\n${run.stdout}\n` : `ok ${name}: ${passed} passed\n`);
    const reason = (test: string): string => (test.startsWith('PSScriptAnalyzer') ? `${shell} has no PSScriptAnalyzer` : 'not on this system');
    return { passed, failed, skipped: skipped.map((test) => ({ name: `${name}: ${test}`, reason: reason(test) })) };
  } catch (error) {
    process.stdout.write(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The module's own tests, in every PowerShell there is. */
export const moduleLayer: Layer = async () => {
  const results = shells.map(runIn);
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
};
