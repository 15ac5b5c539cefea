import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { properties, readLines } from '../readers/lines.ts';
import { partOf, type NamedValue } from '../readers/setting.ts';
import { addressAndPort, inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * zoo.cfg: https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_configuration. It is a properties file, in
 * which the last line with a name wins. The system property zookeeper.admin.serverPort counts if the file does not set it.
 */

const ports = ['clientPort', 'secureClientPort', 'admin.serverPort', 'metricsProvider.httpPort'] as const;

/** Adds the ports of `server.1=host:2888:3888:participant;2181`: they are those of this server if the number is its own. */
function addServer(file: TextFile, setting: NamedValue, isOwn: boolean, reading: Reading): void {
  const [, before, quorum, between, election, role, client] =
    /^((?:\[[^\]]*\]|[^:;\s]+):)(\d{1,5})(:)(\d{1,5})(:\w+)?(?:;(\S+))?$/.exec(setting.value) ?? [];
  if (before === undefined) return;
  const role_ = isOwn ? 'listen' : 'reference';
  const address = before.slice(0, -1).replaceAll(/[[\]]/g, '');
  const add = (text: string, start: number, at: string | null): void =>
    reading.add({
      role: role_,
      setting: setting.name,
      value: setting.value,
      port: portOf(text),
      address: at,
      source: inFile(file, setting, partOf(setting, start, start + text.length)),
    });
  add(quorum!, before.length, address);
  const second = before.length + quorum!.length + between!.length;
  add(election!, second, address);
  const given = client === undefined ? null : addressAndPort(client);
  if (given !== null)
    add(String(given.port), second + election!.length + (role?.length ?? 0) + 1 + given.start, given.address);
}

function mainOf({ arguments: args, path: given, workingDirectory }: Instance, reading: Reading): TextFile | null {
  if (given !== null) return reading.open(given);
  if (args.length === 0) return reading.openFirst(zookeeper.defaultFiles);
  const at = args.findIndex((one) => /zookeeper\.server\.(?:quorum\.QuorumPeerMain|ZooKeeperServerMain)$/.test(one));
  const named = at < 0 ? undefined : args[at + 1];
  if (named === undefined) reading.gap('the file of ZooKeeper is unknown: name its zoo.cfg with --path');
  else if (portOf(named) !== null)
    reading.add({ setting: 'clientPort', value: named, port: portOf(named), source: { kind: 'commandLine' } });
  else return reading.open(reading.path.resolve(workingDirectory ?? '/', named));
  return null;
}

/** The number of this server, in the file myid of its data; null if unknown. */
function ownNumber(settings: readonly NamedValue[], reading: Reading): string | null {
  const folder = settings.findLast(({ name }) => name === 'dataDir')?.value;
  const read = folder === undefined ? null : reading.machine.read(reading.path.join(folder, 'myid'));
  return read?.bytes == null ? null : Buffer.from(read.bytes).toString('latin1').trim();
}

/** Returns why a port is not used; null if it is. */
function offReason(name: (typeof ports)[number], valueOf: (name: string) => string | null): string | null {
  if (name === 'admin.serverPort' && valueOf('admin.enableServer') === 'false')
    return 'admin.enableServer switches it off';
  return name === 'metricsProvider.httpPort' && valueOf('metricsProvider.className') === null
    ? 'it is not used without metricsProvider.className'
    : null;
}

export const zookeeper: Family = {
  name: 'ZooKeeper',
  defaultFiles: ['/etc/zookeeper/conf/zoo.cfg', '/etc/zookeeper/zoo.cfg', '/opt/zookeeper/conf/zoo.cfg'],
  read(instance, reading) {
    const main = mainOf(instance, reading);
    const settings = main === null ? null : reading.parse(main, (text) => readLines(text, properties));
    if (main === null || settings === null) return;
    const number = ownNumber(settings, reading);
    const valueOf = (name: string): string | null => settings.findLast((one) => one.name === name)?.value ?? null;
    for (const name of ports) {
      const address =
        name === 'clientPort'
          ? valueOf('clientPortAddress')
          : name === 'admin.serverPort'
            ? valueOf('admin.serverAddress')
            : null;
      const off = offReason(name, valueOf);
      for (const [index, setting] of settings.filter((one) => one.name === name).entries())
        reading.add({
          setting: name,
          value: setting.value,
          port: off === null ? portOf(setting.value) || null : null,
          address,
          key: name,
          rank: index,
          source: inFile(main, setting),
          reason: off ?? (portOf(setting.value) ? null : 'the value is not a port to listen on'),
        });
      if (name !== 'admin.serverPort' || off !== null) continue;
      const option = `-Dzookeeper.${name}=`;
      const told = instance.arguments.findLast((one) => one.startsWith(option))?.slice(option.length);
      if (told !== undefined)
        reading.add({
          setting: option.slice(0, -1),
          value: told,
          port: portOf(told),
          address,
          key: name,
          rank: -1,
          source: { kind: 'commandLine' },
        });
      reading.add({
        setting: name,
        value: '8080',
        port: 8080,
        address,
        key: name,
        rank: -2,
        source: { kind: 'default' },
      });
    }
    for (const setting of settings)
      if (/^server\.\d+$/.test(setting.name)) addServer(main, setting, setting.name.slice(7) === number, reading);
    const dynamic = valueOf('dynamicConfigFile');
    if (dynamic === null) return;
    const file = reading.open(dynamic);
    for (const setting of file === null ? [] : (reading.parse(file, (text) => readLines(text, properties)) ?? []))
      if (/^server\.\d+$/.test(setting.name)) addServer(file!, setting, setting.name.slice(7) === number, reading);
  },
  sideEffects: (_, { setting, port }, to) =>
    setting.startsWith('server.')
      ? [`every other server of the ensemble has to have port ${to} instead of ${port} in its ${setting}`]
      : setting.includes('lientPort')
        ? [`clients of ZooKeeper that use port ${port} have to use port ${to}: zookeeper.connect of Kafka, for example`]
        : [],
};
