import { formatOfFile, loadWriter, traitsOf, unknownEnding, type Format } from '../formats/formats.ts';
import { replacedText } from '../io/read.ts';
import { fileSink, finished, textSink, type Sink } from '../io/sink.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import { plainColumns, type AnyRow } from '../schema/column.ts';
import { finding, type Finding } from '../schema/finding.ts';
import { collectorAddress } from '../audit/collector-address.ts';
import type { AuditWorld } from '../audit/run.ts';
import { problemText } from './base.ts';
import { frameOf, type Asker } from './frame.ts';
import { isUrl } from '../io/url.ts';

/** The format of a report: its URL or the name of its file determines it. Throws PO1001. */
export function reportFormat(path: string): Format {
  if (isUrl(path)) {
    collectorAddress(path);
    return 'otlp';
  }
  const format = formatOfFile(path, 'report', '');
  if (format === null) throw unknownEnding(path, 'report', '');
  return format;
}

/** Opens the file of a report. */
export const reportSink = (path: string, format: Format): Sink => fileSink(path, traitsOf(format).mode);

/** Converts a problem to a row for formats that have only rows, marked as a problem instead of a finding. */
function problemRow({ severity, code, message, hint }: Problem, machine: string): AnyRow {
  return {
    Kind: 'Problem',
    Severity: severity,
    Rule: code,
    Evidence: [message],
    Remedy: hint === undefined ? null : [hint],
    ComputerName: machine,
  };
}

/**
 * Writes findings to a file, atomically, and the problems of the machine's audit: among the rows if
 * the format has a place for them or is CSV, otherwise below the rows. Throws PO1001 or PO2004.
 */
export const reportWriter =
  (command: {
    asker(): Asker;
    tell(problem: Problem): void;
    reported(rows: readonly Finding[]): Promise<readonly Finding[]>;
    redacted<Given extends Answer>(answer: Given): Given;
  }): AuditWorld['writeReport'] =>
  async (path, findings, given, sum) => {
    const { machine } = sum;
    const answer = command.redacted({ ...sum, rows: await command.reported(findings), problems: given });
    const { rows, problems, summary } = answer;
    const problemRows = command.redacted({ ...sum, rows: given.map((one) => problemRow(one, machine)), problems: [] });
    const schema = finding;
    const format = reportFormat(path);
    const { narrow, forPeople, spreadsheet, whole } = traitsOf(format);
    const columns = plainColumns(schema).filter((column) => narrow !== true || column.importance !== undefined);
    const sent: string[] = [];
    const isSent = isUrl(path);
    await finished(isSent ? textSink((text) => void sent.push(text)) : reportSink(path, format), async (sink) => {
      const writer = await loadWriter(format, schema, {
        columns,
        sink,
        problems: 'auto',
        terminal: null,
        excel: spreadsheet === true,
        warn: (problem) => command.tell(problem),
        replaced: () => replacedText(path),
        ...(whole === true ? { frame: await frameOf(answer, schema, command.asker()) } : {}),
      });
      if (rows.length > 0 || forPeople !== true) {
        if (writer.carriesProblems) for (const problem of problems) writer.problem(problem);
        else if (spreadsheet === true) for (const row of problemRows.rows) writer.row(row);
        for (const row of rows) writer.row(row);
        await writer.end();
      }
      if (forPeople === true) sink.write(`${summary}\n${problems.map(problemText).join('')}`);
    });
    if (!isSent) return;
    const requests = sent.join('').trimEnd().split('\n');
    const send = (await import('../audit/send-logs.ts')).sendLogs;
    await send(collectorAddress(path), requests, (problem) => command.tell(problem));
  };

/** Writes reports of the findings of several machines. A report that cannot be written is a problem of the answer. */
export async function withReports(
  paths: readonly string[],
  answer: Answer,
  write: AuditWorld['writeReport'],
): Promise<Answer> {
  const { summary, exitCode, background } = answer;
  // No machine was audited: a failed audit does not change the reports.
  if (summary === undefined) return answer;
  const failures: Problem[] = [];
  for (const path of paths) {
    try {
      const problems = [...answer.problems, ...failures];
      await write(path, answer.rows as readonly Finding[], problems, { machine: '', summary, exitCode, background });
    } catch (error) {
      if (!(error instanceof PortOwnerError)) throw error;
      failures.push(error.nonTerminating);
    }
  }
  if (failures.length === 0) return answer;
  return { ...answer, problems: [...answer.problems, ...failures], exitCode: exitCodeOf(null) };
}
