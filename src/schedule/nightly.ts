// The nightly audit of a machine: what its task is, and what becomes of it.
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

/** Which task of which machine. */
export interface TaskPlace {
  /** Its name on Windows. */
  readonly name: string | undefined;
  /** On Linux: the folder of an image; without one it is this machine. */
  readonly root?: string | undefined;
}

/** A nightly audit, as it was asked for. */
export interface TaskRequest extends TaskPlace {
  readonly settings: AuditSettings;
  readonly at: string | undefined;
  readonly randomDelay: number;
  readonly timeLimit: number;
  readonly account: string | undefined;
  readonly executable: string | undefined;
}

type World = Pick<Surroundings, 'scheduler'>;

/** Where a machine's system has what a task needs, when it is not this one. */
const usual = {
  win32: { executable: 'C:\\Program Files\\PortOwner\\portowner.exe', dataFolder: 'C:\\ProgramData\\PortOwner' },
  linux: { executable: '/usr/local/bin/portowner', dataFolder: stateFolder },
} as const;

/** Has the audit run every night. */
export async function installNightly(request: TaskRequest, world: World): Promise<Answer> {
  const scheduler = await schedulerFor(request, world);
  const [task, root] = [taskOf(request, scheduler.platform, scheduler), rootFolder(request)];
  return attempt(() => installTask(task, scheduler, root));
}

/** Ends the nightly audits. */
export async function removeNightly(place: TaskPlace, world: World): Promise<Answer> {
  const [name, scheduler, root] = [taskName(place), await schedulerFor(place, world), rootFolder(place)];
  return attempt(() => removeTask(name, scheduler, root));
}

/** Says whether the audit runs every night. */
export async function nightlyStatus(place: TaskPlace, world: World, judging: Judging): Promise<Answer> {
  const [name, scheduler, root] = [taskName(place), await schedulerFor(place, world), rootFolder(place)];
  return attempt(
    () => taskStatus(name, scheduler, root, judging),
    ({ row: { State, Command } }) =>
      exitCodeOf(State === 'NotInstalled' ? false : State === 'Unknown' && Command === null ? null : true),
  );
}

/** What installing would write, for this machine's system or another: as text for a terminal, and as the bytes of a file. */
export async function nightlyDefinition(
  request: TaskRequest,
  wanted: TaskPlatform | null,
  world: World,
): Promise<{ readonly text: string; readonly bytes: Uint8Array }> {
  const scheduler = await world.scheduler();
  const platform = wanted ?? scheduler.platform;
  // For a machine of another kind than this one nothing here counts.
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
  if (root !== undefined && scheduler.platform !== 'linux') throw new PortOwnerError('PO1005', '--root is for Linux');
  if (name !== undefined && scheduler.platform !== 'win32')
    throw new PortOwnerError('PO1005', '--name is for Windows: the units of systemd have their own');
  return scheduler;
}

/** The folder of --root; null is this machine itself. */
function rootFolder({ root }: TaskPlace): string | null {
  if (root === '') throw new PortOwnerError('PO1001', 'missing value for --root; expected the path of a folder');
  return root === undefined ? null : taskPath('--root', root, 'linux', true);
}

/** The task for a platform; `scheduler` is null where it is for a machine of another kind. */
function taskOf(request: TaskRequest, platform: TaskPlatform, scheduler: Scheduler | null): AuditTask {
  const { settings, account, root } = request;
  const here = scheduler !== null;
  const path = (option: string, value: string): string => taskPath(option, value, platform, here && root === undefined);
  if (account !== undefined && platform !== 'win32')
    throw new PortOwnerError('PO1005', '--account is for Windows: on Linux the audit runs as root');
  if (settings.baseline === null && settings.policy === null) {
    throw new PortOwnerError('PO1005', 'a scheduled audit needs something to compare with', {
      hint: 'Give --baseline or --policy; portowner baseline create makes a baseline.',
    });
  }
  const executable = request.executable ?? scheduler?.executable ?? (here ? null : usual[platform].executable);
  if (executable === null)
    throw new PortOwnerError('PO1005', 'PortOwner runs from its sources here: there is no executable to start', {
      hint: 'Give --executable.',
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

/** How the nightly audit stands. */
function taskText({ State, TimeOfDay, LastAudit, LastFindings, Command, Reason }: AuditTaskRow): string {
  const runs = `runs every night${TimeOfDay === null ? '' : ` at ${TimeOfDay}`}`;
  const last =
    LastAudit === null
      ? ''
      : ` Its newest audit, of ${momentText(LastAudit)}, has ${LastFindings === 0 ? 'no findings' : counted(LastFindings ?? 0, 'finding')}.`;
  const wrong = Reason === null ? '' : ` ${counted(Reason.length, 'thing')} to look at, with --format list.`;
  switch (State) {
    case 'NotInstalled':
      return 'The audit is not installed: it does not run every night.';
    case 'Removed':
      return 'The audit was removed: it does not run every night any more.';
    case 'Installed':
    case 'Updated':
      return `The audit was ${State.toLowerCase()}: it ${runs}.${wrong}`;
    case 'Disabled':
      return `The audit is installed, but it is disabled.${last}${wrong}`;
    case 'Ready':
      return `The audit ${runs}.${last}${wrong}`;
    default:
      return Command === null
        ? 'Cannot tell whether the audit runs every night.'
        : `The audit is installed, but its state is not known.${last}${wrong}`;
  }
}

/** Lets `work` deal with the system, and tells what that refused. */
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

/** What the system refused, as the error that the user gets. */
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
