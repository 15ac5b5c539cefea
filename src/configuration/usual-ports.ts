import { serviceName } from '../ports/iana.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import { families } from './families.ts';
import type { Configured } from './instances.ts';
import { Reading } from './reading.ts';
import { numberIn } from './registry.ts';
import { servicesKey } from './windows-service.ts';

/*
 * Ports that belong to a program by custom: another server there would be in its way as soon as it starts, whatever its
 * configuration says now.
 */

/** Linux: the programs that use a port unless they are told otherwise; several kinds of program can have the same port. */
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

/** Linux: where packages install the programs of servers. */
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

/** The services of Windows that use a port unless they are told otherwise, with the families that read their configuration. */
const customaryServices: readonly (readonly [ports: readonly number[], services: RegExp, own: readonly string[]])[] = [
  [[21], /^ftpsvc$/i, ['IIS']],
  [[22], /^sshd$/i, ['OpenSSH']],
  [[25, 465, 587], /^(?:smtpsvc|msexchangefrontendtransport|hmailserver)$/i, []],
  [[53], /^dns$/i, []],
  [[80, 443], /^w3svc$/i, ['IIS', 'HTTP.sys']],
  [[80, 443], /^apache[\d.]*$/i, ['Apache']],
  [[80, 443], /^nginx$/i, ['nginx']],
  [[80, 443], /^caddy$/i, ['Caddy']],
  [[88, 464], /^kdc$/i, []],
  [[111, 2049], /^nfsservice$/i, []],
  [[135], /^rpcss$/i, []],
  [[139, 445], /^lanmanserver$/i, []],
  [[161], /^snmp$/i, []],
  [[389, 636, 3268, 3269], /^ntds$/i, []],
  [[1433], /^mssqlserver$/i, ['SQL Server']],
  [[1434], /^sqlbrowser$/i, []],
  [[1883], /^mosquitto$/i, []],
  [[3000], /^grafana$/i, ['Grafana']],
  [[3306], /^(?:mysql\d*|mariadb)$/i, ['MySQL']],
  [[3389], /^termservice$/i, ['RDP']],
  [[5432], /^postgresql(?:-|$)/i, ['PostgreSQL']],
  [[5672, 15_672], /^rabbitmq$/i, ['RabbitMQ']],
  [[5900], /^(?:tvnserver|uvnc_service|vncserver)$/i, []],
  [[5985, 5986], /^winrm$/i, ['WinRM']],
  [[6379], /^redis$/i, ['Redis']],
  [[8086], /^influxdb$/i, []],
  [[9090], /^prometheus$/i, ['Prometheus']],
  [[9182], /^windows_exporter$/i, ['Prometheus']],
  [[9200, 9300], /^(?:elasticsearch|opensearch)(?:-|$)/i, ['Elasticsearch', 'OpenSearch']],
  [[10_050], /^zabbix agent(?: 2)?$/i, []],
  [[11_211], /^memcached$/i, ['Memcached']],
  [[27_017], /^mongodb$/i, ['MongoDB']],
];

const programsOf = (port: number): readonly string[] =>
  customary.filter(([ports]) => ports.includes(port)).flatMap(([, programs]) => programs);

/** Whether a server is one of those that have a port by custom. */
function isItsOwn({ family: { name } }: Configured, port: number): boolean {
  if (customaryServices.some(([ports, , own]) => ports.includes(port) && own.includes(name))) return true;
  const entry = families.find((one) => one.name === name);
  const isNamed = (program: string): boolean =>
    program.toLowerCase().startsWith(name.toLowerCase()) ||
    (entry !== undefined && entry.argument === undefined && entry.programs.test(program));
  return programsOf(port).some(isNamed);
}

/** The path of a program that has a port by custom, and is installed; null if there is none. */
function installedProgram(machine: ConfigurationMachine, port: number): string | null {
  const programs = programsOf(port);
  if (programs.length === 0) return null;
  const reading = new Reading(machine);
  const paths = folders
    .flatMap((folder) => reading.glob(folder))
    .flatMap((one) => programs.map((name) => `${one}/${name}`));
  return paths.find((path) => machine.realPath(path) !== null) ?? null;
}

/** Whether a service of Windows is disabled: it takes no port before an administrator changes that. */
const isDisabled = (machine: ConfigurationMachine, service: string): boolean =>
  numberIn(new Reading(machine), `${servicesKey}\\${service}`, 'Start') === 4;

/** The service of Windows that has a port by custom, and is installed; null if there is none. */
function installedService({ reading: { machine }, family, instance }: Configured, port: number): string | null {
  const wanted = customaryServices.filter(([ports]) => ports.includes(port));
  if (wanted.some(([, , own]) => own.includes(family.name))) return null;
  const isWanted = (name: string): boolean => wanted.some(([, services]) => services.test(name));
  const names = wanted.length === 0 ? [] : (machine.list(servicesKey) ?? []);
  return (
    names.find((name) => isWanted(name) && !isSameName(name, instance.service) && !isDisabled(machine, name)) ?? null
  );
}

const isSameName = (name: string, other: string | null): boolean => name.toLowerCase() === other?.toLowerCase();

/** Returns why only --force moves a server to a port; null if it is nobody else's. */
export function customaryObstacle(server: Configured, port: number): string | null {
  const { machine } = server.reading;
  const what = (who: string, where: string): string =>
    `port ${port} is the well-known port of ${who}, which is installed here${where}`;
  if (machine.platform === 'win32') {
    const service = installedService(server, port);
    return service === null ? null : what(`the service ${service}`, '');
  }
  const path = isItsOwn(server, port) ? null : installedProgram(machine, port);
  return path === null ? null : what(path.split('/').at(-1)!, `: ${path}`);
}

/** Returns for which service a port is registered, as a note; empty if it is none, or that of the server itself. */
export function registrationNotes(server: Configured, port: number, protocol: 'TCP' | 'UDP'): string[] {
  const service = serviceName(port, protocol);
  return service === null || isItsOwn(server, port)
    ? []
    : [`port ${port} is registered for ${service}: programs may expect that service there`];
}
