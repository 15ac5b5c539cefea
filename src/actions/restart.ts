import type { TreeProcess } from '../system/hands.ts';

/** How long nobody may take a port after it was given back. Milliseconds. */
export interface Watch {
  /** Where nothing is known that could start the program again: what comes now was there already. */
  readonly alone: number;
  /** Where it was started by a person at a prompt: a loop that was typed there starts it again at once. */
  readonly prompt: number;
  /** Where a program runs that may have started it: longer than systemd's and most other supervisors' pause. */
  readonly supervised: number;
}

export const watchTimes: Watch = { alone: 150, prompt: 400, supervised: 1500 };

/** Adopts orphans; what it starts itself is a unit, and stopped as one. */
const isInit = ({ pid, imageName }: TreeProcess): boolean =>
  pid <= 4 || /^(?:systemd|init|launchd|tini|dumb-init|docker-init|catatonit)$/.test(imageName ?? '');

/** Give a program a terminal or a session, and never start it again. */
const sessions =
  /^(?:sshd|sshd-session|login|su|sudo|doas|tmux: server|tmux|screen|script|conhost\.exe|OpenConsole\.exe|WindowsTerminal\.exe|explorer\.exe)$/i;

/** Programs that people type in; a script in one of them may be a loop that starts a program again and again. */
const shells =
  /^(?:ba|z|fi|da|a|k|mk|tc|c)?sh(?:\.exe)?$|^(?:cmd|powershell)\.exe$|^(?:pwsh|nu|xonsh|elvish)(?:\.exe)?$/i;

/**
 * How long to watch, by the nearest process above a target that still runs.
 * `line`: those above it before it was stopped, the nearest first; `tree`: what runs now; `own`: those that this
 * program runs in.
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
  // Whoever asks from there has no interest in starting it again.
  if (own.has(nearest.pid) || sessions.test(name)) return 'prompt';
  const isPrompt = nearest.leadsTerminal === true || (next !== undefined && sessions.test(next.imageName ?? ''));
  if (shells.test(name) && isPrompt) return 'prompt';
  return 'supervised';
}
