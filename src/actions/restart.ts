import { isInit, roleOf } from '../ownership/starters.ts';
import type { TreeProcess } from '../system/hands.ts';

/** How long a port must stay free after its owner was stopped, in milliseconds. */
export interface Watch {
  /** Nothing is known that could restart the program. */
  readonly alone: number;
  /** A shell or a program started it that is not known to restart programs: a loop in a shell restarts it immediately. */
  readonly prompt: number;
  /** A program runs that is known to restart programs, or may be: longer than the restart delay of systemd and most other supervisors. */
  readonly supervised: number;
}

export const watchTimes: Watch = { alone: 150, prompt: 400, supervised: 1500 };

/** Provide a terminal or a session, and never restart a program. */
const sessions = new Set([
  'sshd',
  'sshd-session',
  'login',
  'su',
  'sudo',
  'doas',
  'tmux: server',
  'tmux',
  'screen',
  'script',
  'conhost.exe',
  'openconsole.exe',
  'windowsterminal.exe',
  'explorer.exe',
]);
const isSession = (name: string): boolean => sessions.has(name.toLowerCase());

/** They run programs that nothing is known of. */
const interpreters =
  /^(?:node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|ruby[\d.]*|perl[\d.]*|php[\d.]*|java|javaw|dotnet|beam\.smp)(?:\.exe)?$/i;

/** They restart what they started, or start it at its time. */
const serviceManagers = /^(?:services\.exe|svchost\.exe|containerd-shim.*|conmon|crun|lxc-start|lxc-monitord)$/i;

const isSupervisor = ({ imageName }: TreeProcess): boolean =>
  ['Supervisor', 'Scheduler', 'Runner'].includes(roleOf({ imageName, path: null }) ?? '');

/**
 * Returns how long to watch, according to the nearest ancestor of a target that still runs. `line`: its ancestors
 * before it was stopped, nearest first; `tree`: the current processes; `own`: the processes that this program runs in.
 */
export function watchTime(
  line: readonly TreeProcess[],
  tree: ReadonlyMap<number, TreeProcess>,
  own: ReadonlySet<number>,
): keyof Watch {
  const running = line.filter(({ pid, startTime }) => tree.get(pid)?.startTime === startTime);
  const [nearest, next] = running;
  if (nearest === undefined || isInit(nearest)) return 'alone';
  const name = nearest.imageName ?? '';
  // A user who stops it from there does not want to restart it.
  if (own.has(nearest.pid) || isSession(name)) return 'prompt';
  // An interpreter's program may be a supervisor; of anything else, only known ones and service managers restart programs.
  if (running.some(isSupervisor) || interpreters.test(name) || serviceManagers.test(name)) return 'supervised';
  return next !== undefined && serviceManagers.test(next.imageName ?? '') ? 'supervised' : 'prompt';
}
