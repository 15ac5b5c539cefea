import { dirname } from 'node:path';
import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { compare, type Comparison } from '../audit/compare.ts';
import { atLeast, audit } from '../audit/findings.ts';
import { auditQuestion, listeners, type Listener } from '../audit/listeners.ts';
import type { Facts } from '../facts/model/facts.ts';
import type { Refusal } from '../system/raw.ts';
import { sanitise } from '../formats/sanitise.ts';
import { destination } from '../io/place.ts';
import { PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import { finding, severities, type Finding, type Severity } from '../schema/finding.ts';
import { version } from '../schema/version.ts';
import {
  auditable,
  factProblems,
  gaps,
  hashed,
  hashProblem,
  machineProblem,
  signed,
  signerProblem,
  some,
  unfoundProblem,
  unseenProblem,
} from '../audit/facts-problems.ts';
import { problemText, toPortOwnerError } from '../cli/base.ts';
import { named } from '../cli/files.ts';
import { RowCommand, type Answer } from '../cli/row-command.ts';
import { exitCodeOf } from '../ownership/whole.ts';
import { isPartial } from '../facts/model/section.ts';

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Warns that the system's log has nothing of an audit. */
function unlogged({ text, needs }: Refusal): Problem {
  return {
    severity: 'Warning',
    code: 'PO4207',
    message: `the findings are not in the system's log: ${text}`,
    ...(needs === undefined ? {} : { hint: needs }),
  };
}

/** Compares this machine with what is approved. */
export class AuditCommand extends RowCommand {
  static override paths = [['audit']];
  static override usage = Command.Usage({
    description: 'compare the listeners of this machine with a baseline and a policy, and keep the result',
    details: `
      The baseline is a file of portowner baseline create: whatever differs from it is a finding. The policy is a YAML file of rules that allow or forbid listeners (src/audit/policy.schema.json describes it): what one forbids is a finding although the baseline has it, and a change to what one expressly allows is none. Under default: forbid what neither a rule nor the baseline allows is a finding, too.

      The store is one file that keeps the history of all audits, for portowner history; it is made when it is missing. Without --baseline and --policy an audit only keeps what is now. An audit that is older than the newest of its machine is not stored, nor one that is dated more than a day ahead of the clock; the same audit again leaves the store as it is.

      Findings go to standard output and to each --report, whose format follows from its name: .csv, .json, .ndjson, .clixml, .txt. What the audit could not tell is in them, too. One line on standard error sums the audit up; it says clean only when the exit code is 0. An audit that could not be made leaves the reports as they were: its exit code, and with --event-log an event, say so.
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
    values: {
      '--baseline': 'file',
      '--policy': 'file',
      '--store': 'file',
      '--report': 'file',
      '--fail-on': severities.map((severity) => severity.toLowerCase()),
    },
    exitCodes: {
      0: 'clean',
      1: 'findings',
      69: 'cannot tell, or the store or a report could not be written',
      77: 'no findings, but needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Invoke-PortAudit',
      parameters: {
        BaselinePath: '--baseline',
        PolicyPath: '--policy',
        StorePath: '--store',
        ReportPath: '--report',
        KeepDay: '--keep',
        IncludeHash: '--hash',
        EventLog: '--event-log',
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

  baseline = Option.String('--baseline', { description: 'the approved listeners' });
  policy = Option.String('--policy', { description: 'the rules' });
  store = Option.String('--store', { description: 'keep the audit in this file, with those before it' });
  report = Option.Array('--report', { description: 'also write the findings to this file; may be repeated' });
  failOn = Option.String('--fail-on', {
    description: `the severity from which on findings count for the exit code: ${severities.join(', ').toLowerCase()} (default: low)`,
  });
  keep = Option.String('--keep', { description: 'forget what ended more than so many days ago (default: keep all)' });
  forgetLater = Option.Boolean('--forget-later', false, {
    description:
      'first remove the audits of the machine from the store that are dated later than now: those of a clock that was wrong; a copy of the store is kept beside it',
  });
  hash = Option.Boolean('--hash', false, {
    description: 'read the executables too, and compare and keep their SHA-256 and, on Windows, their signer',
  });
  eventLog = Option.Boolean('--event-log', false, {
    description:
      "also write the findings to the system's log: the event log Application on Windows, journald or syslog on Linux",
  });

  override readonly schema = finding;

  #summary = '';

  override async perform(): Promise<ExitCode> {
    const code = await super.perform();
    // The module shows objects; a line on standard error would be a warning there.
    if (this.#summary !== '' && this.problems !== 'rows') this.surroundings.error(`portowner: ${this.#summary}\n`);
    return code;
  }

  protected override files() {
    const { inputs } = super.files();
    return {
      inputs: [...inputs, ...named('--baseline', this.baseline), ...named('--policy', this.policy)],
      outputs: [...named('--store', this.store), ...named('--report', this.report)],
    };
  }

  protected async answer(): Promise<Answer> {
    try {
      return await this.audited();
    } catch (error) {
      if (this.eventLog) await this.logFailure(error);
      throw error;
    }
  }

  /** Who reads only the log must not take an audit that could not be made for a night without findings. */
  private async logFailure(error: unknown): Promise<void> {
    const { failureEvent } = await import('../audit/events.ts');
    const refusal = (await this.surroundings.eventLog())([failureEvent(toPortOwnerError(error).problem)]);
    if (refusal !== null && this.problems !== 'rows') this.surroundings.error(problemText(unlogged(refusal)));
  }

  private async audited(): Promise<Answer> {
    const failOn = this.leastSeverity();
    const keepDays = this.daysToKeep();
    if (this.baseline === undefined && this.policy === undefined && this.store === undefined) {
      throw new PortOwnerError('PO1005', 'an audit needs something to compare with, or to keep it in', {
        hint: 'Give --baseline, --policy or --store.',
      });
    }
    const reports = this.report ?? [];
    const { reportFormat, writeReport } = await import('../cli/report.ts');
    reports.forEach(reportFormat);

    // Mistakes in files are told before the machine is asked.
    const { readDocument } = await import('../audit/document.ts');
    const approved =
      this.baseline === undefined
        ? null
        : (await import('../audit/baseline.ts')).parseBaseline(readDocument(this.baseline), this.baseline);
    const policy =
      this.policy === undefined
        ? null
        : (await import('../audit/policy.ts')).parsePolicy(readDocument(this.policy), this.policy);

    const listed = approved?.listeners ?? [];
    const needed = hashed(listed) || signed(listed) || policy?.signers === true;
    const facts = auditable(
      await this.facts(auditQuestion, this.hash || (this.live && needed)),
      this.from?.join(', ') ?? 'this machine',
    );
    const now = listeners(facts);
    const comparison: Comparison | null = approved === null ? null : compare(approved.listeners, now);
    const result = audit(facts, now, comparison, policy, {
      name: `baseline ${this.baseline}`,
      approve: `portowner baseline update ${this.baseline}`,
    });
    const unseen = unseenProblem(result.unseen, 'which could not be judged');
    const unfound = unfoundProblem(result.unseen, 'so that it could not be judged');
    const baseline = this.baseline ?? '';
    const problems = [
      ...factProblems(facts),
      ...some(
        machineProblem(approved?.machine ?? null, facts.machine.name, baseline),
        hashProblem(listed, facts, baseline),
        signerProblem(signed(listed), facts, baseline),
        signerProblem(policy?.signers === true, facts, this.policy ?? ''),
        unseen,
        unfound,
      ),
    ];

    const missing = gaps(facts);
    // Why no findings are no clean machine.
    const doubts = [
      ...missing,
      ...(result.unseen.length === 0 ? [] : [`${counted(result.unseen.length, 'listener')} could not be judged`]),
    ];
    const failures: Problem[] = [];
    const attempt = async (doubt: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof PortOwnerError)) throw error;
        // The rest of the audit goes on.
        const { terminating: _, ...problem } = error.problem;
        failures.push(problem);
        doubts.push(doubt);
      }
    };
    let { findings } = result;
    const { store } = this;
    if (store !== undefined)
      await attempt(
        'it is not stored',
        async () =>
          void (findings = await this.keepRun(store, facts, now, findings, keepDays, problems, failures, doubts)),
      );
    const summary = (): string => this.summarise(facts, now, findings, failOn, doubts);
    for (const path of reports)
      await attempt(`the report ${path} is not written`, () =>
        writeReport(path, finding, findings, [...problems, ...failures], facts.machine.name, summary()),
      );
    this.#summary = summary();
    if (this.eventLog) {
      const { auditEvents } = await import('../audit/events.ts');
      const refusal = (await this.surroundings.eventLog())(
        auditEvents(findings, [...problems, ...failures], this.#summary, doubts.length === 0),
      );
      if (refusal !== null) problems.push(unlogged(refusal));
    }
    const failed = atLeast(findings, failOn) > 0;
    return {
      rows: findings,
      problems: [...problems, ...failures],
      exitCode:
        failures.length > 0
          ? exitCodeOf(null)
          : exitCodeOf(!failed, missing.length > 0 || unfound !== null ? 'source' : unseen !== null ? 'rights' : null),
    };
  }

  private async keepRun(
    path: string,
    facts: Facts,
    now: readonly Listener[],
    findings: readonly Finding[],
    keepDays: number | null,
    problems: Problem[],
    failures: Problem[],
    doubts: string[],
  ): Promise<readonly Finding[]> {
    const { isFuture, storeRun } = await import('../audit/store.ts');
    const { removeLeftovers } = await import('../io/temporary.ts');
    const machine = facts.machine.name;
    if (machine === '')
      throw new PortOwnerError('PO3001', 'the machine has no name: its audit is not stored', {
        hint: 'Give the machine a host name.',
        target: path,
      });
    const run = {
      machine,
      at: facts.at,
      tool: `portowner ${version}`,
      listeners: now,
      findings,
      keepDays,
      partial: isPartial(facts.sections.sockets),
      forgetLater: this.forgetLater,
      ...(doubts.length === 0 ? {} : { problem: doubts.join(', ') }),
    };
    const clock = this.surroundings.now();
    const { findings: dated, aside, refused, newest, forgotten, before } = storeRun(path, run, clock);
    removeLeftovers(dirname(destination(path)));
    if (aside !== null) {
      doubts.push('the store was damaged, and a new one is begun');
      failures.push({
        severity: 'Error',
        code: 'PO4203',
        message: `the store ${path} was damaged: it is set aside as ${aside}, and a new one is begun`,
        hint: 'To go on with the old history, bring the store back from a backup.',
        target: aside,
      });
    }
    if (before !== null) {
      const which = forgotten === 1 ? `at ${before.first}` : `from ${before.first} to ${before.last}`;
      problems.push({
        severity: 'Warning',
        code: 'PO4208',
        message: `${counted(forgotten, 'later audit')} of ${machine}, ${which}, removed from the store ${path}; as it was before, it is kept as ${before.copy}`,
        target: before.copy,
      });
    }
    if (refused === 'same')
      problems.push({
        severity: 'Warning',
        code: 'PO4206',
        message: `the store ${path} has the audit of ${machine} at ${run.at} already: it is as it was`,
        target: path,
      });
    // Another audit of this machine began later, and was faster.
    const overtaken = refused === 'older' && this.live && Date.parse(newest) <= this.surroundings.now().getTime();
    if (overtaken)
      problems.push({
        severity: 'Warning',
        code: 'PO4206',
        message: `another audit of ${machine} at ${newest} was stored meanwhile in ${path}: this one of ${run.at} is not`,
        target: path,
      });
    else if (refused === 'older') {
      doubts.push('it is not stored');
      const hint = !isFuture(newest, clock)
        ? 'Store snapshots of a machine in the order of their times, or older ones in another file.'
        : 'That is in the future. Set the clock if it is wrong now; if it was wrong then, --forget-later removes the audits that are dated later than now.';
      failures.push({
        severity: 'Error',
        code: 'PO4206',
        message: `the store ${path} has an audit of ${machine} at ${newest}: this one of ${run.at} is older, and not stored`,
        hint,
        target: path,
      });
    }
    // Milliseconds would take the room of the owner in a table.
    return dated.map((one) => Object.assign({}, one, { FirstSeen: one.FirstSeen?.replace(/\.\d+Z$/, 'Z') ?? null }));
  }

  /** One line that nothing from elsewhere can break or forge; it says clean only when the exit code does. */
  private summarise(
    { machine }: Facts,
    now: readonly Listener[],
    findings: readonly Finding[],
    failOn: Severity,
    doubts: readonly string[],
  ): string {
    const counts = severities
      .toReversed()
      .map((severity) => [severity, findings.filter((one) => one.Severity === severity).length] as const);
    const parts = counts.filter(([, count]) => count > 0).map(([severity, count]) => `${count} ${severity}`);
    const below = findings.length - atLeast(findings, failOn);
    const found =
      findings.length > 0
        ? `${counted(findings.length, 'finding')} (${parts.join(', ')})`
        : doubts.length > 0
          ? 'no findings'
          : 'clean';
    return sanitise(
      `audit of ${machine.name === '' ? 'a machine without a name' : machine.name}: ${found}, ${counted(now.length, 'listener')}${below > 0 ? `, ${below} below ${failOn}` : ''}${doubts.length > 0 ? `; but ${doubts.join(', and ')}` : ''}`,
    );
  }

  private leastSeverity(): Severity {
    const text = this.failOn ?? 'Low';
    const found = severities.find((severity) => severity.toLowerCase() === text.toLowerCase());
    if (found === undefined)
      throw new PortOwnerError('PO1001', `--fail-on has no value ${JSON.stringify(text)}`, {
        hint: `It takes ${severities.join(', ').toLowerCase()}.`,
        target: text,
      });
    return found;
  }

  private daysToKeep(): number | null {
    if (this.forgetLater && this.store === undefined)
      throw new PortOwnerError('PO1005', '--forget-later needs --store');
    if (this.keep === undefined) return null;
    if (this.store === undefined) throw new PortOwnerError('PO1005', '--keep needs --store');
    const days = /^\d{1,5}$/.test(this.keep) ? Number(this.keep) : 0;
    if (days < 1)
      throw new PortOwnerError('PO1001', `--keep has no value ${JSON.stringify(this.keep)}`, {
        hint: 'It takes a number of days from 1 to 99999.',
        target: this.keep,
      });
    return days;
  }
}
