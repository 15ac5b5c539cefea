import { Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { AuditOptions } from '../cli/options/audit.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions, OutputOption } from '../cli/options/rows.ts';
import { RootOptions, TaskNameOptions, TaskOptions, taskRequest } from '../cli/options/task.ts';
import { reportFormat } from '../cli/report.ts';
import { RowCommand } from '../cli/row-command.ts';
import { word } from '../cli/values.ts';
import { writeTo } from '../cli/write.ts';
import { installNightly, nightlyDefinition, nightlyStatus, removeNightly } from '../schedule/nightly.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type ExitCode } from '../schema/problems.ts';
import { auditTask } from '../schema/task.ts';

const systems = { windows: 'win32', linux: 'linux' } as const;

/** Writes what a nightly audit is to the system's scheduler. */
export class ScheduleShowCommand extends withOptions(
  BaseCommand,
  OutputOption,
  TaskNameOptions,
  AuditOptions,
  TaskOptions,
) {
  static override paths = [['schedule', 'show']];
  static override usage = Command.Usage({
    description: 'write what schedule install would install: XML for Task Scheduler, or units for systemd',
    details: `
      Nothing is installed or checked on this machine. On standard output Task Scheduler's XML has no declaration and is plain ASCII, as Register-ScheduledTask -Xml takes it; in a file of --output it is UTF-16 with a byte order mark, as schtasks /Create /XML reads it.
    `,
    examples: [
      ['What would be installed here', '$0 schedule show --baseline approved.yaml'],
      [
        'A file for schtasks',
        '$0 schedule show --system windows --baseline C:\\Audit\\approved.yaml --output audit.xml',
      ],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [],
    operands: null,
    values: { '--system': Object.keys(systems) },
    exitCodes: { 0: 'written', 69: 'the file could not be written' },
    powershell: 'Register-PortAuditTask registers; Get-PortAuditTask tells what is registered',
  };

  system = Option.String('--system', { description: 'for windows or linux (default: the system of this machine)' });

  async perform(): Promise<ExitCode> {
    const system = this.system === undefined ? null : word('--system', this.system, systems, 'windows or linux');
    const { text, bytes } = await nightlyDefinition(taskRequest(this), system, this.surroundings);
    const { output } = this;
    if (output === '')
      throw new PortOwnerError('PO1001', '--output has no value', { hint: 'It takes the path of a file.' });
    writeTo(output, this.surroundings, (sink) => (output === undefined ? sink.write(text) : sink.bytes(bytes)));
    return exitCodeOf(true);
  }
}

/** Has the audit run every night. */
export class ScheduleInstallCommand extends withOptions(
  RowCommand,
  CountOptions,
  TaskNameOptions,
  RootOptions,
  AuditOptions,
  TaskOptions,
) {
  static override paths = [['schedule', 'install']];
  static override usage = Command.Usage({
    description: 'have the audit run every night, by Task Scheduler or systemd',
    details: `
      Installing again changes what is there. A night in which the machine was off is made up for. Without --store the history is kept in audits.db in %ProgramData%\\PortOwner, on Linux in /var/lib/portowner; on Windows --event-log registers the event source PortOwner.

      The task has more rights than its readers, so it is not installed where anybody but administrators could change what it runs, reads or writes: the executable and the module, the baseline, the policy, the store and the reports, and the folders above them. Links are refused. A folder of its own, %ProgramData%\\PortOwner or /var/lib/portowner, is made so that only administrators, the system and the task's account can enter.

      Nor is it installed when every night would fail: the baseline and the policy are read as the audit reads them, the name of each report must tell its format, none of these files may be the same as another, and on Linux none may be below /tmp or /var/tmp, which the service does not see. With --root they are read in the image, as far as they are there.

      A group managed service account needs the right to log on as a batch job, and its rights on these files: what is missing is named, as far as it can be told.
    `,
    examples: [
      ['Every night at three', '$0 schedule install --baseline approved.yaml'],
      [
        'With a policy, a report and the event log',
        '$0 schedule install --policy policy.yaml --baseline approved.yaml --report findings.csv --event-log --at 02:30',
      ],
      ['As a group managed service account', '$0 schedule install --baseline approved.yaml --account CORP\\audit$'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [auditTask],
    operands: null,
    values: {},
    exitCodes: {
      0: 'installed',
      1: 'others could change what it uses',
      64: 'wrong usage, or files that do not exist or do not go together',
      69: 'a file is not what it should be, or the system did not take the task',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Register-PortAuditTask',
      parameters: {
        ...AuditOptions.about.parameters,
        FailOn: '--fail-on',
        ...TaskOptions.about.parameters,
        ...TaskNameOptions.about.parameters,
      },
      leftOut: { '--columns': 'Select-Object selects' },
    },
  };

  override readonly schema = auditTask;

  protected async answer(): Promise<Answer> {
    return installNightly(taskRequest(this), this.surroundings);
  }
}

/** Ends the nightly audits. */
export class ScheduleRemoveCommand extends withOptions(RowCommand, CountOptions, TaskNameOptions, RootOptions) {
  static override paths = [['schedule', 'remove']];
  static override usage = Command.Usage({
    description: 'end the nightly audits',
    details: `
      The task is removed, and on Windows, with the last task of PortOwner, its event source. The baseline, the store and the reports stay.
    `,
    examples: [['End them', '$0 schedule remove']],
  });
  static readonly about: CommandAbout = {
    rows: [auditTask],
    operands: null,
    values: {},
    exitCodes: {
      0: 'removed',
      1: 'there is none',
      69: 'the system did not remove it',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Unregister-PortAuditTask',
      parameters: { Name: '--name' },
      leftOut: { '--columns': 'Select-Object selects' },
    },
  };

  override readonly schema = auditTask;

  protected async answer(): Promise<Answer> {
    return removeNightly(this, this.surroundings);
  }
}

/** Says whether the audit runs every night. */
export class ScheduleStatusCommand extends withOptions(RowCommand, CountOptions, TaskNameOptions, RootOptions) {
  static override paths = [['schedule', 'status']];
  static override usage = Command.Usage({
    description: 'say whether the nightly audit is installed, how it is set up, and when it last ran',
    details: `
      It reads the system's own definition of the task and the store, and holds both against what an audit needs: what others could change, and settings that make nights go by without an audit, are told. So are a baseline or policy that the audit would refuse, a newest audit of this machine in the store that is older than two nights, none at all of a task that is, and on Linux a last run that failed. Findings are no failure.
    `,
    examples: [['How it stands', '$0 schedule status --format list']],
  });
  static readonly about: CommandAbout = {
    rows: [auditTask],
    operands: null,
    values: {},
    exitCodes: { 0: 'it is installed', 1: 'it is not', 69: 'cannot tell' },
    powershell: {
      name: 'Get-PortAuditTask',
      parameters: { Name: '--name', Column: '--columns' },
    },
  };

  override readonly schema = auditTask;

  protected async answer(): Promise<Answer> {
    const judging = { now: this.surroundings.now(), checkReport: reportFormat };
    return nightlyStatus(this, this.surroundings, judging);
  }
}
