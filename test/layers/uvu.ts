import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import type { Layer, Result } from './layer.ts';

/** How many test files run at a time. */
const atATime = 2;
/** A test file that takes longer is ended. */
const limit = 20 * 60_000;

const compileCache = new URL('compile-cache.mjs', import.meta.url).href;

function run(file: string, skips: string): Promise<Ran> {
  const started = Date.now();
  const child = spawn(process.execPath, [...nodeFlags, '--import', compileCache, resolve(root, file)], {
    cwd: root,
    env: { ...process.env, PORTOWNER_TEST_SKIPS: skips },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let late = false;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  return new Promise((resolve) => {
    const ended = (trouble: string | undefined) => resolve({ output, trouble, seconds: Math.round((Date.now() - started) / 1000) });
    child.on('error', (error) => ended(error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      ended(late ? `ended after ${limit / 60_000} minutes` : code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

/** uvu's closing lines: the tests there were, those that passed, and those that were skipped with `test.skip`. */
function counts(output: string): { total: number; passed: number; skipped: number } | undefined {
  const match = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)].at(-1);
  return match && { total: Number(match[1]), passed: Number(match[2]), skipped: Number(match[3]) };
}

/** What a test file printed, and what became of its process. */
export interface Ran {
  output: string;
  /** Why it is to be taken as failed, whatever uvu counted. */
  trouble: string | undefined;
  /** How long it took. */
  seconds?: number;
}

/** Files that take longer say how long. */
const long = 20;

/** Where a test file notes what it skips: a file of its own in `folder`. */
export const skipsOf = (file: string, folder: string): string => join(folder, file.replaceAll(/[\\/:]/g, '-'));

/** The result of a test file that ran, given by its path from the root; says it. `skips` is the file with its notes. */
export function resultOf(file: string, { output, trouble, seconds = 0 }: Ran, skips: string, say = (text: string): void => void process.stdout.write(text)): Result {
  const said = existsSync(skips) ? readFileSync(skips, 'utf8').trim().split('\n') : [];
  const skipped = said.map((line) => JSON.parse(line) as Result['skipped'][number]);
  const counted = counts(output);
  // A test that skips itself passes, as far as uvu knows.
  const passed = (counted?.passed ?? 0) - skipped.filter((skip) => skip.name !== '').length;
  let failed = counted ? counted.total - counted.passed : 0;
  let problem = failed > 0 ? `${failed} failed` : trouble;
  // The result of an empty file, of one that forgets its .run() and of one that ends too early would be green.
  if (!problem && passed + skipped.length === 0) problem = 'no test ran';
  if (!problem && !counted && skipped.length === 0) problem = 'uvu did not reach its end';
  if (problem && failed === 0) failed = 1;
  const names: Result['skipped'] = skipped.map(({ name, reason }) => ({ name: `${file} ${name}`.trim(), reason }));
  for (let at = 0; at < (counted?.skipped ?? 0); at++) names.push({ name: file, reason: 'test.skip in the file, without a reason' });
  const took = seconds > long ? ` in ${seconds} s` : '';
  say(problem ? `FAILED ${file}: ${problem}${took}\n${output.trim()}\n\n` : `ok ${file}: ${passed} passed${took}\n`);
  return { passed, failed, skipped: names };
}

/** Runs one test file, given by its path from the root, in a process of its own. Keeps its notes in `folder`. */
export async function testFile(file: string, folder: string, say?: (text: string) => void): Promise<Result> {
  const skips = skipsOf(file, folder);
  return resultOf(file, await run(file, skips), skips, say);
}

/** The paths of all test files (*.test.ts) from the root, sorted. */
export const testFiles = (): string[] =>
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name.replaceAll(sep, '/')}`)
    .toSorted();

/** The test files (*.test.ts), each in a process of its own; only those whose path contains a pattern, when there are patterns. */
export const uvuLayer =
  (patterns: string[] = []): Layer =>
  async () => {
    const files = testFiles().filter((name) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern)));
    const folder = mkdtempSync(join(tmpdir(), 'portowner-test-'));
    const sum: Result = { passed: 0, failed: 0, skipped: [] };
    const worker = async (): Promise<void> => {
      for (let file = files.shift(); file; file = files.shift()) {
        const result = await testFile(file, folder);
        sum.passed += result.passed;
        sum.failed += result.failed;
        sum.skipped.push(...result.skipped);
      }
    };
    try {
      await Promise.all(Array.from({ length: atATime }, worker));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return sum;
  };
