import { readFileSync } from 'node:fs';
import type { ServiceId, ServiceState } from '../../system/hands.ts';
import { moreRights } from '../../system/raw.ts';
import { controlGroupOf } from '../../facts/decode/linux-cgroup.ts';
import { isProcess, Refused } from './signal.ts';
import { isWithin, managerArguments, showUnit, systemctl, type ShownUnit } from './systemctl.ts';

/**
 * Why a unit is not shown to run a process; null when it does. The name of a control group alone shows nothing: a user
 * has units of the same names as the system, and who may make control groups names them as he likes.
 */
function foreignTo({ name, pid, startTime }: ServiceId, { controlGroup }: ShownUnit): string | null {
  let group: string | null;
  try {
    group = controlGroupOf(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return `process ${pid} has ended`;
  }
  // Compared after its control group was read: then that was this process's.
  if (startTime === null || !isProcess(pid, startTime)) return `process ${pid} has ended`;
  if (group !== null && isWithin(group, controlGroup)) return null;
  return `systemd's ${name} has ${controlGroup === '' ? 'no processes' : `the control group ${controlGroup}`}, and process ${pid} is in ${group ?? 'none'}`;
}

export function unitState(id: ServiceId): ServiceState | null {
  const unit = showUnit(id);
  return unit === null ? null : { ...unit.state, foreign: foreignTo(id, unit) };
}

/** Throws Refused for what systemctl says on a failure. */
function demand(args: readonly string[]): void {
  const answer = systemctl(args);
  if (answer === null) throw new Refused({ code: 'NotSupported', text: 'systemd is not in charge of this machine' });
  if (answer.status === 0) return;
  const denied = /authentication|access denied|permission denied|not permitted/i.test(answer.error);
  throw new Refused(
    denied
      ? { code: 'AccessDenied', text: 'systemd refused to stop it', needs: moreRights.linux }
      : { code: 'Failed', text: `systemctl: ${answer.error || `ended with ${answer.status}`}` },
  );
}

/** The runs of units that were told to stop, by manager and name. */
const stopping = new Map<string, string>();
const keyOf = ({ name, user }: ServiceId): string => `${user ?? ''} ${name}`;

/** What systemd shows of the unit, right before something is done to it. Throws Refused when it is not meant any more. */
function meant(id: ServiceId): ShownUnit {
  const unit = showUnit(id);
  if (unit === null) throw new Refused({ code: 'Failed', text: `systemd does not tell about ${id.name}` });
  const foreign = foreignTo(id, unit);
  // The process may have ended while others of the same run go on.
  const told = stopping.get(keyOf(id));
  if (foreign !== null && (told === undefined || told === '' || told !== unit.invocation))
    throw new Refused({ code: 'Failed', text: `${id.name} has changed since it was inspected: ${foreign}` });
  return unit;
}

export function stopUnit(id: ServiceId): void {
  const { state, invocation } = meant(id);
  stopping.set(keyOf(id), invocation);
  demand([...managerArguments(id.user), 'stop', '--no-block', '--no-ask-password', '--', ...state.triggers, id.name]);
}

export function endUnit(id: ServiceId): void {
  meant(id);
  demand([...managerArguments(id.user), 'kill', '--signal=SIGKILL', '--no-ask-password', '--', id.name]);
}
