import type { Finding } from '../schema/finding.ts';
import type { FindingKind } from './findings.ts';

/** An entry of the system's log. */
export interface LogEvent {
  /** 1 to 1000: what a message file that every Windows has can show. Numbers never change their meaning. */
  readonly id: number;
  readonly level: 'Error' | 'Warning' | 'Information';
  /** One line, at most 31,000 characters: Windows takes 31,839. */
  readonly text: string;
}

/** The summary of an audit; the other ids are those of the kinds of findings. */
const summaryId = 100;
const ids: Readonly<Record<FindingKind, number>> = {
  Opened: 101,
  Closed: 102,
  OwnerChanged: 103,
  PathChanged: 104,
  UserChanged: 105,
  AddressChanged: 106,
  Exposed: 107,
  BinaryChanged: 108,
  FileGone: 109,
  Forbidden: 201,
  NotAllowed: 202,
  ExpiredException: 203,
};

const longest = 31_000;
const most = 100;

/** Text from anywhere as one line. */
function line(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  return plain.length > longest ? `${plain.slice(0, longest - 1)}\u2026` : plain;
}

function levelOf({ Severity }: Finding): LogEvent['level'] {
  return Severity === 'Critical' || Severity === 'High' ? 'Error' : Severity === 'Info' ? 'Information' : 'Warning';
}

function textOf({ Kind, Severity, Endpoint, Before, After, Rule: rule, Evidence, Contact, Ticket, ComputerName }: Finding): string {
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

/** What an audit writes to the system's log: the findings, worst first, at most 100 of them, and the summary. */
export function auditEvents(findings: readonly Finding[], summary: string): LogEvent[] {
  const shown = findings.slice(0, most).map((finding): LogEvent => ({ id: ids[finding.Kind as FindingKind], level: levelOf(finding), text: textOf(finding) }));
  const more = findings.length > most ? `; the first ${most} findings are in this log` : '';
  return [...shown, { id: summaryId, level: findings.length > 0 ? 'Warning' : 'Information', text: line(summary + more) }];
}
