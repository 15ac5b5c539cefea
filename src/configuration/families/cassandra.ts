import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { readYaml } from '../readers/yaml.ts';
import { readEnv } from '../readers/lines.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * cassandra.yaml: https://cassandra.apache.org/doc/latest/cassandra/managing/configuration/cass_yaml_file.html; a system
 * property `cassandra.NAME` wins over it. JMX_PORT is in cassandra-env.sh beside it.
 */

const ports = [
  { name: 'native_transport_port', address: 'rpc_address', fallback: 9042 },
  { name: 'native_transport_port_ssl', address: 'rpc_address', fallback: null },
  { name: 'storage_port', address: 'listen_address', fallback: 7000 },
  { name: 'ssl_storage_port', address: 'listen_address', fallback: null },
] as const;

const property = (args: readonly string[], name: string): string | null =>
  args.findLast((one) => one.startsWith(`-D${name}=`))?.slice(name.length + 3) ?? null;

function mainOf({ arguments: args, path: given, environment }: Instance, reading: Reading): TextFile | null {
  if (given !== null) return reading.open(given);
  const named = property(args, 'cassandra.config')?.replace(/^file:(?:\/\/)?/, '');
  if (named !== undefined) return reading.open(named);
  const folder = environment?.get('CASSANDRA_CONF');
  // The script puts the folder of the configuration first in the class path.
  const classPath =
    args[args.findIndex((one) => one === '-cp' || one === '-classpath') + 1]?.split(reading.path.delimiter) ?? [];
  const folders = [...(folder === undefined ? [] : [folder]), ...(args.length > 1 ? classPath.slice(0, 1) : [])];
  return reading.openFirst([
    ...folders.map((one) => reading.path.join(one, 'cassandra.yaml')),
    ...cassandra.defaultFiles,
  ]);
}

/** The port of nodetool, in a script that the start of Cassandra runs. */
function addJmx(instance: Instance, main: TextFile, reading: Reading): void {
  const file = reading.open(reading.path.join(reading.path.dirname(main.path), 'cassandra-env.sh'), { optional: true });
  const given =
    property(instance.arguments, 'cassandra.jmx.local.port') ??
    property(instance.arguments, 'cassandra.jmx.remote.port');
  const found = file === null ? undefined : readEnv(file.text).findLast(({ name }) => name === 'JMX_PORT');
  if (found !== undefined && (given === null || given === found.value))
    reading.add({
      setting: 'JMX_PORT',
      value: found.value,
      port: portOf(found.value),
      source: inFile(file!, found),
      reason: portOf(found.value) === null ? 'the value is not a port' : null,
    });
  else if (given !== null)
    reading.add({
      setting: '-Dcassandra.jmx.local.port',
      value: given,
      port: portOf(given),
      source: { kind: 'commandLine' },
    });
}

export const cassandra: Family = {
  name: 'Cassandra',
  defaultFiles: [
    '/etc/cassandra/cassandra.yaml',
    '/etc/cassandra/conf/cassandra.yaml',
    '/opt/cassandra/conf/cassandra.yaml',
  ],
  read(instance, reading) {
    const main = mainOf(instance, reading);
    const settings = main === null ? null : (reading.parse(main, readYaml)?.flat() ?? null);
    if (main === null || settings === null) return;
    const valueOf = (name: string): string | null => settings.findLast((one) => one.name === name)?.value ?? null;
    for (const { name, address: addressName, fallback } of ports) {
      const address = valueOf(addressName);
      const shared = { key: name, address: address === '0.0.0.0' ? null : address };
      for (const setting of settings)
        if (setting.name === name)
          reading.add({
            ...shared,
            setting: name,
            value: setting.value,
            port: portOf(setting.value),
            rank: 1,
            source: inFile(main, setting),
            reason: portOf(setting.value) === null ? 'the value is not a port' : null,
          });
      const given = property(instance.arguments, `cassandra.${name}`);
      if (given !== null)
        reading.add({
          ...shared,
          setting: `-Dcassandra.${name}`,
          value: given,
          port: portOf(given),
          rank: 2,
          source: { kind: 'commandLine' },
        });
      if (fallback !== null)
        reading.add({
          ...shared,
          setting: name,
          value: String(fallback),
          port: fallback,
          rank: 0,
          source: { kind: 'default' },
        });
    }
    addJmx(instance, main, reading);
  },
  sideEffects: (_, { setting, port }, to) =>
    setting === 'JMX_PORT'
      ? [`nodetool has to be called with -p ${to}`]
      : setting.includes('storage_port')
        ? [
            `every node of the cluster has to use port ${to} instead of ${port} for ${setting}, or the address with its port among its seeds`,
          ]
        : [`clients of Cassandra that use port ${port} have to use port ${to}, cqlsh among them`],
};
