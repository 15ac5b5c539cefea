import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import { noPowerShell, plain, pwsh } from '../powershell.ts';
import type { Layer, Result } from './layer.ts';

/** The PowerShells that the module is made for: their names, and the programs where there are any. */
const shells: readonly (readonly [name: string, program: string | null])[] = [['pwsh', pwsh], ...(process.platform === 'win32' ? [['powershell', 'powershell'] as const] : [])];

const options = [...plain, ...(process.platform === 'win32' ? ['-ExecutionPolicy', 'Bypass'] : [])];
const env = { ...process.env, PORTOWNER_TEST_NODE: process.execPath };
const timeout = 20 * 60_000;

interface Ran {
  passed: number;
  failed: number;
  skipped: Result['skipped'];
}

/** Starts a program in a network of its own, where nobody else listens: an answer may have more rows otherwise. */
function inOwnNetwork(command: readonly string[]): readonly string[] {
  const inside = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const possible = process.getuid?.() === 0 && spawnSync(inside[0]!, [...inside.slice(1), 'true']).status === 0;
  return possible ? [...inside, ...command] : command;
}

/** Runs the module's tests; gives what PowerShell printed. */
function pester(shell: string, file: string): Promise<string> {
  const script = ['-File', join(root, 'test/module/run.ps1'), '-Tests', join(root, 'ps/Tests'), '-Result', file];
  const [program = '', ...args] = inOwnNetwork([shell, ...options, ...script]);
  const child = spawn(program, args, { env, timeout, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(output)));
}

async function runIn(shell: string, program: string | null): Promise<Result> {
  const name = `ps/Tests in ${shell}`;
  const skip = (reason: string): Result => ({ passed: 0, failed: 0, skipped: [{ name, reason }] });
  if (program === null) return skip(noPowerShell);
  const probe = spawnSync(program, [...options, '-Command', "[bool](Get-Module -ListAvailable Pester | Where-Object Version -GE '5.0')"], {
    env,
    encoding: 'utf8',
  });
  if (probe.status !== 0) {
    process.stdout.write(`FAILED ${name}: ${program} does not start\n${probe.error?.message ?? probe.stderr}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  if (!probe.stdout.includes('True')) return skip('PowerShell has no Pester 5 or newer (.ci/powershell-setup)');

  const folder = mkdtempSync(join(tmpdir(), 'portowner-module-'));
  let output = '';
  try {
    const file = join(folder, 'result.json');
    const started = Date.now();
    output = await pester(program, file);
    const { passed, failed, skipped } = JSON.parse(readFileSync(file, 'utf8')) as Ran;
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stdout.write(failed > 0 ? `FAILED ${name}: ${failed} failed\n${output}\n` : `ok ${name}: ${passed} passed in ${seconds} s\n`);
    return { passed, failed, skipped: skipped.map((test) => ({ name: `${name}: ${test.name}`, reason: test.reason })) };
  } catch (error) {
    process.stdout.write(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}\n${output}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The module's own tests, in every PowerShell there is. */
export const moduleLayer: Layer = async () => {
  const sum: Result = { passed: 0, failed: 0, skipped: [] };
  for (const [name, program] of shells) {
    const result = await runIn(name, program);
    sum.passed += result.passed;
    sum.failed += result.failed;
    sum.skipped.push(...result.skipped);
  }
  return sum;
};
