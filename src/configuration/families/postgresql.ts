import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import type { Account } from '../../system/configuration.ts';
import { lastOption, optionsOf } from '../readers/arguments.ts';
import { readLines, type LineSyntax } from '../readers/lines.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * Of all settings of one parameter, the last one wins; postgresql.auto.conf is read after postgresql.conf, and the
 * command line and PGPORT come before and after both.
 * https://www.postgresql.org/docs/current/config-setting.html
 */

const syntax: LineSyntax = {
  comments: '#',
  trailing: '#',
  separators: '= ',
  quotes: 'doubled',
  ignoresCase: true,
};
const rank = { default: 0, environment: 1, file: 2, autoFile: 3, commandLine: 4 } as const;
const deepestInclude = 10;

interface Listening {
  addresses: string | null;
}

function addFile(reading: Reading, file: TextFile, found: Listening, depth = 0): void {
  const { path } = reading;
  const folder = path.dirname(file.path);
  const isAuto = path.basename(file.path) === 'postgresql.auto.conf';
  for (const setting of reading.parse(file, (text) => readLines(text, syntax)) ?? []) {
    if (setting.name === 'listen_addresses') found.addresses = setting.value;
    if (setting.name === 'port')
      reading.add({
        setting: 'port',
        value: setting.value,
        port: portOf(setting.value),
        key: 'port',
        rank: isAuto ? rank.autoFile : rank.file,
        source: inFile(file, setting),
        reason: portOf(setting.value) === null ? 'the value is not a port' : null,
      });
    if (!/^include(?:_if_exists|_dir)?$/.test(setting.name)) continue;
    if (depth >= deepestInclude) return reading.gap(`${file.path} includes files more than ${deepestInclude} deep`);
    const whole = path.resolve(folder, setting.value);
    const files = setting.name === 'include_dir' ? reading.glob(path.join(whole, '*.conf')) : [whole];
    for (const one of files) {
      const included = reading.open(one, { optional: setting.name === 'include_if_exists' });
      if (included !== null) addFile(reading, included, found, depth + 1);
    }
  }
}

/** The folder of the data, and the configuration file. */
function placesOf({ arguments: args, environment, path: given, workingDirectory }: Instance, reading: Reading) {
  const { path } = reading;
  const data = lastOption(args, ['-D'])?.value ?? environment?.get('PGDATA') ?? null;
  const options = optionsOf(args, ['-c', '--config_file', '--config-file']);
  const named = options
    .findLast(({ name, value }) => name !== '-c' || /^config[_-]file=/.test(value))
    ?.value.replace(/^config[_-]file=/, '');
  const base = workingDirectory ?? '/';
  const files = [
    given,
    named === undefined ? null : path.resolve(base, named),
    data === null ? null : path.resolve(base, data, 'postgresql.conf'),
  ];
  return { data: data === null ? workingDirectory : path.resolve(base, data), files };
}

/** Options such as `-c port=5433`, `--port=5433`, and `-p 5433`. */
function addCommandLine(reading: Reading, { arguments: args }: Instance): void {
  for (const { name, value } of optionsOf(args, ['-p', '--port', '-c'])) {
    const text = name === '-c' ? (/^port=(.*)$/.exec(value)?.[1] ?? null) : value;
    if (text === null) continue;
    reading.add({
      setting: name === '-c' ? '-c port' : name,
      value: text,
      port: portOf(text),
      key: 'port',
      rank: rank.commandLine,
      source: { kind: 'commandLine' },
    });
  }
}

/** The file that a restarted server has to write its log to, or why it cannot be restarted. */
function logOf(
  { pid, arguments: args }: Instance,
  reading: Reading,
  owner: Account,
): { readonly path: string } | { readonly obstacle: string } {
  const { machine } = reading;
  const path = pid === null ? null : machine.errorOutput(pid);
  if (path === null) {
    // The collector writes the log itself; the server has only a pipe to it.
    const isCollected = optionsOf(args, ['-c', '--logging_collector', '--logging-collector'])
      .map(({ name, value }) => (name === '-c' ? value : `logging_collector=${value}`))
      .findLast((one) => /^logging[_-]collector=/.test(one));
    const inFiles = reading.files
      .values()
      .flatMap((file) => readLines(file.text, syntax))
      .filter(({ name }) => name === 'logging_collector')
      .reduce((_, { value }) => value, 'off');
    const value = isCollected?.slice(isCollected.indexOf('=') + 1) ?? inFiles;
    if (/^(?:on|t(?:r(?:ue?)?)?|y(?:es?)?|1)$/i.test(value)) return { path: '/dev/null' };
    return { obstacle: 'its output goes to a terminal or a program, which has to start it again' };
  }
  if (path === '/dev/null') return { path };
  // pg_ctl writes the name into a command of a shell.
  const isPlain = /^[\w./@+,:=~ -]{1,4096}$/.test(path);
  const isWritable = isPlain && machine.run({ words: ['/usr/bin/test', '-w', path], as: owner }).status === 0;
  return isWritable ? { path } : { obstacle: `its log ${path} cannot be continued after a restart` };
}

function programBeside({ executable }: Instance, reading: Reading, name: string): string | null {
  return executable === null ? null : reading.path.join(reading.path.dirname(executable), name);
}

export const postgresql: Family = {
  name: 'PostgreSQL',
  defaultFiles: [],
  defaultPatterns: [
    '/etc/postgresql/*/*/postgresql.conf',
    '/var/lib/pgsql/data/postgresql.conf',
    '/var/lib/pgsql/*/data/postgresql.conf',
  ],
  read(instance, reading) {
    const { data, files } = placesOf(instance, reading);
    const found: Listening = { addresses: null };
    const main = reading.openFirst(files);
    if (main !== null) {
      addFile(reading, main, found);
      const named = readLines(main.text, syntax).findLast(({ name }) => name === 'data_directory')?.value;
      const folder = named ?? data ?? reading.path.dirname(main.path);
      const auto = reading.open(reading.path.join(folder, 'postgresql.auto.conf'), { optional: true });
      if (auto !== null) addFile(reading, auto, found);
    } else if (instance.pid !== null) reading.gap('postgresql.conf was not found');
    const variable = instance.environment?.get('PGPORT');
    if (variable !== undefined)
      reading.add({
        setting: 'PGPORT',
        value: variable,
        port: portOf(variable),
        key: 'port',
        rank: rank.environment,
        source: { kind: 'environment' },
      });
    addCommandLine(reading, instance);
    const address = found.addresses?.split(',').length === 1 && found.addresses !== '*' ? found.addresses.trim() : null;
    if (main !== null || instance.pid !== null)
      reading.add({
        setting: 'port',
        value: '5432',
        port: 5432,
        key: 'port',
        rank: rank.default,
        source: { kind: 'default' },
      });
    for (const [index, place] of reading.places.entries()) reading.places[index] = { ...place, address };
  },
  // It refuses to run as root, and only its own user can read the data.
  check(instance, reading) {
    const { data } = placesOf(instance, reading);
    const program = instance.executable;
    const owner = data === null ? null : reading.machine.ownerOf(data);
    if (program === null || data === null || owner === null || reading.main === null) return null;
    return {
      words: [program, '-C', 'port', '-D', data, '-c', `config_file=${reading.main}`],
      as: owner,
      workingDirectory: data,
    };
  },
  reload(instance, reading) {
    const { data } = placesOf(instance, reading);
    const program = programBeside(instance, reading, 'pg_ctl');
    const owner = data === null ? null : reading.machine.ownerOf(data);
    if (program === null || data === null || owner === null || reading.machine.platform !== 'linux') return null;
    const log = logOf(instance, reading, owner);
    if ('obstacle' in log) return log;
    return {
      call: {
        words: [program, 'restart', '-w', '-s', '-m', 'fast', '-D', data, '-l', log.path],
        as: owner,
        workingDirectory: data,
      },
    };
  },
  sideEffects: (_, place, port) => [
    `clients of PostgreSQL that use port ${place.port} have to use port ${port}: connection strings, PGPORT, .pgpass`,
  ],
};
