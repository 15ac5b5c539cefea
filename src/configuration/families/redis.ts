import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { optionsOf } from '../readers/arguments.ts';
import { readWords } from '../readers/lines.ts';
import { inFile, portOf, Reading } from '../reading.ts';
import { readServiceStart } from '../service-file.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The last setting wins, in the order of the file, in which an include is at its place; options on the command line
 * come after the file. https://redis.io/docs/latest/operate/oss_and_stack/management/config/
 */

const commandLine = 1_000_000;
const deepestInclude = 16;

interface Progress {
  order: number;
  address: string | null;
  isCluster: boolean;
}

function addFile(reading: Reading, file: TextFile, progress: Progress, depth = 0): void {
  for (const [name, value] of reading.parse(file, (text) => readWords(text)) ?? []) {
    if (name === undefined || value === undefined) continue;
    const key = name.value.toLowerCase();
    if (key === 'port' || key === 'tls-port')
      reading.add({
        setting: key,
        value: value.value,
        port: portOf(value.value),
        key,
        rank: progress.order++,
        source: inFile(file, value),
        reason: portOf(value.value) === null ? 'the value is not a port' : null,
      });
    if (key === 'bind') progress.address = value.value.replace(/^-/, '');
    if (key === 'cluster-enabled' && value.value === 'yes') progress.isCluster = true;
    if (key !== 'include') continue;
    if (depth >= deepestInclude) return reading.gap(`${file.path} includes files more than ${deepestInclude} deep`);
    for (const path of reading.glob(value.value)) {
      const included = reading.open(path);
      if (included !== null) addFile(reading, included, progress, depth + 1);
    }
  }
}

/** Redis writes a title over its arguments, `redis-server 127.0.0.1:6379`, unless `set-proc-title no` is set. */
const titled = /^\S*(?:redis|valkey)-server (?:\S*):(\d+)(?: \[\w+\])?$/;

/** The configuration file among the arguments: the first one, if it is not an option. */
function fileOf(args: readonly string[]): string | null {
  const [, first] = args;
  return first !== undefined && first !== '-' && !first.startsWith('--') && args.length > 1 ? first : null;
}

/** The configuration file that the unit of a service names: its title may show a port that the file had before. */
function fileOfUnit({ service, serviceUser }: Instance, { machine }: Reading): string | null {
  if (service === null) return null;
  const { commands } = readServiceStart({ service, serviceUser, path: null }, new Reading(machine));
  const [words = []] = readWords(commands.at(-1)?.value ?? '', '');
  return fileOf(words.map(({ value }) => value));
}

/** More files of one folder are not read. */
const mostBeside = 32;

/** What a file says about the server that uses it: its ports, and where that writes its process ID. */
function marksOf(
  path: string,
  { machine }: Reading,
): { readonly ports: readonly number[]; readonly pid: string | null } {
  const { bytes } = machine.read(path);
  if (bytes === null) return { ports: [], pid: null };
  const lines = readWords(Buffer.from(bytes).toString('latin1'));
  const last = (key: string): string | undefined =>
    lines.findLast(([name]) => name?.value.toLowerCase() === key)?.[1]?.value;
  const file = last('pidfile');
  const written = file === undefined ? null : machine.read(file).bytes;
  return {
    ports: [last('port') ?? '6379', last('tls-port')].flatMap((value) => portOf(value ?? '') ?? []),
    pid: written == null ? null : Buffer.from(written).toString('latin1').trim(),
  };
}

/**
 * Returns the file that a server started from, which its title no longer shows: one that names the file with its process
 * ID, or else the only one in its folder, or the first in a usual place, with the port of the title.
 */
function fileOfTitle(port: number, { pid, workingDirectory }: Instance, reading: Reading): string | null {
  const { machine, path } = reading;
  const folder = workingDirectory ?? '/';
  const beside = (machine.list(folder) ?? [])
    .filter((name) => name.endsWith('.conf'))
    .slice(0, mostBeside)
    .map((name) => path.join(folder, name));
  const marks = new Map([...beside, ...redis.defaultFiles].map((one) => [one, marksOf(one, reading)]));
  const proved = [...marks].find(([, one]) => one.pid === String(pid))?.[0];
  const hasPort = (one: string): boolean => marks.get(one)!.ports.includes(port);
  const own = beside.filter(hasPort);
  return proved ?? (own.length > 1 ? null : (own[0] ?? redis.defaultFiles.find(hasPort) ?? null));
}

function mainOf(instance: Instance, reading: Reading): TextFile | null {
  const { arguments: args, path: given, workingDirectory } = instance;
  const { path } = reading;
  const title = titled.exec(args.join(' ').trim());
  if (given !== null) return reading.open(given);
  if (title === null) {
    const named = fileOf(args);
    if (named !== null) return reading.open(path.resolve(workingDirectory ?? '/', named));
    return args.length <= 1 ? reading.openFirst(redis.defaultFiles) : null;
  }
  const found = fileOfUnit(instance, reading) ?? fileOfTitle(Number(title[1]), instance, reading);
  if (found !== null) return reading.open(found);
  reading.gap('Redis replaced its arguments with a title, and no known file has its port: name the file with --path');
  return null;
}

export const redis: Family = {
  name: 'Redis',
  defaultFiles: ['/etc/redis/redis.conf', '/etc/redis.conf', '/etc/valkey/valkey.conf', '/usr/local/etc/redis.conf'],
  read(instance, reading) {
    const progress: Progress = { order: 1, address: null, isCluster: false };
    const main = mainOf(instance, reading);
    if (main !== null) addFile(reading, main, progress);
    if (!titled.test(instance.arguments.join(' ').trim()))
      for (const { name, value } of optionsOf(instance.arguments, ['--port', '--tls-port']))
        reading.add({
          setting: name,
          value,
          port: portOf(value),
          key: name.slice(2),
          rank: commandLine,
          source: { kind: 'commandLine' },
        });
    if (main !== null || instance.pid !== null)
      reading.add({ setting: 'port', value: '6379', port: 6379, key: 'port', rank: 0, source: { kind: 'default' } });
    for (const [index, place] of reading.places.entries()) {
      // 0 switches a port off.
      if (place.port === 0) reading.places[index] = { ...place, port: null, reason: 'port 0 switches it off' };
      else reading.places[index] = { ...place, address: progress.address };
    }
  },
  sideEffects: (_, place, port) => [
    `clients of Redis that use port ${place.port} have to use port ${port}, and so do replicas (replicaof), Sentinel, and the nodes of a cluster`,
  ],
};
