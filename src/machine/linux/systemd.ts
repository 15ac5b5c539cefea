import { readFileSync } from 'node:fs';
import type { ServiceId, ServiceState } from '../../system/hands.ts';
import { moreRights } from '../../system/raw.ts';
import { controlGroupOf } from '../../facts/decode/linux-cgroup.ts';
import { isProcess, Refused } from './signal.ts';
import { isWithin, managerArguments, showUnit, systemctl, type ShownUnit } from './systemctl.ts';

/**
 * Returns why a process is not proved to run in a unit, or null if it does. The name of a control group alone proves
 * nothing: a user
 * may have units of the same names as the system, and anyone who can create control groups can choose their names.
 */
function foreignTo({ name, pid, startTime }: ServiceId, { controlGroup }: ShownUnit): string | null {
  let group: string | null;
  try {
    group = controlGroupOf(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return `process ${pid} has ended`;
  }
  // Compare after reading the control group, to make sure that it was this process's.
  if (startTime === null || !isProcess(pid, startTime)) return `process ${pid} has ended`;
  if (group !== null && isWithin(group, controlGroup)) return null;
  return `systemd's ${name} has ${controlGroup === '' ? 'no processes' : `the control group ${controlGroup}`}, and process ${pid} is in ${group ?? 'none'}`;
}

export function unitState(id: ServiceId): ServiceState | null {
  const unit = showUnit(id);
  return unit === null ? null : { ...unit.state, foreign: foreignTo(id, unit) };
}

/** Runs systemctl. Throws Refused with its error message if it fails. */
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

/** The runs of units that were asked to stop, by manager and name. */
const stopping = new Map<string, string>();
const keyOf = ({ name, user }: ServiceId): string => `${user ?? ''} ${name}`;

/** Reads the unit's state right before acting on it. Throws Refused if it has changed since it was inspected. */
function meant(id: ServiceId): ShownUnit {
  const unit = showUnit(id);
  if (unit === null) throw new Refused({ code: 'Failed', text: `systemd does not tell about ${id.name}` });
  const foreign = foreignTo(id, unit);
  // The process may have ended while others of the same run continue.
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
