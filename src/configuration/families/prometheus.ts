import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { optionsOf } from '../readers/arguments.ts';
import { partOf } from '../readers/setting.ts';
import { addressAndPort, inFile, type AddressAndPort, type Reading } from '../reading.ts';
import { readServiceStart, startOptions, unitSideEffects, type ServiceStart } from '../service-file.ts';

/*
 * Prometheus and its exporters have their port on the command line only; Debian's packages take it from ARGS in
 * /etc/default. https://prometheus.io/docs/prometheus/latest/command-line/prometheus/ and
 * https://github.com/prometheus/prometheus/wiki/Default-port-allocations
 */

/** The ports without an option, by a part of the name. */
const defaults: readonly (readonly [RegExp, number])[] = [
  [/alertmanager/, 9093],
  [/pushgateway/, 9091],
  [/node.exporter/, 9100],
  [/mysqld.exporter/, 9104],
  [/haproxy.exporter/, 9101],
  [/memcached.exporter/, 9150],
  [/apache.exporter/, 9117],
  [/blackbox.exporter/, 9115],
  [/snmp.exporter/, 9116],
  [/postgres.exporter/, 9187],
  [/redis.exporter/, 9121],
  [/(?:^|[\\/])prometheus(?:\.service|\.exe)?$/, 9090],
];

const options = ['--web.listen-address', '--cluster.listen-address'] as const;

/** Adds a port for each protocol: the nodes of an Alertmanager talk to each other over both. */
function add(reading: Reading, option: string, one: Omit<Parameters<Reading['add']>[0], 'setting'>): void {
  reading.add({ setting: option, ...one });
  if (option === '--cluster.listen-address') reading.add({ setting: option, ...one, protocol: 'UDP' });
}

const addressIn = (read: AddressAndPort | null): string | null =>
  read?.address?.includes('$') === true ? null : (read?.address ?? null);

const notAddress = (value: string): string =>
  value.includes('$') ? 'the value contains a variable' : 'the value is not an address with a port';

function addOption(
  option: (typeof options)[number],
  instance: Instance,
  reading: Reading,
  start: ServiceStart,
): boolean {
  // The Go programs take one dash, too.
  const given = optionsOf(instance.arguments, [option, option.slice(1)]);
  const isInUse = (text: string): boolean => instance.pid === null || given.some(({ value }) => value === text);
  const set = startOptions(start, [option, option.slice(1)]).filter(({ value }) => isInUse(value));
  for (const { file, whole, value, obstacle = null } of set) {
    const read = addressAndPort(value);
    const isFixed = read === null || obstacle !== null;
    add(reading, option, {
      value,
      port: read?.port ?? null,
      address: addressIn(read),
      source: inFile(file, whole, isFixed ? null : partOf(whole, read.start, value.length)),
      reason: read === null ? notAddress(value) : obstacle,
    });
  }
  for (const { value } of given) {
    if (set.some((one) => one.value === value)) continue;
    const read = addressAndPort(value);
    add(reading, option, {
      value,
      port: read?.port ?? null,
      address: addressIn(read),
      source: { kind: 'commandLine' },
      reason: read === null ? notAddress(value) : null,
    });
  }
  return set.length + given.length > 0;
}

export const prometheus: Family = {
  name: 'Prometheus',
  defaultFiles: [],
  defaultPatterns: ['/etc/default/prometheus*', '/etc/sysconfig/prometheus*', '/etc/sysconfig/*_exporter'],
  read(instance, reading) {
    const name = instance.path ?? instance.executable ?? instance.arguments[0] ?? '';
    // What the package manager kept is not used.
    if (/(?:\.(?:dpkg|ucf)-\w+|\.rpm\w+|~)$/.test(name)) return;
    const start = readServiceStart(instance, reading);
    const isSet = addOption('--web.listen-address', instance, reading, start);
    addOption('--cluster.listen-address', instance, reading, start);
    const fallback = defaults.find(([pattern]) => pattern.test(name))?.[1];
    if (!isSet && fallback !== undefined && (instance.pid !== null || reading.files.size > 0))
      reading.add({
        setting: '--web.listen-address',
        value: `:${fallback}`,
        port: fallback,
        source: { kind: 'default' },
      });
  },
  sideEffects: (_, { port, source }, to) => [
    ...(source.kind === 'file' ? unitSideEffects(source.file.path) : []),
    `what connects to port ${port} has to use port ${to}: the targets in prometheus.yml (scrape_configs, alerting), data sources of Grafana, and --web.external-url`,
  ],
};
