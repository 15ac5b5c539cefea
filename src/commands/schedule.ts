import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import type { Refusal } from '../system/raw.ts';
import { fileSink } from '../io/sink.ts';
import { PortOwnerError, exit, type ExitCode } from '../schema/problems.ts';
import {
  checkName,
  defaultName,
  parseAccount,
  parseTime,
  taskPath,
  type AuditTask,
  type TaskPlatform,
} from '../schedule/definition.ts';
import { installTask, removeTask, taskStatus, type Outcome } from '../schedule/install.ts';
import type { Scheduler } from '../system/scheduler.ts';
import { stateFolder } from '../schedule/units.ts';
import { severities } from '../schema/finding.ts';
import { auditTask } from '../schema/task.ts';
import { reportFormat } from '../cli/report.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';

const systems = { windows: 'win32', linux: 'linux' } as const;

function whole(option: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  if (text === undefined) return otherwise;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (number < least || number > most)
    throw new PortOwnerError('PO1001', `${option} has no value ${JSON.stringify(text)}`, {
      hint: `It takes a whole number from ${least} to ${most}.`,
      target: text,
    });
  return number;
}

/** What the system refused, as the error that the user gets. */
function refusalError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PortOwnerError) return error;
  const { refusal, code, syscall } = error as Error & {
    readonly refusal?: Refusal;
    readonly code?: string;
    readonly syscall?: string;
  };
  if (refusal === undefined && syscall === undefined) return error;
  const denied = refusal?.code === 'AccessDenied' || code === 'EACCES' || code === 'EPERM';
  return new PortOwnerError(denied ? 'PO5001' : 'PO5005', refusal?.text ?? error.message, {
    ...(denied ? { hint: 'Run it as an administrator, on Linux as root.' } : {}),
    cause: error,
  });
}

/** What the four have in common: whose task, and where. */
abstract class ScheduleCommand extends RowCommand {
  name = Option.String('--name', { description: `the name of the task, on Windows (default: ${defaultName})` });
  root = Option.String('--root', {
    description: 'on Linux: put the units below this folder, such as an image, and touch nothing of this machine',
  });

  override readonly schema = auditTask;

  protected taskName(): string {
    return this.name === undefined ? defaultName : checkName(this.name);
  }

  protected async scheduler(): Promise<Scheduler> {
    const scheduler = await this.surroundings.scheduler();
    if (this.root !== undefined && scheduler.platform !== 'linux')
      throw new PortOwnerError('PO1005', '--root is for Linux');
    if (this.name !== undefined && scheduler.platform !== 'win32')
      throw new PortOwnerError('PO1005', '--name is for Windows: the units of systemd have their own');
    return scheduler;
  }

  /** The folder of --root; null is this machine itself. */
  protected rootFolder(): string | null {
    if (this.root === '')
      throw new PortOwnerError('PO1001', '--root has no value', { hint: 'It takes the path of a folder.' });
    return this.root === undefined ? null : taskPath('--root', this.root, 'linux', true);
  }

  /** Lets `work` deal with the system, and tells what that refused. */
  protected attempt(work: () => Outcome, exitCode: (outcome: Outcome) => ExitCode = () => exit.ok): Answer {
    try {
      const outcome = work();
      return { rows: [outcome.row], problems: outcome.problems, exitCode: exitCode(outcome) };
    } catch (error) {
      throw refusalError(error);
    }
  }
}

/** What the options that describe a task take. */
const definitionValues = {
  '--baseline': 'file',
  '--policy': 'file',
  '--store': 'file',
  '--report': 'file',
  '--fail-on': severities.map((severity) => severity.toLowerCase()),
  '--account': ['SYSTEM'],
  '--executable': 'file',
} as const satisfies CommandAbout['values'];

/** What describes a task. */
abstract class DefinitionCommand extends ScheduleCommand {
  baseline = Option.String('--baseline', {
    description: 'the approved listeners: a file of portowner baseline create',
  });
  policy = Option.String('--policy', { description: 'the rules' });
  store = Option.String('--store', {
    description:
      'the history of the audits (default: audits.db in %ProgramData%\\PortOwner, on Linux in /var/lib/portowner)',
  });
  report = Option.Array('--report', { description: 'also write the findings to this file; may be repeated' });
  failOn = Option.String('--fail-on', {
    description: `the severity from which on findings count: ${severities.join(', ').toLowerCase()}`,
  });
  keep = Option.String('--keep', { description: 'forget what ended more than so many days ago (default: keep all)' });
  hash = Option.Boolean('--hash', false, {
    description: 'also compare the SHA-256 of the executables and, on Windows, their signer',
  });
  eventLog = Option.Boolean('--event-log', false, {
    description: "also write the findings to the system's log; on Windows that registers the event source PortOwner",
  });
  at = Option.String('--at', {
    description: "when it starts each night, in the machine's local time (default: 03:00)",
  });
  randomDelay = Option.String('--random-delay', {
    description: 'up to so many minutes later, so that many machines do not start at once (default: 30)',
  });
  timeLimit = Option.String('--time-limit', { description: 'end it after so many minutes (default: 60)' });
  account = Option.String('--account', {
    description: 'on Windows: SYSTEM (default), or a group managed service account, DOMAIN\\name$',
  });
  executable = Option.String('--executable', { description: 'the portowner that is started (default: this one)' });

  /** The task for a platform; `scheduler` is null where it is for a machine of another kind. */
  protected task(platform: TaskPlatform, scheduler: Scheduler | null): AuditTask {
    const here = scheduler !== null;
    const path = (option: string, value: string): string =>
      taskPath(option, value, platform, here && this.root === undefined);
    const optional = (option: string, value: string | undefined): string | null =>
      value === undefined ? null : path(option, value);
    if (this.account !== undefined && platform !== 'win32')
      throw new PortOwnerError('PO1005', '--account is for Windows: on Linux the audit runs as root');
    const failOn =
      this.failOn === undefined
        ? null
        : severities.find((severity) => severity.toLowerCase() === this.failOn!.toLowerCase());
    if (failOn === undefined)
      throw new PortOwnerError('PO1001', `--fail-on has no value ${JSON.stringify(this.failOn)}`, {
        hint: `It takes ${severities.join(', ').toLowerCase()}.`,
      });
    if (this.baseline === undefined && this.policy === undefined) {
      throw new PortOwnerError('PO1005', 'a scheduled audit needs something to compare with', {
        hint: 'Give --baseline or --policy; portowner baseline create makes a baseline.',
      });
    }
    const executable =
      this.executable ??
      scheduler?.executable ??
      (here ? null : platform === 'win32' ? 'C:\\Program Files\\PortOwner\\portowner.exe' : '/usr/local/bin/portowner');
    this.report?.forEach(reportFormat);
    if (executable === null)
      throw new PortOwnerError('PO1005', 'PortOwner runs from its sources here: there is no executable to start', {
        hint: 'Give --executable.',
      });
    const dataFolder = scheduler?.dataFolder ?? (platform === 'win32' ? 'C:\\ProgramData\\PortOwner' : stateFolder);
    return {
      name: this.taskName(),
      account: parseAccount(this.account ?? 'SYSTEM'),
      at: parseTime(this.at ?? '03:00'),
      randomDelay: whole('--random-delay', this.randomDelay, 30, 0, 720),
      timeLimit: whole('--time-limit', this.timeLimit, 60, 1, 1440),
      command: {
        executable: path('--executable', executable),
        baseline: optional('--baseline', this.baseline),
        policy: optional('--policy', this.policy),
        store: path('--store', this.store ?? `${dataFolder}${platform === 'win32' ? '\\' : '/'}audits.db`),
        reports: (this.report ?? []).map((report) => path('--report', report)),
        failOn: failOn?.toLowerCase() ?? null,
        keep: this.keep === undefined ? null : whole('--keep', this.keep, 0, 1, 99_999),
        eventLog: this.eventLog,
        hash: this.hash,
      },
    };
  }
}

/** Writes what a nightly audit is to the system's scheduler. */
export class ScheduleShowCommand extends DefinitionCommand {
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
    values: { ...definitionValues, '--system': ['windows', 'linux'], '--output': 'file' },
    exitCodes: { 0: 'written', 69: 'the file could not be written' },
    powershell: 'Register-PortAuditTask registers; Get-PortAuditTask tells what is registered',
  };

  override readonly format: undefined = undefined;
  override readonly columns: undefined = undefined;
  override readonly excel: boolean = false;
  override readonly stream: boolean = false;
  override readonly problems: undefined = undefined;
  override readonly root: undefined = undefined;

  system = Option.String('--system', { description: 'for windows or linux (default: the system of this machine)' });

  override async perform(): Promise<ExitCode> {
    const { platform, scheduler } = await this.target();
    const task = this.task(platform, scheduler);
    if (this.output === '')
      throw new PortOwnerError('PO1001', '--output has no value', { hint: 'It takes the path of a file.' });
    const sink = this.output === undefined ? this.surroundings.output() : fileSink(this.output);
    try {
      if (platform === 'linux') {
        const { units } = await import('../schedule/units.ts');
        const { unitFolder } = await import('../schedule/install.ts');
        sink.write(
          Object.entries(units(task))
            .map(([name, text]) => `# ${unitFolder}/${name}\n${text}`)
            .join('\n'),
        );
      } else {
        const { asciiXml, taskFile, taskXml } = await import('../schedule/task-xml.ts');
        const xml = taskXml(task);
        if (this.output === undefined) sink.write(asciiXml(xml));
        else sink.bytes(taskFile(xml));
      }
      sink.close();
    } catch (error) {
      sink.abort();
      throw error;
    }
    return exit.ok;
  }

  /** For a machine of another kind than this one nothing here counts. */
  private async target(): Promise<{ platform: TaskPlatform; scheduler: Scheduler | null }> {
    const wanted =
      this.system === undefined
        ? null
        : Object.entries(systems).find(([name]) => name === this.system!.toLowerCase())?.[1];
    if (wanted === undefined)
      throw new PortOwnerError('PO1001', `--system has no value ${JSON.stringify(this.system)}`, {
        hint: 'It takes windows or linux.',
      });
    const scheduler = await this.surroundings.scheduler();
    return wanted === null || wanted === scheduler.platform
      ? { platform: scheduler.platform, scheduler }
      : { platform: wanted, scheduler: null };
  }

  protected async answer(): Promise<Answer> {
    return { rows: [], problems: [], exitCode: exit.ok };
  }
}

/** Has the audit run every night. */
export class ScheduleInstallCommand extends withOptions(DefinitionCommand, CountOptions) {
  static override paths = [['schedule', 'install']];
  static override usage = Command.Usage({
    description: 'have the audit run every night, by Task Scheduler or systemd',
    details: `
      Installing again changes what is there. A night in which the machine was off is made up for.

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
    values: { ...definitionValues, '--root': 'folder' },
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
        BaselinePath: '--baseline',
        PolicyPath: '--policy',
        StorePath: '--store',
        ReportPath: '--report',
        FailOn: '--fail-on',
        KeepDay: '--keep',
        IncludeHash: '--hash',
        EventLog: '--event-log',
        At: '--at',
        RandomDelayMinute: '--random-delay',
        TimeLimitMinute: '--time-limit',
        Account: '--account',
        ExecutablePath: '--executable',
        Name: '--name',
      },
      leftOut: { '--root': 'it is for images of Linux', '--columns': 'Select-Object selects' },
    },
  };

  protected async answer(): Promise<Answer> {
    const scheduler = await this.scheduler();
    const [task, root] = [this.task(scheduler.platform, scheduler), this.rootFolder()];
    return this.attempt(() => installTask(task, scheduler, root));
  }
}

/** Ends the nightly audits. */
export class ScheduleRemoveCommand extends withOptions(ScheduleCommand, CountOptions) {
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
    values: { '--root': 'folder' },
    exitCodes: {
      0: 'removed',
      1: 'there is none',
      69: 'the system did not remove it',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Unregister-PortAuditTask',
      parameters: { Name: '--name' },
      leftOut: { '--root': 'it is for images of Linux', '--columns': 'Select-Object selects' },
    },
  };

  protected async answer(): Promise<Answer> {
    const [name, scheduler, root] = [this.taskName(), await this.scheduler(), this.rootFolder()];
    return this.attempt(() => removeTask(name, scheduler, root));
  }
}

/** Says whether the audit runs every night. */
export class ScheduleStatusCommand extends withOptions(ScheduleCommand, CountOptions) {
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
    values: { '--root': 'folder' },
    exitCodes: { 0: 'it is installed', 1: 'it is not', 69: 'cannot tell' },
    powershell: {
      name: 'Get-PortAuditTask',
      parameters: { Name: '--name', Column: '--columns' },
      leftOut: { '--root': 'it is for images of Linux' },
    },
  };

  protected async answer(): Promise<Answer> {
    const [name, scheduler, root] = [this.taskName(), await this.scheduler(), this.rootFolder()];
    return this.attempt(
      () => taskStatus(name, scheduler, root, { now: this.surroundings.now(), checkReport: reportFormat }),
      ({ row: { State, Command } }) =>
        State === 'NotInstalled' ? exit.no : State === 'Unknown' && Command === null ? exit.unavailable : exit.ok,
    );
  }
}

export const scheduleCommands = [
  ScheduleShowCommand,
  ScheduleInstallCommand,
  ScheduleRemoveCommand,
  ScheduleStatusCommand,
];
