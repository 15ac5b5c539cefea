import { Option } from 'clipanion';
import { defaultName } from '../../schedule/definition.ts';
import type { TaskRequest } from '../../schedule/nightly.ts';
import { reportFormat } from '../report.ts';
import { wholeNumber } from '../values.ts';
import { auditSettings, type AuditOptions } from './audit.ts';
import type { GroupAbout } from './group.ts';
import type { RedactOption } from './redact.ts';

/** Which task on this machine. */
export class TaskNameOptions {
  static readonly about = { parameters: { Name: '--name' } } as const satisfies GroupAbout;

  name = Option.String('--name', { description: `the name of the task, on Windows (default: ${defaultName})` });
}

/** Where the systemd units are. */
export class RootOptions {
  static readonly about = {
    values: { '--root': 'folder' },
    leftOut: { '--root': 'only for Linux images' },
  } as const satisfies GroupAbout;

  root = Option.String('--root', {
    description:
      'on Linux: write the units below this folder, such as an image, and change nothing else on this machine',
  });
}

/** When a task runs, as whom, and what it starts. */
export class TaskOptions {
  static readonly about = {
    values: { '--account': ['SYSTEM'], '--executable': 'file' },
    parameters: {
      At: '--at',
      RandomDelayMinute: '--random-delay',
      TimeLimitMinute: '--time-limit',
      Account: '--account',
      ExecutablePath: '--executable',
    },
  } as const satisfies GroupAbout;

  at = Option.String('--at', {
    description: "the start time, in the machine's local time (default: 03:00)",
  });
  randomDelay = Option.String('--random-delay', {
    description:
      'delay the start by up to this many minutes, at random, so that not all machines start at the same time (default: 30)',
  });
  timeLimit = Option.String('--time-limit', { description: 'end it after this many minutes (default: 60)' });
  account = Option.String('--account', {
    description: 'on Windows: SYSTEM (default), or a group managed service account, DOMAIN\\name$',
  });
  executable = Option.String('--executable', { description: 'the portowner executable to start (default: this one)' });
}

/** The task that the options describe. Throws PO1001. */
export function taskRequest(
  given: TaskNameOptions & RedactOption & AuditOptions & TaskOptions & Partial<RootOptions>,
): TaskRequest {
  const { name, root, at, account, executable, report, randomDelay, timeLimit } = given;
  report?.forEach(reportFormat);
  return {
    settings: auditSettings(given),
    name,
    root,
    at,
    account,
    executable,
    randomDelay: wholeNumber('--random-delay', randomDelay ?? '30', { least: 0, most: 720 }),
    timeLimit: wholeNumber('--time-limit', timeLimit ?? '60', { most: 1440 }),
  };
}
