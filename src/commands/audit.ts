import { Command, Option } from 'clipanion';
import { logFailure, runAudit, type AuditRequest } from '../audit/run.ts';
import { problemText, toPortOwnerError } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { named, namedReports, namedStore } from '../cli/files.ts';
import { AuditOptions, auditSettings, demandStore } from '../cli/options/audit.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { reportFormat, reportWriter, withReports } from '../cli/report.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { sanitize } from '../io/sanitize.ts';
import type { AnyRow, Column } from '../schema/column.ts';
import { finding, type Finding } from '../schema/finding.ts';
import { PortOwnerError, type ExitCode } from '../schema/problems.ts';

/** With a policy, the rule says more than the kind; a baseline is the same in every row. */
const withRule = (columns: readonly Column[]): readonly Column[] =>
  columns.map((column) => (column.name === 'Rule' ? Object.assign({}, column, { importance: 1.5 }) : column));

/** At most this many texts of one kind are below the table. */
const mostTexts = 8;

/** Evidence and remedies, for which a table has no room. */
function adviceOf(answer: Answer, isNarrow: boolean): { note?: string } {
  if (!isNarrow) return {};
  const rows = answer.rows as readonly AnyRow[] as readonly Finding[];
  const listed = (title: string, texts: readonly string[]): string[] => {
    const distinct = [...new Set(texts)];
    const more = distinct.length - mostTexts;
    return distinct.length === 0
      ? []
      : [
          `\n${title}:`,
          ...distinct.slice(0, mostTexts).map((text) => `  ${sanitize(text)}`),
          ...(more > 0 ? [`  and ${more} more`] : []),
        ];
  };
  const evidence = rows.flatMap(({ Endpoint, Evidence }) => (Evidence ?? []).map((text) => `${Endpoint}: ${text}`));
  const lines = [
    ...listed('Evidence', evidence),
    ...listed(
      'What to do',
      rows.flatMap(({ Remedy }) => Remedy ?? []),
    ),
  ];
  return lines.length === 0 ? {} : { note: lines.join('\n') };
}

/** Compares this machine with its approved listeners. */
export class AuditCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, AuditOptions) {
  static override paths = [['audit']];
  static override usage = Command.Usage({
    description: 'compare the listeners of this machine with a baseline and a policy, and store the result',
    details: `
      The baseline is a file created by portowner baseline create: every difference is a finding. The policy is a file of rules that allow or forbid listeners: a listener that a rule forbids is a finding even if it is in the baseline, and a change that a rule explicitly allows is not a finding. With default: forbid, a listener that neither a rule nor the baseline allows is a finding, too.

      The policy is YAML: kind: PortOwner.Policy, version: 1, and a list of rules, of which the first match decides. A rule needs a name and an action (allow or forbid). Its conditions are ports, protocol, scope (Loopback, Specific, or Any), program, application (such as node server.js), service, user, and signer. It can also have a severity, owner, ticket, and reason for its findings; a rule that allows can have a last day: expires: 2026-12-31.

      The store has the history of all audits, for portowner history and portowner fleet. It is a file, which is created if it is missing, or a PostgreSQL database that portowner store created: postgres://USER@HOST/DATABASE. Without --baseline and --policy, an audit only records the current listeners. An audit is not stored if it is older than the newest audit of its machine, or dated more than a day ahead of the clock; repeating the same audit does not change the store.

      Findings go to standard output and to each --report file, whose name determines the format: .csv, .json, .ndjson, .clixml, .txt, .md, .sarif, .html, .xlsx, .ecs.ndjson, .otlp.jsonl, .prom. A report can also be sent to an OpenTelemetry collector: otlp+https://HOST:4318. Reports include what the audit could not determine. One line summarizes the audit: above the findings on a terminal, otherwise on standard error. It says clean only if the exit code is 0. A failed audit does not change the reports: its exit code, and an event with --event-log, report the failure.
    `,
    examples: [
      ['Differences from the approved listeners', '$0 audit --baseline server7.yaml'],
      [
        'Every night',
        '$0 audit --baseline server7.yaml --policy policy.yaml --store audits.db --report findings.csv --keep 400',
      ],
      ['Another machine, from its snapshot', '$0 audit --from server8.json --baseline server8.yaml'],
      ['Fail only on severe findings', '$0 audit --policy policy.yaml --fail-on high'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [finding],
    operands: null,
    values: {},
    exitCodes: {
      0: 'clean',
      1: 'findings',
      69: 'cannot tell, or the store or a report could not be written',
      77: 'no findings, but needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Invoke-PortAudit',
      parameters: {
        ...AuditOptions.about.parameters,
        Column: '--columns',
        FromSnapshot: '--from',
      },
      leftOut: {
        '--fail-on': 'functions have no exit code: use Where-Object to select by Severity',
        '--forget-later': 'stores are repaired manually, with the executable',
        '--output': '-ReportPath writes files',
        '--excel': '-ReportPath writes files',
      },
    },
  };

  forgetLater = Option.Boolean('--forget-later', false, {
    description:
      "first remove the machine's audits that are dated in the future from the store, for example after the clock was wrong; keeps a copy of the store next to it, or in a database of the history of the machine",
  });
  override readonly schema = finding;
  protected override readonly subject = 'Audit';
  protected override readonly decisive = false;

  #summaries: string[] = [];

  protected override defaultColumns(): readonly Column[] {
    return this.policy === undefined ? super.defaultColumns() : withRule(super.defaultColumns());
  }

  override async perform(): Promise<ExitCode> {
    const code = await super.perform();
    for (const summary of this.#summaries) this.sum(summary);
    return code;
  }

  /** Prints the summary line. The module shows objects; a line on standard error would be a warning there. */
  private sum(summary: string): void {
    if (summary !== '' && this.problems !== 'rows')
      this.surroundings.error(`portowner: ${this.shown(summary).replace(/^A/, 'a')}\n`);
  }

  protected override files() {
    return {
      inputs: [...super.files().inputs, ...named('--baseline', this.baseline), ...named('--policy', this.policy)],
      outputs: [...namedStore(this.store), ...namedReports(this.report)],
    };
  }

  protected override async checkedAnswer(columns: readonly Column[]): Promise<Answer> {
    const answer = await super.checkedAnswer(columns);
    if (!this.asksSeveral || this.report === undefined) return answer;
    return withReports(this.report, answer, reportWriter(this));
  }

  protected async answer(): Promise<Answer> {
    try {
      const { eventLog, now } = this.surroundings;
      const world = { eventLog, now, machine: this.askedMachine(), writeReport: reportWriter(this) };
      const answer = await runAudit(this.request(), world);
      const { summary } = answer;
      if (this.problems === 'rows') return answer.rows.length > 0 ? answer : { ...answer, note: summary };
      if (this.forPeople && this.outputTerminal !== null)
        return { ...answer, headline: `${summary}.`, ...adviceOf(answer, this.narrow) };
      // In a file or a pipe the findings may be all that is wanted.
      if (this.forPeople) this.sum(summary);
      else this.#summaries.push(summary);
      return answer;
    } catch (error) {
      const warning = this.eventLog ? await logFailure(toPortOwnerError(error).problem, this.surroundings) : null;
      if (warning !== null && this.problems !== 'rows') this.surroundings.error(problemText(warning));
      throw error;
    }
  }

  private request(): AuditRequest {
    const settings = auditSettings(this);
    const { baseline, policy, store, reports } = settings;
    demandStore(settings, this.forgetLater);
    if (baseline === null && policy === null && store === null) {
      throw new PortOwnerError('PO1005', 'missing --baseline, --policy, or --store', {
        hint: 'An audit needs something to compare with, or a store.',
      });
    }
    reports.forEach(reportFormat);
    return { ...settings, reports: this.asksSeveral ? [] : reports, forgetLater: this.forgetLater };
  }
}
