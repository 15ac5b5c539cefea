import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import type { Layer, Result } from './layer.ts';
import { resultOf, skipsOf, testFiles, type Ran } from './uvu.ts';

/** Folders of what is slow or real: a machine, a shell, a built executable. */
const slow = /^test\/(?:system|docs|fuzz|bench|build|layers)\//;
/** A file that takes longer is ended, with the process that it is in. */
const limit = 60_000;

/** One process that runs file after file. */
export class Together {
  #child: ChildProcess | null = null;

  #start(): ChildProcess {
    return (this.#child ??= fork(join(root, 'test/layers/together-worker.ts'), { execArgv: [...nodeFlags], cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }));
  }

  run(file: string, skips: string): Promise<Ran> {
    const child = this.#start();
    let loose = '';
    const keep = (text: Buffer): void => void (loose += text.toString());
    child.stdout!.on('data', keep);
    child.stderr!.on('data', keep);
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), limit);
      const done = (ran: Ran): void => {
        clearTimeout(timer);
        child.stdout!.off('data', keep);
        child.stderr!.off('data', keep);
        child.removeAllListeners('message').removeAllListeners('exit');
        resolve(ran);
      };
      child.once('message', (ran) => done(ran as Ran));
      // Whatever ends the process is the fault of the file that ran: it has not said that it is done.
      child.once('exit', (code, signal) => {
        this.#child = null;
        done({ output: loose, trouble: `its process ended with ${signal ?? `exit code ${code}`} before it was done` });
      });
      child.send({ file, skips });
    });
  }

  end(): void {
    this.#child?.kill();
  }
}

/** Pure tests, several files in a process: the loop while one works. `order` sorts the files. */
export const togetherLayer =
  (order = (files: string[]): string[] => files): Layer =>
  async () => {
    const files = order(testFiles().filter((file) => !slow.test(file)));
    const folder = mkdtempSync(join(tmpdir(), 'portowner-test-'));
    const sum: Result = { passed: 0, failed: 0, skipped: [] };
    const workers = Array.from({ length: availableParallelism() }, () => new Together());
    try {
      await Promise.all(
        workers.map(async (worker) => {
          for (let file = files.shift(); file; file = files.shift()) {
            const skips = skipsOf(file, folder);
            const began = performance.now();
            const result = resultOf(file, await worker.run(file, skips), skips, (text) => {
              if (text.startsWith('FAILED')) process.stdout.write(text);
            });
            if (process.env.PORTOWNER_TEST_TIMES) process.stdout.write(`${Math.round(performance.now() - began)} ms ${file}\n`);
            sum.passed += result.passed;
            sum.failed += result.failed;
            sum.skipped.push(...result.skipped);
          }
        }),
      );
    } finally {
      for (const worker of workers) worker.end();
      rmSync(folder, { recursive: true, force: true });
    }
    return sum;
  };
