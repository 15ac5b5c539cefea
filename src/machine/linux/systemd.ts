import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { ServiceId, ServiceState } from '../../system/hands.ts';
import { moreRights, type Refusal } from '../../system/raw.ts';
import { controlGroupOf, isUnitName } from '../../facts/decode/linux-cgroup.ts';
import { isProcess, Refused } from './signal.ts';

/** Where distributions have it; never the caller's search path. */
const systemctlPaths = ['/usr/bin/systemctl', '/bin/systemctl'];
const timeoutMs = 10_000;

/** What `systemctl show` says of a unit, as far as it matters here. */
const properties = [
  'LoadState',
  'ActiveState',
  'ControlGroup',
  'InvocationID',
  'CanStop',
  'RefuseManualStop',
  'TriggeredBy',
  'RequiredBy',
  'BoundBy',
  'ConsistsOf',
  'RequisiteOf',
  'Restart',
] as const;

/** A unit as systemd shows it. */
export interface ShownUnit {
  readonly state: Omit<ServiceState, 'foreign'>;
  /** Where its processes are; the empty text when it has none. */
  readonly controlGroup: string;
  /** This run of the unit; the empty text where systemd does not tell. */
  readonly invocation: string;
}

/** A list of units, with blanks between them; a name with a backslash stands in quotes, as for a shell. */
function unitNames(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)]
    .map(([word, quoted]) => (quoted === undefined ? word : quoted.replace(/\\(.)/g, '$1')))
    .filter(isUnitName);
}

/** Reads the answer of `systemctl show`: `Name=value` lines. Null when there is no such unit. */
export function decodeUnit(text: string, manager: readonly string[] = []): ShownUnit | null {
  const values = new Map(
    text
      .split('\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const value = (name: (typeof properties)[number]): string => values.get(name) ?? '';
  if (value('LoadState') === '' || value('LoadState') === 'not-found') return null;
  const refusal: Refusal | null =
    value('RefuseManualStop') === 'yes' || value('CanStop') === 'no'
      ? { code: 'NotSupported', text: 'systemd does not stop this unit on request' }
      : null;
  const dependents = (['RequiredBy', 'BoundBy', 'ConsistsOf', 'RequisiteOf'] as const).flatMap((name) =>
    unitNames(value(name)),
  );
  return {
    state: {
      refusal,
      stopped: value('ActiveState') === 'inactive' || value('ActiveState') === 'failed',
      triggers: unitNames(value('TriggeredBy')).filter((unit) => /\.(?:socket|path|timer|automount)$/.test(unit)),
      // A target that is left open stops nothing of its own.
      dependents: [...new Set(dependents)].filter((unit) => !unit.endsWith('.target')),
      restarts: !['', 'no'].includes(value('Restart')),
      manager: manager.filter((argument) => argument !== '--system'),
    },
    controlGroup: value('ControlGroup'),
    invocation: value('InvocationID'),
  };
}

/** The arguments that choose the manager of a user's units, or with null the system's. */
export function managerArguments(user: number | null, self: number | undefined = process.geteuid?.()): string[] {
  if (user === null) return ['--system'];
  return user === self ? ['--user'] : ['--user', `--machine=${user}@.host`];
}

function systemctl(
  args: readonly string[],
): { readonly status: number | null; readonly out: string; readonly error: string } | null {
  const path = systemctlPaths.find((one) => existsSync(one));
  // sd_booted(3): only where systemd is in charge there is a manager to ask.
  if (path === undefined || !existsSync('/run/systemd/system')) return null;
  const { XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = process.env;
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      LC_ALL: 'C',
      PATH: '/usr/bin:/bin',
      ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
      ...(DBUS_SESSION_BUS_ADDRESS === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS }),
    },
  });
  return { status, out: stdout ?? '', error: error?.message ?? (stderr ?? '').trim() };
}

function show({ name, user }: ServiceId): ShownUnit | null {
  const manager = managerArguments(user);
  const answer = systemctl([...manager, 'show', `--property=${properties.join(',')}`, '--', name]);
  return answer === null || answer.status !== 0 ? null : decodeUnit(answer.out, manager);
}

/** Whether a control group is a unit's own, or one below it. */
export function isWithin(group: string, controlGroup: string): boolean {
  return /^\/./.test(controlGroup) && (group === controlGroup || group.startsWith(`${controlGroup}/`));
}

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
  const unit = show(id);
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
  const unit = show(id);
  if (unit === null) throw new Refused({ code: 'Failed', text: `systemd does not tell about ${id.name}` });
  const foreign = foreignTo(id, unit);
  // The process may have ended while others of the same run go on.
  const told = stopping.get(keyOf(id));
  if (foreign !== null && (told === undefined || told === '' || told !== unit.invocation))
    throw new Refused({ code: 'Failed', text: `${id.name} is not what was looked at any more: ${foreign}` });
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
