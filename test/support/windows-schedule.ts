// What the edge to Task Scheduler says and does on a Windows machine, as JSON on standard output. Its arguments are a
// name for what it makes, which it removes again, and a file with the XML of a task.
import { lstatSync, readFileSync, rmdirSync, writeSync } from 'node:fs';
import { windowsScheduler } from '../../src/machine/windows/tasks.ts';
import type { PathState } from '../../src/system/scheduler.ts';

/** A value, or the message of what was thrown. */
export type Told<T> = { readonly value: T } | { readonly error: string };
export interface ScheduleTold {
  readonly dataFolder: string;
  readonly machine: string;
  readonly looks: Readonly<Record<string, { readonly standing: PathState['standing']; readonly descriptor: string | null }>>;
  readonly sids: readonly (string | null)[];
  readonly names: readonly string[];
  readonly rights: Told<readonly string[]>;
  readonly remote: readonly boolean[];
  readonly sources: readonly (string | null)[];
  readonly created: Told<{ readonly done: boolean; readonly text: string }>;
  readonly exists: readonly boolean[];
  /** Milliseconds since it was defined: while it is there, and when it is not. */
  readonly ages: readonly (number | null)[];
  readonly query: string;
  /** Who wrote it, by its own definition; null when definitions cannot be read. */
  readonly defined: string | null;
  readonly removed: Told<{ readonly done: boolean; readonly text: string }>;
  readonly removedTwice: Told<{ readonly done: boolean; readonly text: string }>;
}

function told<T>(work: () => T): Told<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const [name = '', file = ''] = process.argv.slice(2);
const scheduler = windowsScheduler();
const folder = `${scheduler.dataFolder.slice(0, 3)}${name}`;
scheduler.makeFolder(folder, null);
const looks: Record<string, { standing: PathState['standing']; descriptor: string | null }> = {};
for (const [key, path] of [
  ['folder', folder],
  ['windows', 'C:\\windows'],
  ['nothing', `${folder}\\none\\x`],
  ['program', process.execPath],
] as const) {
  const { standing, access } = scheduler.look(path);
  looks[key] = { standing, descriptor: access?.platform === 'win32' ? Buffer.from(access.descriptor).toString('hex') : null };
}
const sources: (string | null)[] = [scheduler.eventSource(name)];
scheduler.addEventSource(name, '%SystemRoot%\\System32\\EventCreate.exe');
sources.push(scheduler.eventSource(name));
scheduler.removeEventSource(name);
scheduler.removeEventSource(name);
sources.push(scheduler.eventSource(name));

const age = (): number | null => {
  const changed = scheduler.changedAt(name);
  return changed === null ? null : Date.now() - changed.getTime();
};
const exists = [scheduler.exists(name)];
const created = told(() => scheduler.create(name, readFileSync(file), folder));
exists.push(scheduler.exists(name));
const ages = [age()];
const answer = scheduler.query(name);
const defined = /<Author>(.*)<\/Author>/.exec(scheduler.definitions()?.get(name) ?? '')?.[1] ?? null;
const removed = told(() => scheduler.remove(name));
ages.push(age());
exists.push(scheduler.exists(name));
const removedTwice = told(() => scheduler.remove(name));

rmdirSync(folder); // fails when the task's file was left there
exists.push(lstatSync(folder, { throwIfNoEntry: false }) !== undefined);
const result: ScheduleTold = {
  dataFolder: scheduler.dataFolder,
  machine: scheduler.machine,
  looks,
  sids: ['SYSTEM', 'Everyone', `${name}-nobody$`].map((account) => scheduler.sid(account)),
  names: ['S-1-5-18', 'S-1-5-32-544', 'S-1-5-21-1-2-3-4444'].map((sid) => scheduler.accountName(sid)),
  rights: told(() => scheduler.rights('S-1-5-32-544')),
  remote: ['C:\\x', '\\\\server\\share\\x'].map((path) => scheduler.isRemote(path)),
  sources,
  created,
  exists,
  ages,
  query: 'refusal' in answer ? answer.refusal.code : Buffer.from(answer.bytes).toString('latin1'),
  defined,
  removed,
  removedTwice,
};
// Node's own stream cannot open a pipe under Wine.
writeSync(1, JSON.stringify(result));
