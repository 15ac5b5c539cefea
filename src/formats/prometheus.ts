import type { AuditState } from '../schema/answer.ts';
import type { AnyRow } from '../schema/column.ts';
import { severities } from '../schema/finding.ts';
import { version } from '../schema/version.ts';
import { framed, writerAtEnd } from './text.ts';
import type { CreateWriter, DocumentFrame } from './writer.ts';

/*
 * Metrics for the textfile collector of Prometheus' node_exporter.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

const lastSuccess = 'portowner_audit_last_success_timestamp_seconds';

/** The values of labels: a backslash, a quote, and a line feed are escaped. */
function labels(values: Readonly<Record<string, string>>): string {
  const texts = Object.entries(values).map(([name, value]) => {
    const text = value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${text}"`;
  });
  return `{${texts.join()}}`;
}

type Sample = readonly [labels: string, value: string | number];

function metric(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([given, value]) => `${name}${given} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

const seconds = (at: string): number => Math.floor(Date.parse(at) / 1000);

/** The times of the last successful audits in an earlier file, by the labels of the machine. */
function earlierSuccesses(text: string): Map<string, string> {
  const found = text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const end = line.lastIndexOf(' ');
    const value = line.slice(end + 1);
    if (!line.startsWith(`${lastSuccess}{machine="`) || !/^\d{1,12}$/.test(value)) return [];
    return [[line.slice(lastSuccess.length, end), value]];
  });
  return new Map(found);
}

/** The last success of each machine: of this audit, or if it failed or is missing, of an earlier one. */
function successes(audits: readonly AuditState[], replaced: string | null): Sample[] {
  const times = new Map<string, string | number>(replaced === null ? [] : earlierSuccesses(replaced));
  for (const { ComputerName, RunTime, IsSuccess } of audits)
    if (IsSuccess) times.set(labels({ machine: ComputerName }), seconds(RunTime));
  return [...times];
}

function metrics({ audits = [] }: DocumentFrame, rows: readonly AnyRow[], replaced: string | null): string {
  const machines = new Set([
    ...audits.map(({ ComputerName }) => ComputerName),
    ...rows.map(({ ComputerName }) => String(ComputerName ?? '')),
  ]);
  const counts = Map.groupBy(rows, ({ ComputerName, Severity }) => JSON.stringify([ComputerName ?? '', Severity]));
  const findings = [...machines].flatMap((machine) =>
    severities.map((severity): Sample => {
      const count = counts.get(JSON.stringify([machine, severity]))?.length ?? 0;
      return [labels({ machine, severity: severity.toLowerCase() }), count];
    }),
  );
  const each = (value: (audit: AuditState) => number): Sample[] =>
    audits.map((audit) => [labels({ machine: audit.ComputerName }), value(audit)]);
  return [
    metric(
      'portowner_audit_info',
      'The version of PortOwner that audited the machine.',
      [...machines].map((machine) => [labels({ machine, version }), 1]),
    ),
    metric('portowner_audit_findings', 'The findings of the last audit, by severity.', findings),
    metric(
      'portowner_audit_listeners',
      'The listeners that the last audit counted.',
      each(({ Listeners }) => Listeners),
    ),
    metric(
      'portowner_audit_complete',
      'Whether the last audit determined everything (1), or not (0).',
      each(({ IsComplete }) => Number(IsComplete)),
    ),
    metric(
      'portowner_audit_success',
      'Whether nothing failed in the last audit (1), or something did (0).',
      each(({ IsSuccess }) => Number(IsSuccess)),
    ),
    metric(
      'portowner_audit_timestamp_seconds',
      'When the last audit ran.',
      each(({ RunTime }) => seconds(RunTime)),
    ),
    metric(lastSuccess, 'When the last audit ran in which nothing failed.', successes(audits, replaced)),
  ].join('');
}

/** Writes the counts of an audit as metrics. */
export const createMetrics: CreateWriter = (_schema, { sink, frame, replaced }) =>
  writerAtEnd({ sink }, (rows) => sink.write(metrics(framed(frame), rows, replaced?.() ?? null)));
