import { anyPattern } from '../ownership/filter.ts';
import type { PortSpan } from '../ports/expression.ts';
import { counted } from '../io/counted.ts';
import { momentText } from '../io/moment.ts';
import type { Answer } from '../schema/answer.ts';
import type { AuditRun, PortSpanRow } from '../schema/audit-run.ts';
import type { AnyRow } from '../schema/column.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { RunQuestion, SpanQuestion } from './store/contract.ts';
import { useStore } from './store/open.ts';

/** Selects listeners of the past; null selects all. */
export interface HistoryRequest {
  readonly machine: string | null;
  readonly ports: {
    readonly spans: readonly PortSpan[];
    /** Whether to include listeners in the dynamic range. */
    readonly dynamic: boolean;
  } | null;
  /** Paths or names of executables, as patterns. */
  readonly programs: readonly string[] | null;
  /** Names of services, as patterns. */
  readonly services: readonly string[] | null;
}

/** The audits in a store, newest first. */
export async function auditRuns(store: string, question: RunQuestion): Promise<Answer> {
  const runs = await useStore(store, (audits) => audits.runs(question));
  return answerOf(runs, { nothing: 'No matching audits.', sentence: runsText });
}

/** When listeners appeared, disappeared, or changed hands. */
export async function listenerHistory(store: string, request: HistoryRequest): Promise<Answer> {
  const { machine, ports } = request;
  const question: SpanQuestion = {
    machine,
    port: ports?.spans ?? null,
    dynamic: ports === null || ports.dynamic,
    owner: ownerTest(request),
  };
  const spans = await useStore(store, (audits) => audits.spans(question));
  return answerOf(spans, { nothing: 'No matching listeners in the store.', sentence: spansText });
}

const answerOf = <Row extends AnyRow>(
  rows: readonly Row[],
  { nothing, sentence }: { readonly nothing: string; readonly sentence: (rows: readonly Row[]) => string },
): Answer => ({
  rows,
  problems: [],
  exitCode: exitCodeOf(rows.length > 0),
  ...(rows.length > 0 ? { headline: sentence(rows) } : { note: nothing }),
});

/** The machine of the rows, or how many machines they are about. */
function machineText(rows: readonly { readonly ComputerName: string | null }[]): string {
  const machines = new Set(rows.map(({ ComputerName }) => ComputerName));
  return machines.size === 1 ? (rows[0]!.ComputerName ?? 'a machine without a name') : `${machines.size} machines`;
}

/** Describes the number of audits, and the result of the newest one. */
function runsText(runs: readonly AuditRun[]): string {
  const { RunTime, Findings, WorstSeverity, Complete } = runs[0]!;
  const found = Findings === 0 || Findings === null ? 'no findings' : counted(Findings, 'finding');
  const worst = WorstSeverity === null ? '' : `, ${WorstSeverity} at worst`;
  const doubt = Complete === false ? '; it was incomplete' : '';
  return `${counted(runs.length, 'audit')} of ${machineText(runs)}. The newest, of ${momentText(RunTime!)}, has ${found}${worst}${doubt}.`;
}

/** Describes the owner of one span and its time, or the number of spans, and how many of them are open. */
function spansText(spans: readonly PortSpanRow[]): string {
  if (spans.length > 1) {
    const open = spans.filter(({ IsOpen }) => IsOpen === true).length;
    const still = open === 0 ? 'none is' : open === 1 ? '1 is' : `${open} are`;
    return `${spans.length} entries of ${machineText(spans)}, of which ${still} open in the newest audit.`;
  }
  const { Program, Protocol, Port, Event, FirstSeen, LastSeen, IsOpen } = spans[0]!;
  const what = Port === 'dynamic' ? `dynamic ${Protocol} ports` : `${Protocol} port ${Port}`;
  const first = `${momentText(FirstSeen!)}${Event === 'Known' ? ' or longer' : ''}`;
  const when = IsOpen === true ? `since ${first}` : `from ${momentText(FirstSeen!)} to ${momentText(LastSeen!)}`;
  return `${Program ?? 'An unknown program'} ${IsOpen === true ? 'has owned' : 'owned'} ${what} on ${machineText(spans)} ${when}.`;
}

function ownerTest({ programs, services }: HistoryRequest): SpanQuestion['owner'] {
  if (programs === null && services === null) return null;
  const isProgram = programs === null ? null : anyPattern(programs.flatMap(programPatterns));
  const isService =
    services === null ? null : anyPattern(services.flatMap((pattern) => [pattern, `${pattern}.service`]));
  return (owner) =>
    (isProgram === null || (owner.program !== null && isProgram(owner.program))) &&
    (isService === null || owner.services.some(isService));
}

/** A path matches exactly; a name matches a file in any folder, on Windows with or without its extension. */
const programPatterns = (pattern: string): string[] =>
  /[\\/]/.test(pattern) ? [pattern] : [pattern, `${pattern}.exe`, `*/${pattern}`, `*\\${pattern}`, `*\\${pattern}.exe`];
