import { programName } from '../facts/decode/application/application.ts';
import type { Process } from '../facts/model/facts.ts';
import type { Ancestor } from '../schema/ancestor.ts';
import { processText, type Known } from './attribution.ts';
import { shortId } from './containers.ts';
import { roleOf } from './starters.ts';

/** A process and all above it, as far as the facts have them, it first. */
export function lineAbove(process: Process, processes: ReadonlyMap<number, Process>): Process[] {
  const line = new Set([process]);
  for (let one = process; one.parent !== null;) {
    const parent = processes.get(one.parent);
    if (parent === undefined || line.has(parent)) break;
    line.add((one = parent));
  }
  return [...line];
}

/** The processes that led to one, its parent first. */
export function ancestorsOf(process: Process, { processes }: Pick<Known, 'processes'>): Ancestor[] {
  return lineAbove(process, processes)
    .slice(1)
    .map((one) => ({
      ProcessId: one.pid,
      ImageName: one.imageName,
      Application: one.application ?? (one.imageName === null ? null : programName(one.imageName)),
      StartTime: one.startTime,
      Role: roleOf(one),
    }));
}

/** What stands behind one process of a line that starts what has ended again; null where nothing is known to. */
function starterText(one: Process, isOwner: boolean, { servicesOf }: Pick<Known, 'servicesOf'>): string | null {
  const names = (servicesOf.get(one.pid) ?? []).map(({ name }) => name);
  // The host of the Task Scheduler has what tasks start as its children, and is their service by no means.
  if (names.some((name) => name.toLowerCase() === 'schedule'))
    return isOwner ? `Windows service ${names.join(', ')}` : 'a scheduled task';
  if (names.some((name) => /^(?:w3svc|was)$/i.test(name)) && !isOwner) return 'IIS';
  if (/^w3wp(?:\.exe)?$/i.test(one.imageName ?? ''))
    return `IIS${one.application === undefined ? '' : `, application pool ${one.application.replace(/^w3wp /, '')}`}`;
  if (names.length === 1) return `Windows service ${names[0]}`;
  if (isOwner) return null;
  const role = roleOf(one);
  return role === 'Supervisor' || role === 'Scheduler' ? processText(one) : null;
}

/** What of its line starts a process again when it ended: a program above it that watches it, a service. */
export function watcherOf(process: Process, known: Pick<Known, 'processes' | 'servicesOf'>): string | null {
  for (const [at, one] of lineAbove(process, known.processes).entries()) {
    const text = starterText(one, at === 0, known);
    if (text !== null) return text;
  }
  return null;
}

/** What would start a process again when it ended, or did start it, by its line, its container, or its unit. Null where nothing is known to. */
export function supervisorOf(process: Process, known: Pick<Known, 'processes' | 'servicesOf'>): string | null {
  const { container, unit, unitUser } = process;
  const watcher = watcherOf(process, known);
  if (watcher !== null) return watcher;
  if (container !== null) return `${container.runtime} container ${shortId(container.id)}`;
  if (unit?.endsWith('.service') === true && !/^user@\d+\.service$/.test(unit))
    return `systemd${unitUser === undefined ? '' : ' of its user'} (${unit})`;
  return null;
}
