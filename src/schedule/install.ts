import { isFuture } from '../audit/store/contract.ts';
import { useStore } from '../audit/store/open.ts';
import { noSettings } from '../audit/settings.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import { taskText } from '../facts/decode/windows-text.ts';
import type { AuditTaskRow } from '../schema/task.ts';
import {
  auditArguments,
  filesOfUrls,
  isSecretRole,
  folderOf,
  splitUnit,
  splitWindows,
  windowsArguments,
  writtenFiles,
  type AuditCommandLine,
  type AuditTask,
  type TaskPlatform,
} from './definition.ts';
import { right } from '../facts/decode/windows-descriptor.ts';
import { unusableContents, unusablePaths, type Unusable } from './files.ts';
import { registerScript } from './register-script.ts';
import type { Refusal } from '../system/raw.ts';
import { eventSourceName } from '../system/log.ts';
import type { LinuxScheduler, Said, Scheduler, WindowsScheduler } from '../system/scheduler.ts';
import { checkTask, seconds } from './task-rules.ts';
import { taskFile, taskXml } from './task-xml.ts';
import { concernsOf, mayAccount, pathSteps, type Concern, type Used } from './trust.ts';
import { unitName, units, unitValues } from './units.ts';
import { isUrl } from '../io/url.ts';

/** The result of an action on a task, or its state. */
export interface Outcome {
  readonly row: AuditTaskRow;
  readonly problems: readonly Problem[];
}

/** A message file that every Windows has; its messages 1 to 1000 contain only the logged text. */
export const messageFile = '%SystemRoot%\\System32\\EventCreate.exe';

/** The folder of the administrator's units. */
export const unitFolder = '/etc/systemd/system';

/** The files of the module that contains the executable, if any. */
function moduleFiles(executable: string, scheduler: Scheduler): string[] {
  const slash = scheduler.platform === 'win32' ? '\\' : '/';
  const folder = folderOf(folderOf(executable, scheduler.platform), scheduler.platform);
  const files = ['PortOwner.psd1', 'PortOwner.psm1', 'PortOwner.format.ps1xml', 'PortOwner.types.ps1xml'].map(
    (name) => `${folder.replace(/[\\/]$/, '')}${slash}${name}`,
  );
  return files.filter((file) => scheduler.look(file).standing !== 'missing');
}

/** The file of a store, and those that SQLite would treat as the rest of an interrupted audit. */
const storeFiles = (store: string): Used[] =>
  ['', '-journal', '-wal', '-shm'].map((ending) => ({
    role: ending === '' ? 'the store' : "the store's journal",
    path: `${store}${ending}`,
    mayBeMissing: true,
    standing: 'file',
  }));

/** Everything that a task reads, runs, and writes. */
function usedBy({ command }: AuditTask, scheduler: Scheduler): Used[] {
  const file = (role: string, path: string, mayBeMissing = false): Used => ({
    role,
    path,
    mayBeMissing,
    standing: 'file',
  });
  return [
    file('the executable', command.executable),
    ...moduleFiles(command.executable, scheduler).map((path) => file('the module', path)),
    ...(command.baseline === null ? [] : [file('the baseline', command.baseline)]),
    ...(command.policy === null ? [] : [file('the policy', command.policy)]),
    ...filesOfUrls(command).map(([role, path]) => file(role, path)),
    ...(isUrl(command.store) ? [] : storeFiles(command.store)),
    ...(command.spool === null
      ? []
      : [{ role: 'the spool', path: command.spool, mayBeMissing: true, standing: 'folder' } as const]),
    ...command.reports.filter((path) => !isUrl(path)).map((path) => file('a report', path, true)),
    ...(scheduler.platform === 'linux'
      ? ['service', 'timer'].map((kind) => file('the unit', `${unitFolder}/${unitName}.${kind}`, true))
      : []),
  ];
}

/** Reports each concern once, even if a path has several uses. */
function distinct(concerns: readonly Concern[]): Concern[] {
  const seen = new Set<string>();
  return concerns.filter(({ path, text }) => !seen.has(`${path}\n${text}`) && seen.add(`${path}\n${text}`));
}

function concernsAbout(used: readonly Used[], scheduler: Scheduler, sids: readonly string[]): Concern[] {
  const remote = (path: string): boolean => scheduler.platform === 'win32' && scheduler.isRemote(path);
  return distinct(
    used.flatMap((one): Concern[] =>
      remote(one.path)
        ? [
            {
              role: one.role,
              path: one.path,
              text: 'it is on another machine, or on a drive that the task cannot use: who can write there is unknown',
              hint: 'Choose a path on a local disk.',
              isOpen: false,
            },
          ]
        : concernsOf(one, {
            platform: scheduler.platform,
            look: (path) => scheduler.look(path),
            trusted: { sids, uids: [] },
            accountName: (id) => scheduler.accountName(id),
          }),
    ),
  );
}

const concernText = ({ role, path, text }: Concern): string => `${role}: ${path}: ${text}`;
const warning = (message: string, more: { hint?: string; target?: string } = {}): Problem => ({
  severity: 'Warning',
  code: 'PO5006',
  message,
  ...more,
});

/** Rejects files that would let anybody but administrators act as the task's account. */
function demandTrust(concerns: readonly Concern[]): void {
  const [first] = concerns;
  if (first === undefined) return;
  const missing = concerns.find(({ text }) => text === 'it does not exist');
  if (missing !== undefined)
    throw new PortOwnerError('PO5004', concernText(missing), { hint: missing.hint, target: missing.path });
  throw new PortOwnerError('PO5002', concerns.map(concernText).join('; '), { hint: first.hint, target: first.path });
}

function demandRights(scheduler: Scheduler): void {
  if (scheduler.mayInstall) return;
  throw new PortOwnerError('PO5001', 'scheduling audits needs elevated rights', {
    hint:
      scheduler.platform === 'win32'
        ? 'Run it in an elevated PowerShell (Run as administrator).'
        : 'Run it as root (sudo).',
  });
}

function demandDone({ done, text }: Said, what: string): void {
  if (!done) throw new PortOwnerError('PO5005', `${what}${text === '' ? '' : `: ${text.replaceAll(/\s+/g, ' ')}`}`);
}

/** Rejects what the audit itself would reject every night; warns about what it would recover from. */
function demandUsable(unusable: readonly Unusable[]): Problem[] {
  // A damaged store is set aside by the next audit.
  const isPassing = ({ error }: Unusable): boolean => error.problem.code === 'PO4203';
  const lasting = unusable.find((one) => !isPassing(one));
  if (lasting !== undefined) throw lasting.error;
  return unusable.map(({ path, error }) =>
    warning(error.message, { ...(error.problem.hint === undefined ? {} : { hint: error.problem.hint }), target: path }),
  );
}

/** Where to read a file now; null if it does not exist. */
const present =
  (scheduler: Scheduler) =>
  (path: string): string | null =>
    scheduler.look(path).standing === 'file' ? scheduler.file(path) : null;

/** A file in an image below a root; `missing`, or behind a `link`, which would lead to a path on this machine. */
function inImage(
  root: string,
  path: string,
  scheduler: Scheduler,
): { readonly path: string; readonly standing: 'file' | 'link' | 'missing' } {
  const folder = root.replace(/\/$/, '');
  const looks = pathSteps(path, 'linux')
    .slice(1)
    .map((step) => scheduler.look(`${folder}${step}`).standing);
  return {
    path: `${folder}${path}`,
    standing: looks.includes('link') ? 'link' : looks.at(-1) === 'file' ? 'file' : 'missing',
  };
}

/** The unusable baseline and policy of an image, and why they could not be checked. */
async function imageContents(
  command: AuditCommandLine,
  root: string,
  scheduler: Scheduler,
): Promise<{ readonly unusable: Unusable[]; readonly unchecked: string[] }> {
  const unchecked: string[] = [];
  const unusable = await unusableContents(command, 'linux', (path, role) => {
    if (role === 'the store') return null;
    const found = inImage(root, path, scheduler);
    if (found.standing === 'file') return scheduler.file(found.path);
    unchecked.push(
      `${role}: ${found.path}: ${found.standing === 'link' ? 'its path contains a link' : 'it does not exist yet'}: its contents were not checked`,
    );
    return null;
  });
  return { unusable, unchecked };
}

const isIn = (path: string, folder: string): boolean =>
  path.toLowerCase().startsWith(`${folder.toLowerCase()}${folder.includes('\\') ? '\\' : '/'}`);

/** Creates the audit folder if the task needs it, and checks everything the task uses before and after. */
function prepare(task: AuditTask, scheduler: Scheduler, sid: string | null): void {
  const { dataFolder } = scheduler;
  const used = usedBy(task, scheduler);
  const within = used.filter(({ path }) => isIn(path, dataFolder));
  const sids = sid === null ? [] : [sid];
  demandTrust(
    concernsAbout(
      used.filter((one) => !within.includes(one)),
      scheduler,
      sids,
    ),
  );
  // The task's definition goes through that folder on Windows.
  const needed = scheduler.platform === 'win32' || within.length > 0;
  if (!needed) return;
  if (scheduler.look(dataFolder).standing === 'missing') scheduler.makeFolder(dataFolder, sid);
  const folder: Used = { role: 'the audit folder', path: dataFolder, mayBeMissing: false, standing: 'folder' };
  // If it was created manually below ProgramData, all users can create files in it.
  const hint = `If its contents are yours: takeown /F "${dataFolder}" /A, then icacls "${dataFolder}" /reset, then icacls "${dataFolder}" /inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F"`;
  const isOpenFolder = ({ path, isOpen }: Concern): boolean =>
    scheduler.platform === 'win32' && path === dataFolder && isOpen;
  const concerns = concernsAbout([folder, ...within], scheduler, sids);
  demandTrust(concerns.map((one) => (isOpenFolder(one) ? Object.assign({}, one, { hint }) : one)));
}

/** The rights that a gMSA lacks, as far as they can be determined. */
function accountProblems(task: AuditTask, scheduler: WindowsScheduler, name: string, sid: string): Problem[] {
  const problems: Problem[] = [];
  const granted = scheduler.rights(sid);
  if (granted.includes('SeDenyBatchLogonRight'))
    problems.push(
      warning(`${name} is denied the right to log on as a batch job: the task will not start`, {
        hint: 'Remove it from "Deny log on as a batch job" (secpol.msc, User Rights Assignment).',
        target: name,
      }),
    );
  if (!granted.includes('SeBatchLogonRight')) {
    problems.push(
      warning(
        `${name} itself does not have the right to log on as a batch job; whether a group grants it is unknown here`,
        {
          hint: 'Grant it under "Log on as a batch job" (secpol.msc, User Rights Assignment) or by group policy.',
          target: name,
        },
      ),
    );
  }
  const { command } = task;
  const needs: [path: string, mask: number, what: string, letters: string][] = [
    [command.executable, right.read | right.execute, 'read and run', 'RX'],
    ...[command.baseline, command.policy, ...filesOfUrls(command).map(([, path]) => path)].flatMap(
      (path): [string, number, string, string][] => (path === null ? [] : [[path, right.read, 'read', 'R']]),
    ),
    ...[...new Set(writtenFiles(command).map((path) => folderOf(path, 'win32')))].map(
      (path): [string, number, string, string] => [
        path,
        right.read | right.write | right.append,
        'write to',
        '(OI)(CI)M',
      ],
    ),
  ];
  for (const [path, mask, what, letters] of needs) {
    const may = mayAccount(scheduler.look(path).access, sid, mask);
    if (may === true) continue;
    const hint = `icacls "${path}" /grant "${name}:${letters}"`;
    problems.push(
      warning(
        may === null
          ? `cannot tell whether ${name} can ${what} ${path}`
          : `${name} cannot ${what} ${path}, unless one of its groups allows it`,
        { hint, target: path },
      ),
    );
  }
  return problems;
}

async function installWindows(task: AuditTask, scheduler: WindowsScheduler): Promise<Outcome> {
  demandRights(scheduler);
  const xml = taskXml(task);
  const { flaws } = checkTask(xml);
  if (flaws.length > 0)
    throw new PortOwnerError('PO5004', `Task Scheduler would refuse this task: ${flaws.join('; ')}`);
  const { account } = task;
  const sid = account.kind === 'gmsa' ? scheduler.sid(account.name) : null;
  if (account.kind === 'gmsa' && sid === null)
    throw new PortOwnerError('PO5004', `the account ${account.name} does not exist`, {
      hint: 'Use Install-ADServiceAccount to install a managed service account on this machine.',
      target: account.name,
    });
  demandUsable(unusablePaths(task.command, 'win32'));
  prepare(task, scheduler, sid);
  const problems = demandUsable(await unusableContents(task.command, scheduler.platform, present(scheduler)));
  if (account.kind === 'gmsa' && sid !== null) problems.push(...accountProblems(task, scheduler, account.name, sid));
  const before = scheduler.exists(task.name);
  demandDone(
    account.kind === 'system'
      ? scheduler.create(task.name, taskFile(xml), scheduler.dataFolder)
      : scheduler.run(registerScript(task)),
    'Task Scheduler rejected the task',
  );
  if (task.command.eventLog) problems.push(...ensureEventSource(scheduler));
  const row = rowOf(task, scheduler, before ? 'Updated' : 'Installed');
  return { row: { ...row, EventSource: scheduler.eventSource(eventSourceName) !== null }, problems };
}

function ensureEventSource(scheduler: WindowsScheduler): Problem[] {
  const present = scheduler.eventSource(eventSourceName);
  if (present !== null && present.toLowerCase() !== messageFile.toLowerCase()) {
    return [
      warning(`the event source ${eventSourceName} has a different message file, and was not changed: ${present}`),
    ];
  }
  scheduler.addEventSource(eventSourceName, messageFile);
  return [];
}

/** Rejects links in an image, which lead to paths on this machine. Throws PO5002. */
function refuseLinks(root: string, scheduler: LinuxScheduler): void {
  const link = pathSteps(unitFolder, 'linux')
    .slice(1)
    .map((step) => `${root.replace(/\/$/, '')}${step}`)
    .find((path) => scheduler.look(path).standing === 'link');
  if (link !== undefined)
    throw new PortOwnerError('PO5002', `the unit: ${link}: it is a link`, {
      hint: 'Specify the real root folder of the image.',
      target: link,
    });
}

async function installLinux(task: AuditTask, scheduler: LinuxScheduler, root: string | null): Promise<Outcome> {
  if (root === null) demandRights(scheduler);
  demandUsable(unusablePaths(task.command, 'linux'));
  const problems: Problem[] = [];
  if (root === null) {
    prepare(task, scheduler, null);
    problems.push(...demandUsable(await unusableContents(task.command, scheduler.platform, present(scheduler))));
  } else {
    refuseLinks(root, scheduler);
    const { unusable, unchecked } = await imageContents(task.command, root, scheduler);
    demandUsable(unusable);
    problems.push(...unchecked.map((text) => warning(text, { target: root })));
  }
  const files = units(task);
  const before = Object.keys(files).some((name) => scheduler.readUnit(root, name) !== null);
  for (const [name, text] of Object.entries(files)) scheduler.writeUnit(root, name, text);
  const hint = `To start it there: systemctl enable --now ${unitName}.timer`;
  if (root !== null)
    problems.push(
      warning(
        `the units were written below ${root}, but not enabled; who can change the files they use was not checked`,
        { hint, target: root },
      ),
    );
  else if (!scheduler.isRunning)
    problems.push(
      warning('systemd does not manage this machine now: the units were written, but not enabled', { hint }),
    );
  else {
    demandDone(scheduler.systemctl('daemon-reload'), 'systemd did not read its units again');
    demandDone(scheduler.systemctl('enable', '--now', `${unitName}.timer`), 'systemd did not start the timer');
    // Apply a new start time immediately.
    if (before) demandDone(scheduler.systemctl('restart', `${unitName}.timer`), 'systemd did not start the timer');
  }
  return { row: rowOf({ ...task, name: `${unitName}.timer` }, scheduler, before ? 'Updated' : 'Installed'), problems };
}

/**
 * Schedules a nightly audit, or replaces the one with that name. `root` is the root folder of a Linux image. Throws PO5001 to
 * PO5005, and the errors that the audit itself would throw for its files.
 */
export async function installTask(task: AuditTask, scheduler: Scheduler, root: string | null): Promise<Outcome> {
  return scheduler.platform === 'win32' ? installWindows(task, scheduler) : installLinux(task, scheduler, root);
}

const empty: AuditTaskRow = {
  TaskName: null,
  State: null,
  UserName: null,
  TimeOfDay: null,
  RandomDelayMinutes: null,
  TimeLimitMinutes: null,
  Command: null,
  Arguments: null,
  StorePath: null,
  LastAudit: null,
  LastFindings: null,
  EventSource: null,
  Reason: null,
  ComputerName: null,
};

function rowOf(
  { name, account, at, randomDelay, timeLimit, command }: AuditTask,
  scheduler: Scheduler,
  state: string,
): AuditTaskRow {
  const { platform } = scheduler;
  const words = auditArguments(command);
  return {
    ...empty,
    TaskName: name,
    State: state,
    UserName: platform === 'linux' ? 'root' : account.kind === 'system' ? 'SYSTEM' : account.name,
    TimeOfDay: `${String(at.hour).padStart(2, '0')}:${String(at.minute).padStart(2, '0')}`,
    RandomDelayMinutes: randomDelay,
    TimeLimitMinutes: timeLimit,
    Command: command.executable,
    Arguments: windowsArguments(words),
    StorePath: command.store,
    ...(platform === 'win32' ? { EventSource: false } : {}),
    ComputerName: scheduler.machine,
  };
}

/** Removes the event source if no other PortOwner task may write to it. */
function releaseEventSource(name: string, scheduler: WindowsScheduler): Problem[] {
  if (scheduler.eventSource(eventSourceName)?.toLowerCase() !== messageFile.toLowerCase()) return [];
  const definitions = scheduler.definitions();
  if (definitions === null) {
    return [
      warning(`the event source ${eventSourceName} was kept, because another task may write to it`, {
        hint: `If no task does: Remove-EventLog -Source ${eventSourceName}, in Windows PowerShell.`,
        target: eventSourceName,
      }),
    ];
  }
  // A custom task may start the module's functions.
  const isOurs = ([other, text]: readonly [string, string]): boolean =>
    other.toLowerCase() !== name.toLowerCase() && /portowner|portaudit/i.test(text);
  if (![...definitions].some(isOurs)) scheduler.removeEventSource(eventSourceName);
  return [];
}

/** Removes a scheduled audit, and on Windows the event source with the last one; keeps the audits. Throws PO5001 to PO5005. */
export function removeTask(name: string, scheduler: Scheduler, root: string | null): Outcome {
  if (root === null) demandRights(scheduler);
  const missing = (what: string): PortOwnerError =>
    new PortOwnerError('PO5003', `there is no ${what}`, {
      hint: 'Use portowner schedule status to see what is installed.',
      target: name,
    });
  const row = { ...empty, State: 'Removed', ComputerName: scheduler.machine };
  if (scheduler.platform === 'win32') {
    if (!scheduler.exists(name)) throw missing(`task ${JSON.stringify(name)}`);
    demandDone(scheduler.remove(name), 'Task Scheduler did not remove the task');
    const problems = releaseEventSource(name, scheduler);
    return { row: { ...row, TaskName: name, EventSource: scheduler.eventSource(eventSourceName) !== null }, problems };
  }
  if (root !== null) refuseLinks(root, scheduler);
  const names = ['timer', 'service'].map((kind) => `${unitName}.${kind}`);
  if (names.every((unit) => scheduler.readUnit(root, unit) === null)) throw missing(`unit ${names[0]}`);
  const live = root === null && scheduler.isRunning;
  if (live) demandDone(scheduler.systemctl('disable', '--now', names[0]!), 'systemd did not stop the timer');
  for (const unit of names) scheduler.removeUnit(root, unit);
  if (live) demandDone(scheduler.systemctl('daemon-reload'), 'systemd did not read its units again');
  return { row: { ...row, TaskName: names[0]! }, problems: [] };
}

const minutesOf = (duration: string | null): number | null => {
  const length = duration === null ? null : seconds(duration);
  return length === null ? null : Math.round(length / 60);
};

const optionOf = (words: readonly string[], name: string): string | null =>
  words[words.indexOf(name) + 1 || words.length] ?? null;
const optionsOf = (words: readonly string[], name: string): string[] =>
  words.flatMap((word, i) => (word === name && words[i + 1] !== undefined ? [words[i + 1]!] : []));

/** Reads the files that a task uses from its command line, if it is that of an audit. */
function usedByWords(executable: string, words: readonly string[], platform: TaskPlatform): AuditTask | null {
  if (words[0] !== 'audit') return null;
  const store = optionOf(words, '--store');
  const command = {
    ...noSettings,
    executable,
    baseline: optionOf(words, '--baseline'),
    policy: optionOf(words, '--policy'),
    store: store ?? '',
    spool: optionOf(words, '--spool'),
    reports: optionsOf(words, '--report'),
  };
  const absolute = platform === 'win32' ? /^(?:[A-Za-z]:\\|\\\\)/ : /^\//;
  if (
    ![
      command.executable,
      ...writtenFiles(command),
      command.baseline ?? command.executable,
      command.policy ?? command.executable,
    ].every((path) => absolute.test(path))
  )
    return null;
  return { name: '', account: { kind: 'system' }, at: { hour: 0, minute: 0 }, randomDelay: 0, timeLimit: 0, command };
}

/** What a task is checked against. */
export interface Judging {
  readonly now: Date;
  /** Throws a PortOwnerError for a report path that the audit could not write. */
  readonly checkReport: (path: string) => unknown;
}

/** How often a task should leave audits, in days (null for another schedule), and when it was defined. */
interface Rhythm {
  readonly days: number | null;
  readonly since: Date | null;
}

const hour = 3_600_000;

/** The newest audit of this machine in the store, why it is unknown, and whether a newer one should exist. */
async function lastAudit(
  words: readonly string[],
  scheduler: Scheduler,
  { days, since }: Rhythm,
  { now }: Judging,
): Promise<{ readonly values: Partial<AuditTaskRow>; readonly reasons: readonly Doubt[] }> {
  const store = optionOf(words, '--store');
  if (store === null) return { values: {}, reasons: [] };
  // The start is delayed at random, and an audit takes time.
  const isLate = (last: number): boolean => days !== null && now.getTime() - last > (2 * 24 * days + 1) * hour;
  const none: Doubt =
    since !== null && isLate(since.getTime())
      ? `the task was defined at ${since.toISOString()}, but no audit has been stored since`
      : { field: 'LastAudit', code: 'NotFound', text: 'no audit has been stored yet' };
  const isFile = !isUrl(store);
  if (isFile && scheduler.look(store).standing === 'missing') return { values: {}, reasons: [none] };
  try {
    // A store may keep the audits of others, too.
    const machine = words.includes('--from') ? null : scheduler.machine;
    const [run] = await useStore(isFile ? scheduler.file(store) : store, (audits) =>
      audits.runs({ machine, limit: 1 }),
    );
    if (run === undefined || run.RunTime === null) return { values: {}, reasons: [none] };
    const { RunTime, Findings } = run;
    const reasons = isFuture(RunTime, now)
      ? [
          `the newest audit in the store is from ${RunTime}, which is in the future: no audit is stored until then; use portowner audit --forget-later to remove it`,
        ]
      : isLate(Date.parse(RunTime))
        ? [`the newest audit in the store is from ${RunTime}: later audits are missing`]
        : [];
    return { values: { LastAudit: RunTime, LastFindings: Findings }, reasons };
  } catch (error) {
    if (!(error instanceof PortOwnerError)) throw error;
    return { values: {}, reasons: [{ field: 'LastAudit', code: 'Failed', text: error.message }] };
  }
}

/** The reports that the audit could not write. */
function unusableReports({ reports }: AuditCommandLine, { checkReport }: Judging): Unusable[] {
  return reports.flatMap((path) => {
    try {
      checkReport(path);
      return [];
    } catch (error) {
      if (!(error instanceof PortOwnerError)) throw error;
      return [{ role: 'a report', path, error }];
    }
  });
}

/** The state of a task. */
interface Standing {
  readonly scheduler: Scheduler;
  /** Who can change the files that the task uses, in addition to administrators. */
  readonly sids?: readonly string[];
  readonly judging: Judging;
  /** The root of an image; null for this machine. */
  readonly root?: string | null;
}

/** Checks whether others could change existing files of a task, and whether an audit could use them. */
async function standingConcerns(
  executable: string,
  words: readonly string[],
  { scheduler, sids = [], judging, root = null }: Standing,
): Promise<string[]> {
  const task = usedByWords(executable, words, scheduler.platform);
  if (task === null) return root === null ? ['its command line is not that of an audit'] : [];
  const { command } = task;
  // Problems of the store are reported with its newest audit.
  const found = present(scheduler);
  // The audit runs as root, and may read more than who asks for the status.
  const isSkipped = (role: string): boolean => role === 'the store' || (isSecretRole(role) && !scheduler.mayInstall);
  const contents =
    root === null
      ? await unusableContents(command, scheduler.platform, (path, role) => (isSkipped(role) ? null : found(path)))
      : (await imageContents(command, root, scheduler)).unusable;
  return [
    // Below another root the paths are not this machine's.
    ...(root === null ? concernsAbout(usedBy(task, scheduler), scheduler, sids).map(concernText) : []),
    ...[...unusablePaths(command, scheduler.platform), ...unusableReports(command, judging)].map(
      ({ error }) => error.message,
    ),
    ...contents.map(({ role, error: { message } }) => (message.startsWith(role) ? message : `${role}: ${message}`)),
  ];
}

/** A problem, or why a column is empty, which is a fault unless it has to be empty. */
type Doubt =
  | string
  | {
      readonly field: keyof AuditTaskRow;
      readonly code: Refusal['code'] | 'NotFound';
      readonly text: string;
    };

const doubtText = (doubt: Doubt): string =>
  typeof doubt === 'string' ? doubt : `${doubt.field}: ${doubt.code}: ${doubt.text}`;

const isFault = (doubt: Doubt): boolean =>
  typeof doubt === 'string' || (doubt.code !== 'NotFound' && doubt.code !== 'NotSupported');

/** A row with its doubts as texts, and a warning for each fault. */
function withDoubts(row: AuditTaskRow, doubts: readonly Doubt[]): Outcome {
  const target = row.TaskName ?? '';
  return {
    row: { ...row, Reason: doubts.length === 0 ? null : doubts.map(doubtText) },
    problems: doubts.filter(isFault).map((doubt) => warning(doubtText(doubt), { target })),
  };
}

async function windowsStatus(name: string, scheduler: WindowsScheduler, judging: Judging): Promise<Outcome> {
  const row = {
    ...empty,
    TaskName: name,
    EventSource: scheduler.eventSource(eventSourceName) !== null,
    ComputerName: scheduler.machine,
  };
  if (!scheduler.exists(name)) return { row: { ...row, State: 'NotInstalled' }, problems: [] };
  const answer = scheduler.query(name);
  if ('refusal' in answer)
    return withDoubts({ ...row, State: 'Unknown' }, [
      { field: 'State', code: answer.refusal.code, text: answer.refusal.text },
    ]);
  const { flaws, concerns, facts } = checkTask(taskText(answer.bytes, answer.decode));
  if (facts === null)
    return withDoubts({ ...row, State: 'Unknown' }, [{ field: 'State', code: 'Failed', text: flaws.join('; ') }]);
  const words = splitWindows(facts.arguments ?? '');
  const { values, reasons } = await lastAudit(
    words,
    scheduler,
    { days: facts.days, since: scheduler.changedAt(name) },
    judging,
  );
  const sid =
    facts.user === null || facts.user === 'SYSTEM'
      ? null
      : facts.user.startsWith('S-1-')
        ? facts.user
        : scheduler.sid(facts.user);
  const open =
    facts.command === null
      ? []
      : await standingConcerns(facts.command, words, { scheduler, sids: sid === null ? [] : [sid], judging });
  return withDoubts(
    {
      ...row,
      State: facts.enabled ? 'Ready' : 'Disabled',
      UserName: facts.user,
      TimeOfDay: facts.time,
      RandomDelayMinutes: minutesOf(facts.randomDelay) ?? 0,
      TimeLimitMinutes: minutesOf(facts.timeLimit ?? 'PT72H'),
      Command: facts.command,
      Arguments: facts.arguments,
      StorePath: optionOf(words, '--store'),
      ...values,
    },
    [...flaws, ...concerns, ...open, ...reasons],
  );
}

/** What these units lack compared with a nightly audit's; `shown` is the output of systemctl for the timer. */
function unitConcerns(service: string, timer: string, shown: string | null): string[] {
  const isOn = (value: string | undefined): boolean => /^(?:1|yes|true|on)$/i.test(value ?? '');
  const limit = unitValues(service, 'TimeoutStartSec').at(-1);
  const found: [boolean, string][] = [
    [
      !isOn(unitValues(timer, 'Persistent').at(-1)),
      'an audit that was missed because the machine was off does not run later',
    ],
    [limit === undefined || limit === '' || /^(?:0|infinity)$/.test(limit), 'it has no time limit'],
    [
      shown !== null && unitValues(shown, 'UnitFileState')[0] !== 'enabled',
      `its timer does not start with the machine: systemctl enable --now ${unitName}.timer`,
    ],
    [
      shown !== null && isOn(unitValues(shown, 'NeedDaemonReload')[0]),
      'systemd uses an older definition: systemctl daemon-reload',
    ],
  ];
  return found.flatMap(([wrong, what]) => (wrong ? [what] : []));
}

/** The meaning of an exit code of a nightly audit. */
const failures: Readonly<Record<string, string>> = {
  64: 'a file or option of the audit is missing or invalid',
  69: 'the audit was incomplete, or could not be stored or reported',
  77: 'there were no findings, but a complete answer needs elevated rights',
};

/** How the last run failed, according to systemctl, which forgets it when the machine restarts. */
function failedRun(shown: string | null): string[] {
  const [result = 'success', status = ''] = ['Result', 'ExecMainStatus'].map((key) => unitValues(shown ?? '', key)[0]);
  // Findings are an answer, not a failure.
  if (result === 'success' || (result === 'exit-code' && status === '1')) return [];
  const why =
    result === 'timeout' ? 'it reached its time limit' : result === 'exit-code' ? failures[status] : undefined;
  return [
    `the last run failed (Result=${result}, ExecMainStatus=${status})${why === undefined ? '' : `: ${why}`}; for details: journalctl -u ${unitName}.service`,
  ];
}

/** Why it is unknown whether the timer is enabled. */
const unseenState = (root: string | null): Doubt => ({
  field: 'State',
  code: 'NotSupported',
  text:
    root === null
      ? 'systemd does not manage this machine now'
      : 'whether it is enabled is visible only on the machine that uses the image',
});

async function linuxStatus(scheduler: LinuxScheduler, root: string | null, judging: Judging): Promise<Outcome> {
  const name = `${unitName}.timer`;
  const row = { ...empty, TaskName: name, ComputerName: scheduler.machine };
  const [service, timer] = ['service', 'timer'].map((kind) => scheduler.readUnit(root, `${unitName}.${kind}`));
  if (service == null || timer == null) {
    const other = service ?? timer;
    return withDoubts(
      { ...row, State: 'NotInstalled' },
      other == null ? [] : [`there is no unit ${unitName}.${service == null ? 'service' : 'timer'}`],
    );
  }
  const [line = ''] = unitValues(service, 'ExecStart');
  const [command = '', ...words] = splitUnit(line);
  const live = root === null && scheduler.isRunning;
  const shown = live
    ? scheduler.systemctl('show', '--property=ActiveState,UnitFileState,NeedDaemonReload', name).text
    : null;
  const ended = live
    ? scheduler.systemctl('show', '--property=Result,ExecMainStatus', `${unitName}.service`).text
    : null;
  const [calendar = ''] = unitValues(timer, 'OnCalendar');
  const rhythm = {
    days: /^(?:\*-\*-\* \d{2}:\d{2}:\d{2}|daily)$/.test(calendar) ? 1 : null,
    since: scheduler.changedAt(root, name),
  };
  // Below another root the paths are not this machine's.
  const { values, reasons } =
    root === null ? await lastAudit(words, scheduler, rhythm, judging) : { values: {}, reasons: [] };
  const number = (text: string, key: string): number | null => {
    const minutes = /^(\d+)min$/.exec(unitValues(text, key)[0] ?? '')?.[1];
    return minutes === undefined ? null : Number(minutes);
  };
  return withDoubts(
    {
      ...row,
      State: shown === null ? 'Unknown' : unitValues(shown, 'ActiveState')[0] === 'active' ? 'Ready' : 'Disabled',
      UserName: unitValues(service, 'User')[0] ?? 'root',
      TimeOfDay: /(\d{2}:\d{2}):\d{2}$/.exec(calendar)?.[1] ?? null,
      RandomDelayMinutes: number(timer, 'RandomizedDelaySec'),
      TimeLimitMinutes: number(service, 'TimeoutStartSec'),
      Command: command,
      Arguments: windowsArguments(words),
      StorePath: optionOf(words, '--store'),
      ...values,
    },
    [
      ...(live ? [] : [unseenState(root)]),
      ...unitConcerns(service, timer, shown),
      ...failedRun(ended),
      ...(await standingConcerns(command, words, { scheduler, judging, root })),
      ...reasons,
    ],
  );
}

/** The current state of a scheduled audit, from the system's own definition and the store. */
export async function taskStatus(
  name: string,
  scheduler: Scheduler,
  root: string | null,
  judging: Judging,
): Promise<Outcome> {
  return scheduler.platform === 'win32'
    ? windowsStatus(name, scheduler, judging)
    : linuxStatus(scheduler, root, judging);
}
