import { isInit } from '../ownership/starters.ts';
import type { TreeProcess } from '../system/hands.ts';

/** How long a port must stay free after its owner was stopped, in milliseconds. */
export interface Watch {
  /** Nothing is known that could restart the program. */
  readonly alone: number;
  /** A person started it at a prompt: a loop typed there restarts it immediately. */
  readonly prompt: number;
  /** A program runs that may have started it: longer than the restart delay of systemd and most other supervisors. */
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

/** Programs that people type in; a script in one of them may restart a program in a loop. */
const shells =
  /^(?:ba|z|fi|da|a|k|mk|tc|c)?sh(?:\.exe)?$|^(?:cmd|powershell)\.exe$|^(?:pwsh|nu|xonsh|elvish)(?:\.exe)?$/i;

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
  const isPrompt = nearest.leadsTerminal === true || (next !== undefined && isSession(next.imageName ?? ''));
  if (shells.test(name) && isPrompt) return 'prompt';
  return 'supervised';
}
