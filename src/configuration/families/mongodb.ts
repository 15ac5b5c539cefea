import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption, optionsOf } from '../readers/arguments.ts';
import { readLines, type LineSyntax } from '../readers/lines.ts';
import type { NamedValue } from '../readers/setting.ts';
import { readYaml } from '../readers/yaml.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The command line comes before the file, which is YAML; old ones are `port = 27017`.
 * https://www.mongodb.com/docs/manual/reference/configuration-options/
 */

const old: LineSyntax = { comments: '#', trailing: '#', separators: '=' };
const rank = { default: 0, file: 1, commandLine: 2 } as const;

interface Settings {
  readonly port: NamedValue | null;
  readonly address: string | null;
  readonly role: string;
  /** Whether a part of the file is made by a program or a web service. */
  readonly isExpanded: boolean;
}

/** Whether the first setting of a text is `name = value`, as in the files of version 2.4 and earlier. */
const isOld = (text: string): boolean => /^[ \t]*\w+\s*=/m.test(text) && !/^[ \t]*\w+\s*:/m.test(text);

function settingsOf(text: string): Settings {
  if (isOld(text)) {
    const settings = readLines(text, old);
    const last = (name: string): NamedValue | null => settings.findLast((one) => one.name === name) ?? null;
    const isTrue = (name: string): boolean => last(name)?.value === 'true';
    const role = isTrue('configsvr') ? 'configsvr' : isTrue('shardsvr') ? 'shardsvr' : '';
    return { port: last('port'), address: last('bind_ip')?.value ?? null, role, isExpanded: false };
  }
  const settings = readYaml(text)[0] ?? [];
  const last = (name: string): NamedValue | null => settings.findLast((one) => one.name === name) ?? null;
  return {
    port: last('net.port'),
    address: last('net.bindIp')?.value ?? null,
    role: last('sharding.clusterRole')?.value ?? '',
    isExpanded: settings.some(({ name }) => /^(?:net\.(?:port\.)?)?__(?:rest|exec)$/.test(name)),
  };
}

const standardPort = (role: string, args: readonly string[]): number =>
  role === 'configsvr' || args.includes('--configsvr')
    ? 27_019
    : role === 'shardsvr' || args.includes('--shardsvr')
      ? 27_018
      : 27_017;

function mainOf({ arguments: args, path: given, pid, workingDirectory }: Instance, reading: Reading): TextFile | null {
  const named = lastOption(args, ['--config', '-f'])?.value ?? null;
  if (given !== null) return reading.open(given);
  if (named !== null) return reading.open(reading.path.resolve(workingDirectory ?? '/', named));
  // It reads a file only if the command line names it; the package's service does.
  return pid === null ? reading.openFirst(mongodb.defaultFiles) : null;
}

function addCommandLine(reading: Reading, args: readonly string[]): void {
  for (const { name, value } of optionsOf(args, ['--port']))
    reading.add({
      setting: name,
      value,
      port: portOf(value),
      key: 'port',
      rank: rank.commandLine,
      source: { kind: 'commandLine' },
    });
}

export const mongodb: Family = {
  name: 'MongoDB',
  defaultFiles: ['/etc/mongod.conf', '/etc/mongodb.conf', '/etc/mongos.conf'],
  defaultPatterns: ['C:\\Program Files\\MongoDB\\Server\\*\\bin\\mongod.cfg'],
  read(instance, reading) {
    const { arguments: args } = instance;
    const main = mainOf(instance, reading);
    const settings = main === null ? null : reading.parse(main, settingsOf);
    if (settings?.port != null)
      reading.add({
        setting: settings.port.name,
        value: settings.port.value,
        port: portOf(settings.port.value),
        key: 'port',
        rank: rank.file,
        source: inFile(main!, settings.port),
        reason: portOf(settings.port.value) === null ? 'the value is not a port' : null,
      });
    else if (settings?.isExpanded === true)
      reading.gap(`${main!.path} has a value that a program or a web service returns (__exec, __rest)`);
    addCommandLine(reading, args);
    const standard = standardPort(settings?.role ?? '', args);
    if (settings !== null || (main === null && instance.pid !== null))
      reading.add({
        setting: 'net.port',
        value: String(standard),
        port: standard,
        key: 'port',
        rank: rank.default,
        source: { kind: 'default' },
      });
    const given = lastOption(args, ['--bind_ip'])?.value ?? settings?.address ?? null;
    const address = given === null || /[,*/]/.test(given) ? null : given;
    for (const [index, place] of reading.places.entries()) reading.places[index] = { ...place, address };
  },
  sideEffects: (_, place, port) => [
    `clients of MongoDB that use port ${place.port} have to use port ${port}`,
    'the members of a replica set have to know the new port before (rs.reconfig), and so do the routers of a sharded cluster',
  ],
};
