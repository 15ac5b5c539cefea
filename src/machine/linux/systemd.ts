import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { ServiceId, ServiceState } from '../../actions/hands.ts';
import type { Refusal } from '../../facts/raw.ts';
import { Refused } from './signal.ts';

/** Where distributions have it; never the caller's search path. */
const systemctlPaths = ['/usr/bin/systemctl', '/bin/systemctl'];
const patience = 10_000;

/** What `systemctl show` says of a unit, as far as it matters here. */
const properties = [
  'LoadState',
  'ActiveState',
  'CanStop',
  'RefuseManualStop',
  'TriggeredBy',
  'RequiredBy',
  'BoundBy',
  'ConsistsOf',
  'RequisiteOf',
  'Restart',
] as const;

/** Reads the answer of `systemctl show`: `Name=value` lines, lists with blanks. Null when there is no such unit. */
export function decodeUnit(text: string, manager: readonly string[] = []): ServiceState | null {
  const values = new Map(
    text
      .split('\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const list = (name: (typeof properties)[number]): string[] =>
    (values.get(name) ?? '').split(' ').filter((one) => one !== '');
  if (values.get('LoadState') === undefined || values.get('LoadState') === 'not-found') return null;
  const refusal: Refusal | null =
    values.get('RefuseManualStop') === 'yes' || values.get('CanStop') === 'no'
      ? { code: 'NotSupported', text: 'systemd does not stop this unit on request' }
      : null;
  const active = values.get('ActiveState') ?? '';
  return {
    refusal,
    stopped: active === 'inactive' || active === 'failed',
    triggers: list('TriggeredBy').filter((unit) => /\.(?:socket|path|timer|automount)$/.test(unit)),
    // A target that is left open stops nothing of its own.
    dependents: [
      ...new Set(
        ['RequiredBy', 'BoundBy', 'ConsistsOf', 'RequisiteOf'].flatMap((name) =>
          list(name as (typeof properties)[number]),
        ),
      ),
    ].filter((unit) => !unit.endsWith('.target')),
    restarts: !['', 'no'].includes(values.get('Restart') ?? ''),
    manager: manager.filter((argument) => argument !== '--system'),
  };
}

/** The user whose own manager runs a process; null for the system's. */
export function managerOf(cgroup: string): number | null {
  const uid = /\/user@(\d{1,10})\.service\//.exec(cgroup)?.[1];
  return uid === undefined ? null : Number(uid);
}

/** By process: it is asked again when that has ended. */
const managers = new Map<number, readonly string[]>();

/** The arguments that choose the manager of a process. */
function managerArguments(pid: number): readonly string[] {
  const known = managers.get(pid);
  if (known !== undefined) return known;
  let uid: number | null;
  try {
    uid = managerOf(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return ['--system'];
  }
  const found =
    uid === null ? ['--system'] : uid === process.geteuid?.() ? ['--user'] : ['--user', `--machine=${uid}@.host`];
  managers.set(pid, found);
  return found;
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
    timeout: patience,
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

export function unitState({ name, pid }: ServiceId): ServiceState | null {
  const manager = managerArguments(pid);
  const answer = systemctl([...manager, 'show', `--property=${properties.join(',')}`, '--', name]);
  return answer === null || answer.status !== 0 ? null : decodeUnit(answer.out, manager);
}

/** Throws Refused for what systemctl says on a failure. */
function demand(args: readonly string[]): void {
  const answer = systemctl(args);
  if (answer === null) throw new Refused({ code: 'NotSupported', text: 'systemd is not in charge of this machine' });
  if (answer.status === 0) return;
  const denied = /authentication|access denied|permission denied|not permitted/i.test(answer.error);
  throw new Refused(
    denied
      ? { code: 'AccessDenied', text: 'systemd refused to stop it', needs: 'root (sudo)' }
      : { code: 'Failed', text: `systemctl: ${answer.error || `ended with ${answer.status}`}` },
  );
}

export function stopUnit(id: ServiceId): void {
  const triggers = unitState(id)?.triggers ?? [];
  demand([...managerArguments(id.pid), 'stop', '--no-block', '--no-ask-password', '--', ...triggers, id.name]);
}

export function endUnit(id: ServiceId): void {
  demand([...managerArguments(id.pid), 'kill', '--signal=SIGKILL', '--no-ask-password', '--', id.name]);
}
