import { Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { AuditOptions } from '../cli/options/audit.ts';
import { withOptions } from '../cli/options/group.ts';
import { RedactOption } from '../cli/options/redact.ts';
import { CountOptions, OutputOption } from '../cli/options/rows.ts';
import { RootOptions, TaskNameOptions, TaskOptions, taskRequest } from '../cli/options/task.ts';
import { reportFormat } from '../cli/report.ts';
import { RowCommand } from '../cli/row-command.ts';
import { missingValue, word } from '../cli/values.ts';
import { writeTo } from '../cli/write.ts';
import { installNightly, nightlyDefinition, nightlyStatus, removeNightly } from '../schedule/nightly.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { ExitCode } from '../schema/problems.ts';
import { auditTask } from '../schema/task.ts';

const systems = { windows: 'win32', linux: 'linux' } as const;

/** Prints the definition of a nightly audit for the system's scheduler. */
export class ScheduleShowCommand extends withOptions(
  BaseCommand,
  OutputOption,
  RedactOption,
  TaskNameOptions,
  AuditOptions,
  TaskOptions,
) {
  static override paths = [['schedule', 'show']];
  static override usage = Command.Usage({
    description: 'print what schedule install would install: XML for Task Scheduler, or units for systemd',
    details: `
      Nothing is installed or checked on this machine. On standard output, Task Scheduler's XML is plain ASCII without a declaration, as Register-ScheduledTask -Xml expects it; in a file written with --output, it is UTF-16 with a byte order mark, as schtasks /Create /XML expects it.
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
    powershell: 'Register-PortAuditTask registers the task; Get-PortAuditTask shows it',
  };

  system = Option.String('--system', { description: 'windows or linux (default: the system of this machine)' });

  async perform(): Promise<ExitCode> {
    const system = this.system === undefined ? null : word('--system', this.system, systems);
    const { text, bytes } = await nightlyDefinition(taskRequest(this), system, this.surroundings);
    const { output } = this;
    if (output === '') throw missingValue('--output', 'the path of a file');
    writeTo(output, this.surroundings, (sink) => (output === undefined ? sink.write(text) : sink.bytes(bytes)));
    return exitCodeOf(true);
  }
}

/** Schedules the audit for every night. */
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
    description: 'run the audit every night, with Task Scheduler or systemd',
    details: `
      Installing again replaces the task. If the machine was off at night, the audit runs as soon as possible. Without --store, the history is stored in audits.db in %ProgramData%\\PortOwner, or in /var/lib/portowner on Linux; on Windows, --event-log registers the event source PortOwner.

      The task has elevated rights, so it is not installed if anybody but administrators could change what it runs, reads, or writes: the executable and the module, the baseline, the policy, the store, and the reports, and the folders above them. Links are refused. Its own folder, %ProgramData%\\PortOwner or /var/lib/portowner, is created so that only administrators, the system, and the task's account can enter it.

      It is also not installed if the audit would fail every night: the baseline and the policy must be valid, the name of each report must determine its format, all these files must be different, and on Linux none of them can be below /tmp or /var/tmp, which the service cannot see, and nobody else may be able to read a password file, a key, or a file of headers. With --root, existing files are read from the image.

      A group managed service account needs the right to log on as a batch job, and rights on these files: a warning names missing rights, as far as they can be determined.
    `,
    examples: [
      ['Every night at 03:00', '$0 schedule install --baseline approved.yaml'],
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
      1: 'other users could change what it uses',
      64: 'wrong usage, or files that do not exist or conflict with each other',
      69: 'a file is invalid, or the system rejected the task',
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

  /** It is for the reports of the nightly audit. */
  protected override get redactsRows(): boolean {
    return false;
  }

  protected async answer(): Promise<Answer> {
    return installNightly(taskRequest(this), this.surroundings);
  }
}

/** Removes the scheduled audit. */
export class ScheduleRemoveCommand extends withOptions(RowCommand, CountOptions, TaskNameOptions, RootOptions) {
  static override paths = [['schedule', 'remove']];
  static override usage = Command.Usage({
    description: 'remove the scheduled audit',
    details: `
      It removes the task and, on Windows, the event source with the last PortOwner task. The baseline, the store, and the reports stay.
    `,
    examples: [['Remove it', '$0 schedule remove']],
  });
  static readonly about: CommandAbout = {
    rows: [auditTask],
    operands: null,
    values: {},
    exitCodes: {
      0: 'removed',
      1: 'not installed',
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

/** Shows whether the audit is scheduled. */
export class ScheduleStatusCommand extends withOptions(RowCommand, CountOptions, TaskNameOptions, RootOptions) {
  static override paths = [['schedule', 'status']];
  static override usage = Command.Usage({
    description: 'show whether the nightly audit is installed, how it is configured, and when it last ran',
    details: `
      It checks the system's own definition of the task and the store: it reports what others could change, and settings that can prevent an audit. It also reports a baseline or policy that the audit would reject, a newest audit of this machine in the store that is older than two nights, a missing audit of a task that is older than that, and on Linux, a failed last run. Findings are not a failure.
    `,
    examples: [['Its state', '$0 schedule status --format list']],
  });
  static readonly about: CommandAbout = {
    rows: [auditTask],
    operands: null,
    values: {},
    exitCodes: { 0: 'installed', 1: 'not installed', 69: 'cannot tell' },
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
