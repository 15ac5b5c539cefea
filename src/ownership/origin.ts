import { programName } from '../facts/decode/application/application.ts';
import type { Container, Process } from '../facts/model/facts.ts';
import { ancestorText, type Ancestor } from '../schema/ancestor.ts';
import { processText, type Known } from './attribution.ts';
import { shortId } from './containers.ts';
import { againOf, isInit, mayLoop, roleOf, runsScript } from './starters.ts';

/** A process and all its ancestors in the facts, starting with the process. */
export function lineAbove(process: Process, processes: ReadonlyMap<number, Process>): Process[] {
  const line = new Set([process]);
  for (let one = process; one.parent !== null;) {
    const parent = processes.get(one.parent);
    if (parent === undefined || line.has(parent)) break;
    line.add((one = parent));
  }
  return [...line];
}

/** A process as an ancestor. */
export const ancestorOf = (one: AncestorFacts): Ancestor => ({
  ProcessId: one.pid,
  ImageName: one.imageName,
  Application: one.application ?? (one.imageName === null ? null : programName(one.imageName)),
  StartTime: one.startTime,
  Role: roleOf(one),
});

type AncestorFacts = Parameters<typeof roleOf>[0] & Pick<Process, 'pid' | 'startTime'>;

/** The ancestors of a process, parent first. */
export const ancestorsOf = (process: Process, { processes }: Pick<Known, 'processes'>): Ancestor[] =>
  lineAbove(process, processes).slice(1).map(ancestorOf);

/** An ancestor that may have started a process, and restarts it if something did. */
export interface Suspect {
  readonly processId: number;
  /** `bash (98)`. */
  readonly text: string;
  /** Whether it is a shell, which restarts a program only in a loop. */
  readonly isShell: boolean;
  /**
   * What it is to the process: `, which started it`. Empty if its name says it; null for a shell that people type in, where
   * nothing shows that it restarts a program until it has done so.
   */
  readonly how: string | null;
}

/** Finds the ancestor that may restart a process: the shell that it was typed in, its script, or the program that started it. */
export function suspectIn(ancestors: readonly Ancestor[]): Suspect | null {
  for (const one of ancestors) {
    const { ProcessId: pid, ImageName: imageName, Application, Role } = one;
    if (isInit({ pid, imageName })) return null;
    const starting = { imageName, path: null, ...(Application === null ? {} : { application: Application }) };
    const isShell = mayLoop(starting);
    const suspect = { processId: pid, text: ancestorText(one), isShell };
    if (Role === null || (isShell && runsScript(starting))) return { ...suspect, how: startedIt };
    if (isShell) return { ...suspect, how: null };
    // It is found here only if the line of the process is incomplete.
    if (Role === 'Supervisor' || Role === 'Scheduler') return { ...suspect, how: '' };
    if (!waits(Role)) return null;
  }
  return null;
}

const startedIt = ', which started it';

/** Says what is known of the restart of a process by its Supervisor, as a label and a value. */
export function restartTexts(supervisor: string): [label: 'may be restarted by' | 'was started by', text: string] {
  if (!supervisor.endsWith(startedIt)) return ['may be restarted by', supervisor];
  return ['was started by', supervisor.slice(0, -startedIt.length)];
}

/** Describes what may restart a process; null if nothing shows that it does. */
export function suspectText(suspect: Suspect | null): string | null {
  if (suspect === null || suspect.how === null) return null;
  return `${suspect.text}${suspect.how}`;
}

/** What restarts an ended process. */
export interface Restarter {
  readonly text: string;
  /** The command that stops its programs permanently; null if it is unknown, or only ending it helps. */
  readonly stop: string | null;
}

const named = (text: string): Restarter => ({ text, stop: null });

/** Describes a program that restarts what it started: `PM2 (node 99)`, `node server.js (99) with --watch, when a file changes`. */
function programRestarter(one: Process): Restarter | null {
  const again = againOf(one);
  if (again === null) return null;
  const by = one.restartsBy === undefined ? '' : one.restartsBy === 'a loop' ? ' in a loop' : ` with ${one.restartsBy}`;
  const when = again.when === 'when a file changes' ? `, ${again.when}` : '';
  return { text: `${processText(one)}${by}${when}`, stop: again.stop };
}

/** What one process of a line is to the one at its start; null if unknown to start that again. */
function restarterAt(one: Process, isOwner: boolean, { servicesOf }: Pick<Known, 'servicesOf'>): Restarter | null {
  const names = (servicesOf.get(one.pid) ?? []).map(({ name }) => name);
  // The host of Task Scheduler is the parent of scheduled programs, but is not their service.
  if (names.some((name) => name.toLowerCase() === 'schedule'))
    return named(isOwner ? `Windows service ${names.join(', ')}` : 'a scheduled task');
  if (/^taskeng(?:\.exe)?$/i.test(one.imageName ?? '') && !isOwner) return named('a scheduled task');
  if (names.some((name) => /^(?:w3svc|was)$/i.test(name)) && !isOwner) return named('IIS');
  if (/^w3wp(?:\.exe)?$/i.test(one.imageName ?? ''))
    return named(
      `IIS${one.application === undefined ? '' : `, application pool ${one.application.replace(/^w3wp /, '')}`}`,
    );
  if (names.length === 1) return named(`Windows service ${names[0]}`);
  return isOwner ? null : programRestarter(one);
}

/** Programs that end together with their child, so that a shell loop above them continues. */
const waits = (role: string | null): boolean => role === 'Shell' || role === 'Runner';

/** What of its line starts a process again when it ended: a program above it that watches it, a service. */
export function restarterOf(process: Process, known: Pick<Known, 'processes' | 'servicesOf'>): Restarter | null {
  let waited = true;
  for (const [at, one] of lineAbove(process, known.processes).entries()) {
    const found = one.restartsBy === 'a loop' && !waited ? null : restarterAt(one, at === 0, known);
    if (found !== null) return found;
    if (at > 0) waited &&= waits(roleOf(one));
  }
  return null;
}

/** Describes a container by name, with its restart policy if the engine reported it. */
export function containerRestarter({ runtime, id, name, restart }: Container): string {
  const policy =
    restart === undefined ? '' : restart === 'no' ? ', without a restart policy' : `, restart policy ${restart}`;
  return `${runtime} container ${name ?? shortId(id)}${policy}`;
}

/**
 * What restarts a process, by its line, its container, or its unit; if nothing is known to, what may restart it. Null if
 * there is nothing of the kind.
 */
export function supervisorOf(process: Process, known: Pick<Known, 'processes' | 'servicesOf'>): string | null {
  const { container, unit, unitUser, unitRestart, saved } = process;
  if (saved?.supervisor !== undefined) return saved.supervisor;
  const restarter = restarterOf(process, known);
  if (restarter !== null) return restarter.text;
  if (container !== null) return containerRestarter(container);
  if (unit?.endsWith('.service') === true && !/^user@\d+\.service$/.test(unit))
    return `systemd${unitUser === undefined ? '' : ' of its user'} (${unit}${unitRestart === undefined ? '' : `, Restart=${unitRestart}`})`;
  return suspectText(suspectIn(ancestorsOf(process, known)));
}
