import type { Place } from '../ports/place.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { ExitCode, Problem } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { collectCloses } from './closes.ts';
import { eventRows, watchSteps, type Step } from './events.ts';
import { gapProblems, newGaps } from './gaps.ts';
import { lookAtAll, startLooking } from './looker.ts';

/** What to watch, and for how long. */
interface Watched {
  readonly places: readonly Place[] | null;
  readonly intervalMs: number;
  readonly count: number | null;
  readonly forMs: number | null;
  /** Whether counters are wanted even if they have to be switched on for each connection, as on Windows. */
  readonly rates: boolean;
  /** The home folder of the person who reads it; null for programs. */
  readonly home: string | null;
}

type World = Pick<Surroundings, 'live' | 'ending' | 'now'>;

/** Looks at this machine until it is ended, and releases everything then. */
async function* stepsOf({ places, intervalMs, forMs, rates, home }: Watched, world: World): AsyncGenerator<Step> {
  const live = await world.live();
  const counters = rates || live.source.platform === 'linux';
  const looker = await startLooking(live, { ...lookAtAll, spans: places, counters, home }, { now: world.now });
  const closes = collectCloses(live);
  const ending = await world.ending();
  try {
    yield* watchSteps({ look: looker.look, closes, places, intervalMs, forMs, signal: ending.signal });
  } finally {
    ending.release();
    closes?.close();
    looker.close();
  }
}

/** Returns what happens to sockets as rows that come as it happens. */
export async function watchEvents(
  watched: Watched,
  computer: string | null,
  { warn, ...world }: World & { readonly warn: (problem: Problem) => void },
): Promise<Answer> {
  const steps = stepsOf(watched, world);
  const first = await steps.next();
  if (first.done === true) return { rows: [], problems: [], exitCode: exitCodeOf(true) };
  const gapsOf = newGaps();
  return {
    rows: [],
    problems: gapProblems(gapsOf(first.value.look)),
    later: eventRows(steps, { count: watched.count, computer, gapsOf, warn }),
    exitCode: exitCodeOf(true),
  };
}

/** Writes what is there, and what happens, as lines, with the owners that they may name. */
export async function watchLines(
  watched: Watched,
  world: World,
  write: (lines: readonly string[], owners: () => readonly string[]) => void,
): Promise<ExitCode> {
  const { plainLines } = await import('./plain.ts');
  for await (const { lines, owners } of plainLines(stepsOf(watched, world), watched.count)) write(lines, owners);
  return exitCodeOf(true);
}
