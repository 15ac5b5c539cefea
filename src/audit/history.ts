import { anyPattern } from '../ownership/filter.ts';
import { portMatcher, type PortSpan } from '../ports/expression.ts';
import type { Answer } from '../schema/answer.ts';
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
  return answerOf(await useStore(store, (audits) => audits.runs(question)), 'No matching audits.');
}

/** When listeners appeared, disappeared, or changed hands. */
export async function listenerHistory(store: string, request: HistoryRequest): Promise<Answer> {
  const { machine, ports } = request;
  const question: SpanQuestion = {
    machine,
    port: ports === null ? null : ports.spans.length === 0 ? () => false : portMatcher(ports.spans),
    dynamic: ports === null || ports.dynamic,
    owner: ownerTest(request),
  };
  return answerOf(await useStore(store, (audits) => audits.spans(question)), 'No matching listeners in the store.');
}

const answerOf = (rows: readonly AnyRow[], nothing: string): Answer => ({
  rows,
  problems: [],
  exitCode: exitCodeOf(rows.length > 0),
  ...(rows.length > 0 ? {} : { note: nothing }),
});

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
