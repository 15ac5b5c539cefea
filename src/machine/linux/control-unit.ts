import { readFileSync } from 'node:fs';
import { controlGroupOf, isUnitName } from '../../facts/decode/linux-cgroup.ts';
import type { ConfigurationMachine } from '../../system/configuration.ts';
import { isWithin, managerArguments, showUnit, systemctl } from './systemctl.ts';

/** The control group of a process; null if it has ended. */
function groupOf(pid: number): string | null {
  try {
    return controlGroupOf(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return null;
  }
}

/** Restarts or reloads the unit that runs a process; see ConfigurationMachine. */
export const controlUnit: ConfigurationMachine['service'] = (name, action, { pid, user, timeoutMs }) => {
  const manager = managerArguments(user);
  const failed = (text: string) => ({ text, isMissing: false });
  if (!isUnitName(name)) return failed(`${name} is not the name of a unit`);
  const shown = showUnit({ name, pid, startTime: null, user });
  if (shown === null && systemctl([...manager, 'show', '--property=LoadState', '--', name]) === null)
    return { text: 'systemd is not in charge of this machine', isMissing: true };
  // A process of a unit that was restarted has another number; the unit itself was checked before.
  const group = groupOf(pid);
  const isOwn = shown !== null && (group === null || isWithin(group, shown.controlGroup));
  if (!isOwn) return failed(`systemd does not confirm that ${name} runs process ${pid}`);
  if (action === 'check') return null;
  // The port may be in the unit itself, of which systemd knows only what it read last.
  const needsReload = systemctl([...manager, 'show', '--property=NeedDaemonReload', '--value', '--', name]);
  if (needsReload?.out.trim() === 'yes') {
    const reloaded = systemctl([...manager, 'daemon-reload'], timeoutMs);
    if (reloaded?.status !== 0) return failed(`systemctl daemon-reload: ${reloaded?.error ?? 'it is missing'}`);
  }
  // A unit that failed too often (StartLimitBurst) is not started; that nothing had failed does not matter.
  systemctl([...manager, 'reset-failed', '--', name]);
  // A unit that cannot be reloaded is restarted.
  const verb = action === 'reload' ? 'reload-or-restart' : 'restart';
  const answer = systemctl([...manager, verb, '--', name], timeoutMs)!;
  return answer.status === 0 ? null : failed(`systemctl ${verb} ${name}: ${answer.error}`);
};

/** A unit's name as a word of a shell: it can have backslashes. */
const unitWord = (name: string): string => (name.includes('\\') ? `'${name}'` : name);

/** The command that starts a unit that does not run; see ConfigurationMachine. */
export const startCommands: ConfigurationMachine['startCommands'] = (name, { user }) => {
  const shown = isUnitName(name) ? showUnit({ name, pid: 0, startTime: null, user }) : null;
  if (shown?.state.stopped !== true) return [];
  return [['systemctl', ...shown.state.manager, 'start', unitWord(name)].join(' ')];
};
