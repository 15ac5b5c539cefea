import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import { caseText, parseCase, type Case } from './case.ts';
import { Random } from './random.ts';
import { targets } from './targets.ts';
import type { Asked, Told } from './worker.ts';

/** A case that broke a promise. */
export interface Failure {
  readonly given: Case;
  readonly flaw: string;
  /** With this seed it comes first. */
  readonly seed: number;
}

interface Plan {
  readonly seed: number;
  /** How many cases, or until when (milliseconds since 1970). */
  readonly count: number;
  readonly until: number;
  /** Only these targets; empty for all. */
  readonly only: readonly string[];
  /** The executable that runs a few of the cases; null for none. */
  readonly executable: string | null;
  readonly failed: (failure: Failure) => void;
}

interface Summary {
  readonly runs: number;
  /** How many by target and exit code. */
  readonly codes: ReadonlyMap<string, number>;
}

/** How long one case may take, in milliseconds; the machine may be busy. */
const limitMs = 20_000;
/** No case needs as much, and what a hundred of them leave behind does not either. */
const heapMb = 512;
const casesPerWorker = 400;
/** The cases of an executable take a hundred times as long. */
const executableShare = 1 / 60;
/** What only looks at files of its own folder. */
const offline = /^--from$/;

export const casesFolder = join(root, 'test/fuzz/corpus/failures');

/** The cases that failed once. */
export function keptCases(): { name: string; given: Case }[] {
  return readdirSync(casesFolder)
    .filter((name) => name.endsWith('.case.json'))
    .toSorted()
    .map((name) => ({ name, given: parseCase(readFileSync(join(casesFolder, name), 'utf8')) }));
}

/** A process that runs cases; it is replaced when it hangs or ends, and now and then. */
export class Worker {
  private child: ChildProcess | null = null;
  private done = 0;
  private readonly top = mkdtempSync(join(tmpdir(), 'portowner-fuzz-'));

  private async ready(): Promise<ChildProcess> {
    if (this.child !== null && this.done < casesPerWorker) return this.child;
    await this.end();
    const base = mkdtempSync(join(this.top, 'base-'));
    const home = mkdtempSync(join(this.top, 'home-'));
    this.child = fork(join(root, 'test/fuzz/worker.ts'), [base], {
      execArgv: [...nodeFlags, `--max-old-space-size=${heapMb}`],
      env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.done = 0;
    await once(this.child, 'message');
    return this.child;
  }

  async run(given: Case, executable: string | null): Promise<Told> {
    const child = await this.ready();
    this.done++;
    let said = '';
    const listen = (data: Buffer): void => void (said += data.toString());
    child.stderr!.on('data', listen);
    const told = new Promise<Told>((resolve) => {
      const timer = setTimeout(() => finish({ flaw: `no answer within ${limitMs / 1000} seconds`, code: -1 }, true), limitMs);
      const ended = (code: number | null, signal: string | null): void => finish({ flaw: `the process ended with ${signal ?? code}: ${said.slice(-600)}`, code: -1 }, true);
      const finish = (answer: Told, end: boolean): void => {
        clearTimeout(timer);
        child.off('exit', ended).off('message', answered);
        child.stderr!.off('data', listen);
        if (end) this.done = casesPerWorker;
        resolve(answer);
      };
      const answered = (answer: unknown): void => finish(answer as Told, false);
      child.once('exit', ended).once('message', answered);
    });
    child.send({ text: caseText(given), executable } satisfies Asked);
    return told;
  }

  private async end(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.end();
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** Runs cases until the plan is done. The same seed gives the same cases. */
export async function fuzz({ seed, count, until, only, executable, failed }: Plan): Promise<Summary> {
  const all = Object.entries(await targets()).filter(([name]) => only.length === 0 || only.includes(name));
  const codes = new Map<string, number>();
  const worker = new Worker();
  let runs = 0;
  try {
    for (; runs < count && Date.now() < until; runs++) {
      const own = seed + runs;
      const random = new Random(own);
      const [target, make] = all[runs % all.length]!;
      const given: Case = { target, ...make(random) };
      const program = executable !== null && random.chance(executableShare) && given.args.some((word) => offline.test(word)) && target !== 'arguments' ? executable : null;
      const { flaw, code } = await worker.run(given, program);
      const key = `${target} ${code}`;
      codes.set(key, (codes.get(key) ?? 0) + 1);
      if (flaw !== null) failed({ given: { ...given, found: flaw.replaceAll(`${root}/`, '').replaceAll('file://', '') }, flaw, seed: own });
    }
  } finally {
    await worker.close();
  }
  return { runs, codes };
}
