import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import { plain } from '../support/powershell.ts';
import { failure, total, type Result } from './layer.ts';

/** A PowerShell that takes longer is ended. */
const limit = 20 * 60_000;
/** What test/module/run.ps1 prints before the failures; before it, there is one line for each test. */
const failures = '== Failures\n';
/** How many of these lines tell where a PowerShell was that did not reach its end. */
const lastLines = 20;

/** A PowerShell that runs tests. */
export interface Shell {
  /** What the tests in it are called. */
  readonly name: string;
  readonly command: readonly string[];
  readonly windows: boolean;
  /** More than this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** A path as programs there say it, where they say it otherwise. */
  readonly path?: (path: string) => string;
}

/** Runs a script in PowerShell to its end, or until it takes too long; gives what it printed. */
export function runShell({ command, windows, env }: Shell, ...args: string[]): Promise<string> {
  const [file, ...before] = command as [string, ...string[]];
  const options = [...before, ...plain, ...(windows ? ['-ExecutionPolicy', 'Bypass'] : []), ...args];
  // A group of its own: what it has started is ended with it.
  const child = spawn(file, options, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' });
  let output = '';
  const timer = setTimeout(() => {
    output += `ended after ${limit / 60_000} minutes\n`;
    endGroup(child);
  }, limit);
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      resolve(output);
    };
    child.on('error', reject).on('close', done);
    // Wine's desktop, which the first program starts, keeps the pipes open for as long as Wine runs.
    child.on('exit', () => setTimeout(done, 2000));
  });
}

function endGroup(child: ChildProcess): void {
  try {
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid!, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What tells why tests failed: the failures, or where a PowerShell was that did not reach its end. */
const told = (output: string): string =>
  output.includes(failures) ? output.slice(output.lastIndexOf(failures) + failures.length) : output.split('\n').slice(-lastLines).join('\n');

/** Runs the module's tests in a PowerShell; only some of their files, where these are named: `Rows` of Rows.Tests.ps1. */
export async function pester(shell: Shell, files: readonly string[] = ['*']): Promise<Result> {
  const { name, path = (same) => same } = shell;
  const folder = mkdtempSync(join(tmpdir(), 'portowner-module-'));
  let output = '';
  try {
    const file = join(folder, 'result.json');
    const started = Date.now();
    const script = ['-File', path(join(root, 'test/module/run.ps1')), '-Tests', path(join(root, 'ps/Tests')), '-Result', path(file)];
    output = await runShell(shell, ...script, '-Path', files.join(','));
    const { passed, failed, skipped } = JSON.parse(readFileSync(file, 'utf8')) as Result;
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stdout.write(failed > 0 ? `FAILED ${name}: ${failed} failed\n${told(output)}\n` : `ok ${name}: ${passed} passed in ${seconds} s\n`);
    return { passed, failed, skipped: skipped.map((test) => ({ name: `${name}: ${test.name}`, reason: test.reason })) };
  } catch (error) {
    return failure(name, `${error instanceof Error ? error.message : String(error)}\n${told(output)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs each file of the module's tests, but for some, in a PowerShell of its own, some at a time. */
export async function pesterFiles(shell: Shell, atATime: number, without: readonly string[] = []): Promise<Result> {
  const files = testFiles().filter((file) => !without.includes(file));
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) results.push(await pester({ ...shell, name: `ps/Tests/${file} in ${shell.name}` }, [file]));
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return total(results);
}

/** The names of the test files, the largest first: what is left for the end is short. */
function testFiles(): string[] {
  const folder = join(root, 'ps/Tests');
  const size = (file: string): number => statSync(join(folder, file)).size;
  const files = readdirSync(folder).filter((file) => file.endsWith('.Tests.ps1'));
  return files.toSorted((one, other) => size(other) - size(one)).map((file) => file.slice(0, -'.Tests.ps1'.length));
}
