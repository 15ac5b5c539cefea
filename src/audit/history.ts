import { counted } from '../io/counted.ts';
import { momentText } from '../io/moment.ts';
import type { Answer } from '../schema/answer.ts';
import type { AuditRun, PortSpanRow } from '../schema/audit-run.ts';
import type { AnyRow } from '../schema/column.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { machineChoice, spanQuestion, type StoreRequest } from './selection.ts';
import type { RunQuestion } from './store/contract.ts';
import { useStore } from './store/open.ts';

/** The audits in a store, newest first. */
export async function auditRuns(
  store: string,
  { machines, limit }: Pick<StoreRequest, 'machines'> & Pick<RunQuestion, 'limit'>,
): Promise<Answer> {
  const runs = await useStore(store, (audits) => audits.runs({ machine: machineChoice(machines), limit }));
  return answerOf(runs, { nothing: 'No matching audits.', sentence: runsText });
}

/** When listeners appeared, disappeared, or changed hands. */
export async function listenerHistory(store: string, request: StoreRequest): Promise<Answer> {
  const spans = await useStore(store, (audits) => audits.spans(spanQuestion(request)));
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
