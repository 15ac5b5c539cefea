import { serviceName } from '../ports/iana.ts';
import { families } from './families.ts';
import type { Configured } from './instances.ts';
import { Reading } from './reading.ts';

/*
 * Ports that belong to a program by custom: another server there would be in its way as soon as it starts, whatever its
 * configuration says now.
 */

/** The programs that use a port unless they are told otherwise; several kinds of program can have the same port. */
const customary: readonly (readonly [ports: readonly number[], programs: readonly string[]])[] = [
  [[22], ['sshd', 'dropbear']],
  [
    [25, 465, 587],
    ['exim4', 'exim', 'postfix', 'sendmail'],
  ],
  [[53], ['named', 'unbound', 'dnsmasq', 'pdns_server', 'knotd', 'coredns']],
  [
    [80, 443],
    ['nginx', 'apache2', 'httpd', 'caddy', 'lighttpd', 'haproxy'],
  ],
  [[88], ['krb5kdc']],
  [[110, 143, 993, 995], ['dovecot']],
  [[111], ['rpcbind']],
  [[123], ['chronyd', 'ntpd']],
  [[139, 445], ['smbd']],
  [[161], ['snmpd']],
  [[389, 636], ['slapd']],
  [[631], ['cupsd']],
  [[1194], ['openvpn']],
  [[1883], ['mosquitto']],
  [[2181], ['zkServer.sh']],
  [[3000], ['grafana-server']],
  [[3128], ['squid']],
  [[3306], ['mariadbd', 'mysqld']],
  [[3389], ['xrdp']],
  [
    [5222, 5269],
    ['prosody', 'ejabberdctl'],
  ],
  [[5432], ['postgres']],
  [[5672, 15_672], ['rabbitmq-server']],
  [[5900], ['Xvnc', 'x11vnc']],
  [[6379], ['redis-server', 'valkey-server']],
  [[8086], ['influxd']],
  [[9042], ['cassandra']],
  [[9090], ['prometheus']],
  [[9092], ['kafka-server-start.sh']],
  [[9100], ['prometheus-node-exporter', 'node_exporter']],
  [
    [9200, 9300],
    ['elasticsearch', 'opensearch'],
  ],
  [[10_050], ['zabbix_agentd', 'zabbix_agent2']],
  [[10_051], ['zabbix_server']],
  [[11_211], ['memcached']],
  [[27_017], ['mongod']],
];

/** Where packages install the programs of servers. */
const folders = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/libexec',
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/share/*/bin',
  '/opt/*/bin',
  '/snap/bin',
];

const programsOf = (port: number): readonly string[] =>
  customary.filter(([ports]) => ports.includes(port)).flatMap(([, programs]) => programs);

/** Whether a server is one of those that have a port by custom. */
function isItsOwn({ family: { name } }: Configured, port: number): boolean {
  const entry = families.find((one) => one.name === name);
  const isNamed = (program: string): boolean =>
    program.toLowerCase().startsWith(name.toLowerCase()) ||
    (entry !== undefined && entry.argument === undefined && entry.programs.test(program));
  return programsOf(port).some(isNamed);
}

/** Returns the path of a program that has a port by custom, and is installed, other than the server; null if there is none. */
function installedFor(server: Configured, port: number): string | null {
  const { machine } = server.reading;
  const programs = programsOf(port);
  if (machine.platform !== 'linux' || programs.length === 0 || isItsOwn(server, port)) return null;
  const reading = new Reading(machine);
  const paths = folders
    .flatMap((folder) => reading.glob(folder))
    .flatMap((one) => programs.map((name) => `${one}/${name}`));
  return paths.find((path) => machine.realPath(path) !== null) ?? null;
}

/** Returns why only --force moves a server to a port; null if it is nobody else's. */
export function customaryObstacle(server: Configured, port: number): string | null {
  const path = installedFor(server, port);
  return path === null
    ? null
    : `port ${port} is the well-known port of ${path.split('/').at(-1)}, which is installed here: ${path}`;
}

/** Returns for which service a port is registered, as a note; empty if it is none, or that of the server itself. */
export function registrationNotes(server: Configured, port: number, protocol: 'TCP' | 'UDP'): string[] {
  const service = serviceName(port, protocol);
  return service === null || isItsOwn(server, port)
    ? []
    : [`port ${port} is registered for ${service}: programs may expect that service there`];
}
