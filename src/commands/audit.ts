import { Command, Option } from 'clipanion';
import { logFailure, runAudit, type AuditRequest } from '../audit/run.ts';
import { problemText, toPortOwnerError } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { named } from '../cli/files.ts';
import { AuditOptions, auditSettings } from '../cli/options/audit.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { reportFormat, writeReport } from '../cli/report.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { finding } from '../schema/finding.ts';
import { PortOwnerError, type ExitCode } from '../schema/problems.ts';

/** Compares this machine with what is approved. */
export class AuditCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, AuditOptions) {
  static override paths = [['audit']];
  static override usage = Command.Usage({
    description: 'compare the listeners of this machine with a baseline and a policy, and keep the result',
    details: `
      The baseline is a file of portowner baseline create: whatever differs from it is a finding. The policy is a YAML file of rules that allow or forbid listeners (src/audit/policy.schema.json describes it): what one forbids is a finding although the baseline has it, and a change to what one expressly allows is no finding. Under default: forbid what neither a rule nor the baseline allows is a finding, too.

      The store is one file that keeps the history of all audits, for portowner history; it is made when it is missing. Without --baseline and --policy an audit only keeps what is now. An audit that is older than the newest of its machine is not stored, nor one that is dated more than a day ahead of the clock; the same audit again leaves the store as it is.

      Findings go to standard output and to each --report, whose format follows from its name: .csv, .json, .ndjson, .clixml, .txt, .html. What the audit could not tell is in them, too. One line on standard error sums the audit up; it says clean only when the exit code is 0. An audit that could not be made leaves the reports as they were: its exit code, and with --event-log an event, say so.
    `,
    examples: [
      ['What differs from what was approved', '$0 audit --baseline server7.yaml'],
      [
        'Every night',
        '$0 audit --baseline server7.yaml --policy policy.yaml --store audits.db --report findings.csv --keep 400',
      ],
      ['Another machine, from its snapshot', '$0 audit --from server8.json --baseline server8.yaml'],
      ['Only what is bad makes it fail', '$0 audit --policy policy.yaml --fail-on high'],
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
        '--fail-on': 'there is no exit code: Where-Object selects by Severity',
        '--forget-later': 'a store is repaired by hand',
        '--output': '-ReportPath writes files',
        '--excel': '-ReportPath writes files',
      },
    },
  };

  forgetLater = Option.Boolean('--forget-later', false, {
    description:
      'first remove the audits of the machine from the store that are dated later than now: those of a clock that was wrong; a copy of the store is kept beside it',
  });
  override readonly schema = finding;
  protected override readonly decisive = false;

  #summaries: string[] = [];

  override async perform(): Promise<ExitCode> {
    const code = await super.perform();
    for (const summary of this.#summaries) this.sum(summary);
    return code;
  }

  /** Sums an audit up. The module shows objects; a line on standard error would be a warning there. */
  private sum(summary: string): void {
    if (summary !== '' && this.problems !== 'rows') this.surroundings.error(`portowner: ${summary}\n`);
  }

  protected override files() {
    const { inputs } = super.files();
    return {
      inputs: [...inputs, ...named('--baseline', this.baseline), ...named('--policy', this.policy)],
      outputs: [...named('--store', this.store), ...named('--report', this.report)],
    };
  }

  protected override oneMachineOnly(): string | null {
    return this.report === undefined ? null : '--report has the findings of one machine';
  }

  protected async answer(): Promise<Answer> {
    try {
      const { eventLog, now } = this.surroundings;
      const world = { eventLog, now, machine: this.askedMachine(), writeReport };
      const answer = await runAudit(this.request(), world);
      const { summary } = answer;
      // A person reads the answer first, then the findings.
      if (this.forPeople) this.sum(summary);
      else this.#summaries.push(summary);
      return this.problems === 'rows' ? { ...answer, note: summary } : answer;
    } catch (error) {
      const warning = this.eventLog ? await logFailure(toPortOwnerError(error).problem, this.surroundings) : null;
      if (warning !== null && this.problems !== 'rows') this.surroundings.error(problemText(warning));
      throw error;
    }
  }

  private request(): AuditRequest {
    const settings = auditSettings(this);
    const { baseline, policy, store, reports } = settings;
    if (this.forgetLater && store === null) throw new PortOwnerError('PO1005', '--forget-later needs --store');
    if (settings.keep !== null && store === null) throw new PortOwnerError('PO1005', '--keep needs --store');
    if (baseline === null && policy === null && store === null) {
      throw new PortOwnerError('PO1005', 'an audit needs something to compare with, or to keep it in', {
        hint: 'Give --baseline, --policy or --store.',
      });
    }
    reports.forEach(reportFormat);
    return { ...settings, forgetLater: this.forgetLater };
  }
}
