import { counted } from '../io/counted.ts';
import { momentText } from '../io/moment.ts';
import { foldCase } from '../ports/wildcard.ts';
import type { Answer } from '../schema/answer.ts';
import type { PortSpanRow } from '../schema/audit-run.ts';
import type { AnyRow } from '../schema/column.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { FleetListener, FleetMachine, ProgramVersion } from '../schema/fleet.ts';
import { machineChoice, spanQuestion, type StoreRequest } from './selection.ts';
import type { AuditStore, Coverage, ListenerQuestion, NewestAudit } from './store/contract.ts';
import { useStore } from './store/open.ts';
import { ascending } from '../io/order.ts';

/*
 * Questions about all machines in a store.
 */

/** What is asked about the machines in a store. */
export type FleetQuestion = 'machines' | 'missing' | 'listeners' | 'new' | 'rare' | 'versions';

export interface FleetRequest extends StoreRequest {
  readonly question: FleetQuestion;
  /** The beginning of the SHA-256 hash of the executable, in lower-case hex; null selects all. */
  readonly sha256: string | null;
  readonly now: Date;
  /** What was first seen after this time is new. */
  readonly since: Date;
  /** The greatest number of machines that have a rare listener. */
  readonly most: number;
  /** A machine whose newest audit is older is missing. */
  readonly limit: Date;
  /** The machines that should report, in addition to those in the store. */
  readonly expected: readonly string[];
}

const dayMs = 86_400_000;

const listenerQuestion = (request: FleetRequest): ListenerQuestion => ({
  ...spanQuestion(request),
  sha256: request.sha256,
});

const isMissing = ({ at }: NewestAudit, limit: Date): boolean => Date.parse(at) < limit.getTime();

/** What an answer about listeners cannot know, because of the machines that it is about. */
function doubts({ missing, incomplete }: Coverage, limit: Date): string[] {
  return [
    ...(missing === 0
      ? []
      : [`${counted(missing, 'machine')} ${missing === 1 ? 'has' : 'have'} not reported since ${momentOf(limit)}.`]),
    ...(incomplete === 0 ? [] : [`The newest audit of ${counted(incomplete, 'machine')} was incomplete.`]),
  ];
}

const momentOf = (time: Date): string => momentText(time.toISOString());

/** Finds rows, or nothing; `more` are sentences for both, which no row says. */
function answerOf(rows: readonly AnyRow[], found: string, nothing: string, more: readonly string[]): Answer {
  const isFound = rows.length > 0;
  const sentences = isFound ? more : [nothing, ...more];
  return {
    rows,
    problems: [],
    exitCode: exitCodeOf(isFound),
    ...(isFound ? { headline: found } : {}),
    ...(sentences.length > 0 ? { note: sentences.join(' ') } : {}),
  };
}

const machineCount = (rows: readonly { readonly ComputerName: string | null }[]): number =>
  new Set(rows.map(({ ComputerName }) => ComputerName)).size;

type Ask = (store: string, request: FleetRequest) => Promise<Answer>;

/** Answers about listeners, with what the machines of the store leave open. */
async function aboutListeners<Found>(
  store: string,
  request: FleetRequest,
  {
    query,
    answer,
  }: {
    readonly query: (audits: AuditStore, question: ListenerQuestion) => Promise<Found>;
    readonly answer: (found: Found, doubts: readonly string[], of: number) => Answer;
  },
): Promise<Answer> {
  const question = listenerQuestion(request);
  return useStore(store, async (audits) => {
    const [found, coverage] = await Promise.all([
      query(audits, question),
      audits.coverage(question.machine, request.limit),
    ]);
    return answer(found, doubts(coverage, request.limit), coverage.machines);
  });
}

/** The listeners that the newest audits saw. */
const currentListeners: Ask = (store, request) =>
  aboutListeners<FleetListener[]>(store, request, {
    query: (audits, question) => audits.listeners(question),
    answer: (rows, more, of) =>
      answerOf(
        rows,
        `${counted(rows.length, 'listener')} on ${machineCount(rows)} of ${counted(of, 'machine')}.`,
        `No matching listeners in the newest audits of ${counted(of, 'machine')}.`,
        more,
      ),
  });

/** The listeners that at most this many machines have. */
const rareListeners: Ask = (store, request) =>
  aboutListeners<FleetListener[]>(store, request, {
    query: (audits, question) => audits.rareListeners(question, request.most),
    answer: (rows, more, of) => {
      const { most } = request;
      const where = most === 1 ? 'on one machine only' : `on at most ${most} machines`;
      return answerOf(
        rows,
        `${counted(rows.length, 'listener')} ${rows.length === 1 ? 'is' : 'are'} ${where}, among ${counted(of, 'machine')}.`,
        `No matching listener is ${where}, among ${counted(of, 'machine')}.`,
        more,
      );
    },
  });

/** The versions of the programs that listen. */
const programVersions: Ask = (store, request) =>
  aboutListeners<ProgramVersion[]>(store, request, {
    query: (audits, question) => audits.versions(question),
    answer: (rows, more, of) => {
      const programs = new Set(rows.map(({ Program }) => Program)).size;
      const isHashed = rows.length === 0 || rows.some(({ Sha256 }) => Sha256 !== null);
      return answerOf(
        rows,
        `${counted(rows.length, 'version')} of ${counted(programs, 'program')} among ${counted(of, 'machine')}.`,
        `No matching listeners in the newest audits of ${counted(of, 'machine')}.`,
        [...(isHashed ? [] : ['None of these audits has hashes: use portowner audit --hash.']), ...more],
      );
    },
  });

/** What appeared after a time. */
const newListeners: Ask = (store, request) => {
  const { since, now } = request;
  return aboutListeners<{ readonly spans: readonly PortSpanRow[]; readonly newMachines: number }>(store, request, {
    query: (audits, question) => {
      // The previous audit of a machine was in the period before; two days are enough for nightly ones.
      const compared = new Date(since.getTime() - Math.max(2 * dayMs, now.getTime() - since.getTime()));
      return audits.news(question, { since, compared });
    },
    answer: ({ spans, newMachines: count }, more) =>
      answerOf(
        spans,
        `${counted(spans.length, 'new listener')} on ${counted(machineCount(spans), 'machine')} since ${momentOf(since)}.`,
        `No matching new listeners since ${momentOf(since)}.`,
        [
          ...(count === 0
            ? []
            : [
                `${counted(count, 'machine')} reported for the first time: what ${count === 1 ? 'its first audit' : 'their first audits'} saw is not listed.`,
              ]),
          ...more,
        ],
      ),
  });
};

function machineRow(audit: NewestAudit, limit: Date): FleetMachine {
  const { machine, at, listeners, complete, tool } = audit;
  return {
    ComputerName: machine,
    Status: isMissing(audit, limit) ? 'Missing' : 'Current',
    LastAudit: at,
    Listeners: listeners,
    Complete: complete,
    Tool: tool,
  };
}

/** The rows of expected machines that are not in the store. */
function neverReported(expected: readonly string[], machines: readonly NewestAudit[]): FleetMachine[] {
  const known = new Set(machines.map(({ machine }) => foldCase(machine)));
  return [...Map.groupBy(expected, foldCase)].flatMap(([key, [name]]) =>
    known.has(key)
      ? []
      : [
          {
            ComputerName: name!,
            Status: 'NeverReported',
            LastAudit: null,
            Listeners: null,
            Complete: null,
            Tool: null,
          },
        ],
  );
}

/** The machines by name; if the question is which are missing, only those that did not report, the longest silence first. */
async function fleetMachines(
  store: string,
  { machines: patterns, limit, expected, question }: FleetRequest,
): Promise<Answer> {
  const missing = question === 'missing';
  const machine = machineChoice(patterns);
  const selects = typeof machine === 'string' ? (name: string) => foldCase(name) === foldCase(machine) : machine;
  const reported = await useStore(store, (audits) => audits.newest(machine));
  const never = neverReported(
    expected.filter((name) => selects?.(name) ?? true),
    reported,
  );
  const known = reported.map((one) => machineRow(one, limit));
  const silent = known.filter(({ Status }) => Status === 'Missing');
  const rows = missing
    ? [...never, ...silent.toSorted((a, b) => ascending(a.LastAudit!, b.LastAudit!))]
    : [...known, ...never];
  const more = never.length === 0 ? [] : [`${counted(never.length, 'expected machine')} never reported.`];
  const since = momentOf(limit);
  const { length: of } = reported;
  const found =
    silent.length === 0
      ? `${of === 1 ? 'The machine has' : `All ${of} machines have`} reported since ${since}.`
      : `${silent.length} of ${counted(of, 'machine')} ${silent.length === 1 ? 'has' : 'have'} not reported since ${since}.`;
  const nothing = of === 0 ? 'No matching machines in the store.' : found;
  return answerOf(rows, found, nothing, more);
}

const questions: Readonly<Record<FleetQuestion, Ask>> = {
  machines: fleetMachines,
  missing: fleetMachines,
  listeners: currentListeners,
  new: newListeners,
  rare: rareListeners,
  versions: programVersions,
};

/** Answers a question about the machines in a store. */
export const askFleet: Ask = (store, request) => questions[request.question](store, request);
