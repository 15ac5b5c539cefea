import type { Carried } from '../facts/decode/relays.ts';
import type { Container, Process, Socket } from '../facts/model/facts.ts';
import { isUnitName, isUserManager } from '../facts/decode/linux-cgroup.ts';
import { quote } from './quote.ts';

/** A service of systemd, and the user whose own manager runs it; null for the system's. */
export interface ServiceUnit {
  readonly name: string;
  readonly user: number | null;
}

/**
 * The service by which systemd would stop a process; null where there is none: a scope is a whole session, a user's
 * manager is all that the user runs, and a unit inside of a container is not the host's unit of that name.
 */
export function stoppableUnit({ unit, unitUser, container }: Process): ServiceUnit | null {
  return unit === null || container !== null || !unit.endsWith('.service') || !isUnitName(unit) || isUserManager(unit)
    ? null
    : { name: unit, user: unitUser ?? null };
}

/** A command of systemctl; null when a name cannot be written safely. `manager` chooses which one is asked: `--user` … */
export function systemctlCommand(
  verb: string,
  names: readonly string[],
  manager: readonly string[] = [],
): string | null {
  const words = names.map((name) => (isUnitName(name) ? quote(name, 'linux') : null));
  return words.includes(null) ? null : ['systemctl', ...manager, verb, '--', ...words].join(' ');
}

/** A name for a parameter of PowerShell that takes patterns: it stands for itself alone. */
export function quotePattern(name: string): string | null {
  return quote(name.replace(/[`*?[\]]/g, '`$&'), 'win32');
}

/** Services without which much of Windows does not work: none is stopped for a port. */
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

/** What lists the containers, one of which has a port that a relay passes on; null for a virtual machine. */
export function carriedList(
  { engines: [engine], list }: Carried,
  { protocol, localPort }: Pick<Socket, 'protocol' | 'localPort'>,
): string | null {
  if (engine === 'docker') return `docker ps --filter publish=${localPort}${protocol === 'UDP' ? '/udp' : ''}`;
  // Podman has no such filter: https://docs.podman.io/en/latest/markdown/podman-ps.1.html
  return engine === 'podman' ? 'podman ps' : (list ?? null);
}

/** What stops a container whose ports a relay passes on, where its engine has told which it is. */
export function carriedStop({ container }: Pick<Socket, 'container'>): string | null {
  if (container === undefined) return null;
  const name = quote(container.name ?? container.id, 'linux');
  return name === null ? null : `${container.runtime} stop ${name}`;
}

/** How to look at a container, and where its runtime can tell, to stop it. */
export interface ContainerCommands {
  readonly look: string;
  readonly stop: string | null;
}

/**
 * Commands for the container of a process. Its id is only the name of a control group, which others may choose: the
 * runtime itself says whether the process is in that container before it is stopped. The whole id, since the start of
 * one can be another container's name.
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
