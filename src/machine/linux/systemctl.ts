import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { ServiceId, ServiceState } from '../../system/hands.ts';
import type { RawEntry, Refusal } from '../../system/raw.ts';
import { controlGroupOf, decodeCgroup, isUnitName } from '../../facts/decode/linux-cgroup.ts';

/** Its locations in distributions; the caller's search path is never used. */
const systemctlPaths = ['/usr/bin/systemctl', '/bin/systemctl'];
const shortestMs = 10_000;

/** The properties to read with `systemctl show`. */
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

/** A unit as reported by systemd. */
export interface ShownUnit {
  readonly state: Omit<ServiceState, 'foreign'>;
  /** The control group of its processes; empty if it has none. */
  readonly controlGroup: string;
  /** The ID of this run of the unit; empty if systemd does not report it. */
  readonly invocation: string;
  /** Whether systemd restarts it when its process ends: no, always, on-failure … */
  readonly restart: string;
}

/** Parses a list of units separated by blanks; a name with a backslash is quoted, as in a shell. */
function unitNames(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)]
    .map(([word, quoted]) => (quoted === undefined ? word : quoted.replace(/\\(.)/g, '$1')))
    .filter(isUnitName);
}

/** Parses the output of `systemctl show`: `Name=value` lines. Returns null if there is no such unit. */
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
      // A target runs nothing itself.
      dependents: [...new Set(dependents)].filter((unit) => !unit.endsWith('.target')),
      restarts: !['', 'no'].includes(value('Restart')),
      manager: manager.filter((argument) => argument !== '--system'),
    },
    controlGroup: value('ControlGroup'),
    invocation: value('InvocationID'),
    restart: value('Restart'),
  };
}

/** The arguments that select the manager of a user's units, or for null, the system manager. */
export function managerArguments(user: number | null, self: number | undefined = process.geteuid?.()): string[] {
  if (user === null) return ['--system'];
  return user === self ? ['--user'] : ['--user', `--machine=${user}@.host`];
}

/** Runs systemctl: null if systemd is not in charge. A service may take long to start, for which there is more time. */
export function systemctl(
  args: readonly string[],
  timeoutMs = shortestMs,
): { readonly status: number | null; readonly out: string; readonly error: string } | null {
  const path = systemctlPaths.find((one) => existsSync(one));
  // sd_booted(3): there is a manager to query only if systemd is the init system.
  if (path === undefined || !existsSync('/run/systemd/system')) return null;
  const { XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = process.env;
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    encoding: 'utf8',
    timeout: Math.max(timeoutMs, shortestMs),
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

export function showUnit({ name, user }: ServiceId): ShownUnit | null {
  const manager = managerArguments(user);
  const answer = systemctl([...manager, 'show', `--property=${properties.join(',')}`, '--', name]);
  return answer === null || answer.status !== 0 ? null : decodeUnit(answer.out, manager);
}

/** Whether a control group is that of a unit, or below it. */
export function isWithin(group: string, controlGroup: string): boolean {
  return /^\/./.test(controlGroup) && (group === controlGroup || group.startsWith(`${controlGroup}/`));
}

/** The restart policy of the service that a process belongs to; see `decodeUnitRestart`. */
export function unitOf(pid: number): Omit<RawEntry, 'at'> {
  const nothing = { refusal: { code: 'NotSupported', text: 'systemd shows no service that it is of' } } as const;
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return { refusal: { code: 'Gone', text: 'the process has ended' } };
  }
  const { unit, unitUser, container } = decodeCgroup(text);
  const group = controlGroupOf(text);
  if (unit === null || group === null || container !== null || !isUnitName(unit)) return nothing;
  const shown = showUnit({ name: unit, pid, startTime: null, user: unitUser });
  // The name of a control group alone proves nothing.
  if (shown === null || !isWithin(group, shown.controlGroup)) return nothing;
  return { text: JSON.stringify({ unit, restart: shown.restart }) };
}
