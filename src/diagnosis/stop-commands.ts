import type { Carried } from '../facts/decode/relays.ts';
import type { Container, Process, Socket } from '../facts/model/facts.ts';
import { isUnitName, isUserManager } from '../facts/decode/linux-cgroup.ts';
import { quote } from './quote.ts';

/** A systemd service, and the user whose own manager runs it; null for the system manager. */
export interface ServiceUnit {
  readonly name: string;
  readonly user: number | null;
}

/**
 * Returns the service through which systemd would stop a process; null where there is none: a scope is a whole session,
 * a user manager runs everything of that user, and a unit inside a container is not the host's unit of that name.
 */
export function stoppableUnit({ unit, unitUser, container }: Process): ServiceUnit | null {
  return unit === null || container !== null || !unit.endsWith('.service') || !isUnitName(unit) || isUserManager(unit)
    ? null
    : { name: unit, user: unitUser ?? null };
}

/**
 * Returns a systemctl command; null when a name cannot be quoted safely. `manager` selects the manager, such as
 * `--user`.
 */
export function systemctlCommand(
  verb: string,
  names: readonly string[],
  manager: readonly string[] = [],
): string | null {
  const words = names.map((name) => (isUnitName(name) ? quote(name, 'linux') : null));
  return words.includes(null) ? null : ['systemctl', ...manager, verb, '--', ...words].join(' ');
}

/** Quotes a name for a PowerShell parameter that accepts patterns, so that it matches only itself. */
export function quotePattern(name: string): string | null {
  return quote(name.replace(/[`*?[\]]/g, '`$&'), 'win32');
}

/** Services that much of Windows depends on: none is stopped to free a port. */
const vitalServices = new Set([
  'bfe',
  'brokerinfrastructure',
  'coremessagingregistrar',
  'dcomlaunch',
  'dhcp',
  'dnscache',
  'eventlog',
  'gpsvc',
  'iphlpsvc',
  'keyiso',
  'lsm',
  'mpssvc',
  'netlogon',
  'nsi',
  'plugplay',
  'power',
  'profsvc',
  'rpceptmapper',
  'rpcss',
  'samss',
  'schedule',
  'systemeventsbroker',
  'usermanager',
  'wdnissvc',
  'windefend',
  'winmgmt',
]);

export const isVitalService = (name: string): boolean => vitalServices.has(name.toLowerCase());

/** Returns the command that lists containers, one of which has the relayed port; null for a virtual machine. */
export function carriedList(
  { engines: [engine], list }: Carried,
  { protocol, localPort }: Pick<Socket, 'protocol' | 'localPort'>,
): string | null {
  if (engine === 'docker') return `docker ps --filter publish=${localPort}${protocol === 'UDP' ? '/udp' : ''}`;
  // Podman has no such filter: https://docs.podman.io/en/latest/markdown/podman-ps.1.html
  return engine === 'podman' ? 'podman ps' : (list ?? null);
}

/** Returns the command that stops the container behind a relay, where its engine has identified the container. */
export function carriedStop({ container }: Pick<Socket, 'container'>): string | null {
  if (container === undefined) return null;
  const name = quote(container.name ?? container.id, 'linux');
  return name === null ? null : `${container.runtime} stop ${name}`;
}

/** Commands that show a container and, where its runtime can identify it, stop it. */
export interface ContainerCommands {
  readonly look: string;
  readonly stop: string | null;
}

/**
 * Returns commands for the container of a process. Its ID is only the name of a control group, which others can choose,
 * so the runtime itself confirms that the process is in that container before stopping it. The ID is complete, because
 * the start of one may be another container's name.
 */
export function containerCommands({ runtime, id }: Container, pid: number): ContainerCommands | null {
  if (runtime === 'docker' || runtime === 'podman') {
    if (!/^[0-9a-f]{12,64}$/.test(id)) return null;
    const [one, all] = runtime === 'docker' ? ['-eo pid', '-eo pid,args'] : ['hpid', 'hpid,args'];
    return {
      look: `${runtime} top ${id} ${all}`,
      stop: `${runtime} top ${id} ${one} | grep -qw ${pid} && ${runtime} stop ${id}`,
    };
  }
  const name = quote(id, 'linux');
  if (name === null) return null;
  if (runtime === 'lxc') return { look: `lxc-info -n ${name}`, stop: null };
  return name === id ? { look: `crictl inspect ${name}`, stop: null } : null;
}
