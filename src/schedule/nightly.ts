// The nightly audit of a machine: defines, installs, removes, and inspects its task.
import { withPaths, type AuditSettings } from '../audit/settings.ts';
import { counted } from '../io/counted.ts';
import { errorCode } from '../io/errors.ts';
import { momentText } from '../io/moment.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type ExitCode } from '../schema/problems.ts';
import type { AuditTaskRow } from '../schema/task.ts';
import type { Refusal } from '../system/raw.ts';
import type { Scheduler } from '../system/scheduler.ts';
import type { Surroundings } from '../system/surroundings.ts';
import {
  checkName,
  defaultName,
  parseAccount,
  parseTime,
  taskPath,
  type AuditTask,
  type TaskPlatform,
} from './definition.ts';
import { installTask, removeTask, taskStatus, type Judging, type Outcome } from './install.ts';
import { stateFolder } from './units.ts';

/** Selects a task of a machine. */
export interface TaskPlace {
  /** Its name on Windows. */
  readonly name: string | undefined;
  /** On Linux, the folder of an image; this machine if missing. */
  readonly root?: string | undefined;
}

/** A requested nightly audit. */
export interface TaskRequest extends TaskPlace {
  readonly settings: AuditSettings;
  readonly at: string | undefined;
  readonly randomDelay: number;
  readonly timeLimit: number;
  readonly account: string | undefined;
  readonly executable: string | undefined;
}

type World = Pick<Surroundings, 'scheduler'>;

/** The default paths on a machine with another system. */
const usual = {
  win32: { executable: 'C:\\Program Files\\PortOwner\\portowner.exe', dataFolder: 'C:\\ProgramData\\PortOwner' },
  linux: { executable: '/usr/local/bin/portowner', dataFolder: stateFolder },
} as const;

/** Schedules the audit for every night. */
export async function installNightly(request: TaskRequest, world: World): Promise<Answer> {
  const scheduler = await schedulerFor(request, world);
  const [task, root] = [taskOf(request, scheduler.platform, scheduler), rootFolder(request)];
  return attempt(() => installTask(task, scheduler, root));
}

/** Removes the scheduled audit. */
export async function removeNightly(place: TaskPlace, world: World): Promise<Answer> {
  const [name, scheduler, root] = [taskName(place), await schedulerFor(place, world), rootFolder(place)];
  return attempt(() => removeTask(name, scheduler, root));
}

/** Shows whether the audit is scheduled. */
export async function nightlyStatus(place: TaskPlace, world: World, judging: Judging): Promise<Answer> {
  const [name, scheduler, root] = [taskName(place), await schedulerFor(place, world), rootFolder(place)];
  return attempt(
    () => taskStatus(name, scheduler, root, judging),
    ({ row: { State, Command } }) =>
      exitCodeOf(State === 'NotInstalled' ? false : State === 'Unknown' && Command === null ? null : true),
  );
}

/** Shows what installing would write, for this machine's system or another: as text for a terminal, and as file contents. */
export async function nightlyDefinition(
  request: TaskRequest,
  wanted: TaskPlatform | null,
  world: World,
): Promise<{ readonly text: string; readonly bytes: Uint8Array }> {
  const scheduler = await world.scheduler();
  const platform = wanted ?? scheduler.platform;
  // Nothing on this machine matters for a machine with another system.
  const task = taskOf(request, platform, platform === scheduler.platform ? scheduler : null);
  if (platform === 'linux') {
    const { units } = await import('./units.ts');
    const { unitFolder } = await import('./install.ts');
    const text = Object.entries(units(task))
      .map(([name, unit]) => `# ${unitFolder}/${name}\n${unit}`)
      .join('\n');
    return { text, bytes: Buffer.from(text) };
  }
  const { asciiXml, taskFile, taskXml } = await import('./task-xml.ts');
  const xml = taskXml(task);
  return { text: asciiXml(xml), bytes: taskFile(xml) };
}

const taskName = ({ name }: TaskPlace): string => (name === undefined ? defaultName : checkName(name));

async function schedulerFor({ name, root }: TaskPlace, world: World): Promise<Scheduler> {
  const scheduler = await world.scheduler();
  if (root !== undefined && scheduler.platform !== 'linux')
    throw new PortOwnerError('PO1005', '--root can be used only on Linux');
  if (name !== undefined && scheduler.platform !== 'win32')
    throw new PortOwnerError('PO1005', '--name can be used only on Windows: the systemd units have fixed names');
  return scheduler;
}

/** The folder of --root; null for this machine. */
function rootFolder({ root }: TaskPlace): string | null {
  if (root === '') throw new PortOwnerError('PO1001', 'missing value for --root; expected the path of a folder');
  return root === undefined ? null : taskPath('--root', root, 'linux', true);
}

/** The task for a platform; `scheduler` is null if it is for a machine with another system. */
function taskOf(request: TaskRequest, platform: TaskPlatform, scheduler: Scheduler | null): AuditTask {
  const { settings, account, root } = request;
  const here = scheduler !== null;
  const path = (option: string, value: string): string => taskPath(option, value, platform, here && root === undefined);
  if (account !== undefined && platform !== 'win32')
    throw new PortOwnerError('PO1005', '--account can be used only on Windows: on Linux, the audit runs as root');
  if (settings.baseline === null && settings.policy === null) {
    throw new PortOwnerError('PO1005', 'a scheduled audit needs something to compare with', {
      hint: 'Specify --baseline or --policy; use portowner baseline create to create a baseline.',
    });
  }
  const executable = request.executable ?? scheduler?.executable ?? (here ? null : usual[platform].executable);
  if (executable === null)
    throw new PortOwnerError('PO1005', 'PortOwner runs from source: there is no executable to start', {
      hint: 'Specify --executable.',
    });
  const dataFolder = scheduler?.dataFolder ?? usual[platform].dataFolder;
  const store = settings.store ?? `${dataFolder}${platform === 'win32' ? '\\' : '/'}audits.db`;
  return {
    name: taskName(request),
    account: parseAccount(account ?? 'SYSTEM'),
    at: parseTime(request.at ?? '03:00'),
    randomDelay: request.randomDelay,
    timeLimit: request.timeLimit,
    command: {
      ...withPaths(settings, path),
      executable: path('--executable', executable),
      store: path('--store', store),
    },
  };
}

/** The state of the nightly audit in a sentence. */
function taskText({ State, TimeOfDay, LastAudit, LastFindings, Command, Reason }: AuditTaskRow): string {
  const runs = `runs every night${TimeOfDay === null ? '' : ` at ${TimeOfDay}`}`;
  const last =
    LastAudit === null
      ? ''
      : ` The newest audit (${momentText(LastAudit)}) has ${LastFindings === 0 ? 'no findings' : counted(LastFindings ?? 0, 'finding')}.`;
  const wrong = Reason === null ? '' : ` ${counted(Reason.length, 'warning')}: see --format list.`;
  switch (State) {
    case 'NotInstalled':
      return 'The nightly audit is not installed.';
    case 'Removed':
      return 'The nightly audit was removed.';
    case 'Installed':
    case 'Updated':
      return `The audit was ${State.toLowerCase()}. It ${runs}.${wrong}`;
    case 'Disabled':
      return `The audit is installed, but it is disabled.${last}${wrong}`;
    case 'Ready':
      return `The audit ${runs}.${last}${wrong}`;
    default:
      return Command === null
        ? 'Cannot tell whether the audit runs every night.'
        : `The audit is installed, but its state is unknown.${last}${wrong}`;
  }
}

/** Runs `work` with the system's scheduler, and translates its errors. */
async function attempt(
  work: () => Outcome | Promise<Outcome>,
  exitCode: (outcome: Outcome) => ExitCode = () => exitCodeOf(true),
): Promise<Answer> {
  try {
    const outcome = await work();
    return {
      rows: [outcome.row],
      problems: outcome.problems,
      exitCode: exitCode(outcome),
      headline: taskText(outcome.row),
    };
  } catch (error) {
    throw refusalError(error);
  }
}

/** Translates an error of the system for the user. */
function refusalError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PortOwnerError) return error;
  const { refusal, syscall } = error as Error & { readonly refusal?: Refusal; readonly syscall?: string };
  if (refusal === undefined && syscall === undefined) return error;
  const denied = refusal?.code === 'AccessDenied' || ['EACCES', 'EPERM'].includes(errorCode(error));
  return new PortOwnerError(denied ? 'PO5001' : 'PO5005', refusal?.text ?? error.message, {
    ...(denied ? { hint: 'Run it as an administrator, on Linux as root.' } : {}),
    cause: error,
  });
}
