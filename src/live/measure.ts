import type { AskedMachine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';
import type { Detail } from '../facts/model/question.ts';
import type { RowFilter } from '../ownership/filter.ts';
import type { SortKey } from '../ownership/sort.ts';
import type { Subject } from '../ownership/who.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { Problem, Report } from '../schema/problems.ts';
import type { Traffic } from '../schema/traffic.ts';
import type { LiveSource } from '../system/live.ts';
import type { Look } from './look.ts';
import { startLooking } from './looker.ts';
import { gapProblems } from './gaps.ts';
import { statistics, summary, type Grouping } from './statistics.ts';

/** What to measure. */
export interface MeasureRequest {
  readonly subject: Subject;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  readonly filter: RowFilter;
  readonly by: Grouping | null;
  /** Whether to include closed connections in TIME_WAIT. */
  readonly closed: boolean;
  /** How long to measure, in milliseconds. */
  readonly duration: number;
  readonly sort: readonly SortKey[] | null;
  /** Whether the names of all users are needed, to redact them. */
  readonly everyone: boolean;
}

/** The machine, as it is looked at and queried. */
export interface MeasuredMachine {
  readonly live: () => Promise<LiveSource>;
  readonly machine: AskedMachine;
  readonly now: () => Date;
  /** Waits. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

async function twoLooks(
  { subject, protocols, filter, duration }: MeasureRequest,
  { live, now, pause }: MeasuredMachine,
): Promise<readonly [Look, Look]> {
  const isFiltered = Object.values(filter).some((value) => value !== null);
  const looker = await startLooking(
    await live(),
    {
      spans: subject.spans,
      pids: subject.pids,
      protocols,
      all: true,
      filter: isFiltered ? filter : null,
      counters: true,
      owners: true,
      home: null,
    },
    { now },
  );
  try {
    const before = await looker.look();
    await pause(duration);
    return [before, await looker.look()];
  } finally {
    looker.close();
  }
}

/** What the looks do not tell: the name of the machine, and all of its sockets, whatever was asked for. */
const everySocket = {
  localPorts: null,
  protocols: ['TCP', 'UDP'],
  sockets: 'all',
  ranges: true,
  addresses: true,
} as const;

/** Warns of remote ends to which sockets of the look are connected if all connections there use up the dynamic ports. */
async function exhaustion(facts: Facts, { sockets }: Look, machine: AskedMachine): Promise<Problem[]> {
  const { belongsTo, fullPairs, farText, pairText } = await import('../diagnosis/pairs.ts');
  if (fullPairs(facts).length === 0) return [];
  // Only then it matters who uses them.
  const owned = await machine.facts({ ...everySocket, details: new Set(['owner']) });
  const pairs = fullPairs(owned).filter((use) => [...sockets.values()].some(belongsTo(use)));
  return pairs.map((use) => ({
    severity: 'Warning',
    code: 'PO4303',
    message: `the dynamic ports for connections to ${farText(use)} are nearly used up: ${pairText(use)}`,
    hint: `See portowner why, and portowner stats --by remote.`,
    target: farText(use),
  }));
}

/** Warns of sockets that lose connections or packets. */
function losses(rows: readonly Traffic[]): Problem[] {
  return rows.flatMap(({ LocalPort, Owner, Warning, DynamicPortUse }): Problem[] => {
    if (Warning === null || DynamicPortUse !== null) return [];
    return [{ severity: 'Warning', code: 'PO4302', message: Warning, target: String(LocalPort ?? Owner ?? '') }];
  });
}

const needsRights = ({ Reason }: Traffic): boolean => Reason?.some((text) => text.includes('AccessDenied')) ?? false;

/** Measures the traffic of sockets for a while. */
export async function measure(request: MeasureRequest, world: MeasuredMachine, report?: Report): Promise<Answer> {
  report?.('Progress', `measuring for ${request.duration / 1000} s`);
  const [before, after] = await twoLooks(request, world);
  const details = new Set<Detail>(request.everyone ? ['owner', 'services', 'user'] : []);
  const facts = await world.machine.facts({ ...everySocket, details });
  const countsFromOpening = facts.machine.platform === 'linux';
  const { dynamicPortUse } = await import('../diagnosis/pairs.ts');
  const rows = statistics(before, after, {
    by: request.by,
    closed: request.closed || request.filter.states !== null,
    dynamicUse: request.by === 'remote' ? dynamicPortUse(facts) : () => null,
    countsFromOpening,
    computer: facts.machine.name,
  });
  if (request.sort !== null) rows.sort((await import('../ownership/sort.ts')).compareRows(request.sort));
  const problems = [
    ...request.subject.problems,
    ...gapProblems(after.gaps),
    ...losses(rows),
    ...(await exhaustion(facts, after, world.machine)),
  ];
  if (rows.length === 0)
    return { rows, problems, exitCode: exitCodeOf(after.gaps.length > 0 ? null : false), note: 'No socket matches.' };
  return {
    rows,
    problems,
    exitCode: exitCodeOf(true, rows.some(needsRights) ? 'rights' : null),
    headline: summary(before, after, countsFromOpening),
  };
}
