import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A whole process, measured from outside. */
export interface Run {
  /** Milliseconds from start to end. */
  readonly wall: number;
  /** Milliseconds of processor time, user and system. */
  readonly cpu: number;
  /** Peak resident memory in KiB. */
  readonly memory: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const timer = '/usr/bin/time';
if (!existsSync(timer)) throw new Error('the benchmark needs GNU time (Debian: apt-get install time)');

/** Runs a command once; its output is read and thrown away. */
export function runOnce({ file, args, env }: Command): Run {
  const start = performance.now();
  const { stderr, error } = spawnSync(timer, ['-q', '-f', '%U %S %M', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: env ?? process.env,
  });
  const wall = performance.now() - start;
  if (error !== undefined) throw error;
  const [user, system, memory] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (user === undefined || system === undefined || memory === undefined || Number.isNaN(memory)) throw new Error(`${file} could not be measured: ${stderr}`);
  return { wall, cpu: (user + system) * 1000, memory };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Comparison {
  /** Medians of A and of B. */
  readonly own: Run;
  readonly peer: Run;
  /** Medians of the ratios A/B, pair by pair: the machine's moods cancel out. */
  readonly ratio: Run;
}

/** Runs A and B in turn and compares them pair by pair. The first pair warms up and does not count. */
export function compare(own: Command, peer: Command, rounds: number): Comparison {
  const pairs = Array.from({ length: rounds + 1 }, () => ({ own: runOnce(own), peer: runOnce(peer) })).slice(1);
  const of = (pick: (pair: (typeof pairs)[number]) => Run): Run => ({
    wall: median(pairs.map((pair) => pick(pair).wall)),
    cpu: median(pairs.map((pair) => pick(pair).cpu)),
    memory: median(pairs.map((pair) => pick(pair).memory)),
  });
  const ratio = (key: keyof Run): number => median(pairs.map((pair) => pair.own[key] / pair.peer[key]));
  return { own: of((pair) => pair.own), peer: of((pair) => pair.peer), ratio: { wall: ratio('wall'), cpu: ratio('cpu'), memory: ratio('memory') } };
}
