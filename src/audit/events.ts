import type { Problem } from '../schema/problems.ts';
import type { LogEvent } from '../system/log.ts';
import type { Finding } from '../schema/finding.ts';
import { auditEventIds, findingKinds, type FindingKind } from '../schema/finding-kinds.ts';

const longest = 31_000;
const most = 100;
const mostProblems = 20;

/** Turns any text into one line. */
function line(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  return plain.length > longest ? `${plain.slice(0, longest - 1)}\u2026` : plain;
}

function levelOf({ Severity }: Finding): LogEvent['level'] {
  return Severity === 'Critical' || Severity === 'High' ? 'Error' : Severity === 'Info' ? 'Information' : 'Warning';
}

function textOf({
  Kind,
  Severity,
  Endpoint,
  Before,
  After,
  Rule: rule,
  Evidence,
  Contact,
  Ticket,
  ComputerName,
}: Finding): string {
  const parts = [
    `${Severity}: ${Kind} ${Endpoint} on ${ComputerName}`,
    ...(Before === null ? [] : [`before: ${Before}`]),
    ...(After === null ? [] : [`after: ${After}`]),
    `rule: ${rule}`,
    ...(Evidence ?? []),
    ...(Contact === null || Evidence?.includes(`owner: ${Contact}`) ? [] : [`owner: ${Contact}`]),
    ...(Ticket === null || Evidence?.includes(`ticket: ${Ticket}`) ? [] : [`ticket: ${Ticket}`]),
  ];
  return line(parts.join('; '));
}

const problemLine = ({ code, message, hint }: Problem): string =>
  line(`${code}: ${message}${hint === undefined ? '' : `; ${hint}`}`);

/** The event of a failed audit. */
export function failureEvent(problem: Problem): LogEvent {
  return {
    id: auditEventIds.failure,
    level: 'Error',
    text: line(`the audit failed: ${problemLine(problem)}`),
  };
}

/**
 * Returns the events that an audit writes to the system's log: its problems and findings, worst first, at most 100, and the
 * summary. `complete`: there are no doubts.
 */
export function auditEvents(
  findings: readonly Finding[],
  problems: readonly Problem[],
  summary: string,
  complete: boolean,
): LogEvent[] {
  const told = problems.slice(0, mostProblems).map((problem): LogEvent => ({
    id: auditEventIds.problem,
    level: problem.severity === 'Error' ? 'Error' : 'Warning',
    text: problemLine(problem),
  }));
  const shown = findings.slice(0, most - told.length).map((finding): LogEvent => ({
    id: findingKinds[finding.Kind as FindingKind].event,
    level: levelOf(finding),
    text: textOf(finding),
  }));
  const more = findings.length > shown.length ? `; this log contains the first ${shown.length} findings` : '';
  return [
    ...told,
    ...shown,
    {
      id: auditEventIds.summary,
      level: findings.length > 0 || !complete ? 'Warning' : 'Information',
      text: line(summary + more),
    },
  ];
}
