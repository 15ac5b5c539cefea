import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption, optionsOf } from '../readers/arguments.ts';
import { readJson } from '../readers/json.ts';
import { readLines, type LineSyntax } from '../readers/lines.ts';
import type { NamedValue } from '../readers/setting.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The last setting in any group that the server reads wins, in the order of the files, in which an include is at its
 * place. What SET PERSIST wrote comes after the files, and the command line after that. Dashes and underscores are
 * the same. https://dev.mysql.com/doc/refman/8.4/en/option-files.html, https://mariadb.com/kb/en/configuring-mariadb-with-option-files/
 */

const syntax: LineSyntax = { comments: '#;', trailing: '#', separators: '=', sections: true, quotes: 'backslash' };
const rank = { default: 0, environment: 1, file: 2, persisted: 1e6, commandLine: 2e6 } as const;
const deepestInclude = 10;
const ports = new Set(['port', 'mysqlx_port', 'admin_port', 'extra_port']);
/** A group that only some versions read: `[mysqld-8.0]`. */
const versioned = /^(?:mysqld|mariadb|mariadbd|server)-\d[\d.]*$/;
const serverGroup = /^(?:mysqld|mariadbd?|server|client-server|galera)$/;
const clientGroup = /^(?:client|client-mariadb|mysql|mariadb-client|mysqldump|mysqladmin|mariadb-dump|mariadb-admin)$/;

interface Found {
  order: number;
  readonly suffix: string;
  /** `bind-address`, and those of other ports: `mysqlx_bind_address`. */
  readonly addresses: Map<string, string>;
  dataFolder: string | null;
  isSkipped: boolean;
}

const optionName = (name: string): string => name.replaceAll('-', '_').replace(/^loose_/, '');

/** Splits `mysqld-10.11.port`: names have no dots. */
function splitName(whole: string): { group: string; name: string } {
  const at = whole.lastIndexOf('.');
  return { group: at < 0 ? '' : whole.slice(0, at), name: optionName(whole.slice(at + 1)) };
}

function addPort(
  reading: Reading,
  file: TextFile,
  setting: NamedValue,
  { group, found }: { group: string; found: Found },
): void {
  const { name } = splitName(setting.name);
  const isReference = clientGroup.test(group);
  const port = portOf(setting.value);
  const place = {
    setting: setting.name.slice(setting.name.lastIndexOf('.') + 1),
    value: setting.value,
    source: inFile(file, setting),
  };
  if (isReference) {
    if (port !== null && name === 'port')
      reading.add({ ...place, port, role: 'reference', source: inFile(file, setting, null) });
    return;
  }
  const version = versioned.test(group) ? `it counts only for version ${group.slice(group.indexOf('-') + 1)}` : null;
  reading.add({
    ...place,
    port: port === 0 ? null : port,
    key: name,
    rank: found.order++,
    reason: port === null ? 'the value is not a port' : port === 0 ? 'port 0 stands for the default' : version,
  });
}

/** Follows `!include FILE` and `!includedir FOLDER`; returns whether a line is one. */
function include(
  reading: Reading,
  file: TextFile,
  whole: string,
  { found, depth }: { found: Found; depth: number },
): boolean {
  const [, kind, target] = /(?:^|\.)!include(dir)?\s{1,100}(\S.{0,4095})$/.exec(whole) ?? [];
  if (target === undefined) return /(?:^|\.)!include/.test(whole);
  const { path, machine } = reading;
  const full = path.resolve(path.dirname(file.path), target.trim());
  const pattern = machine.platform === 'win32' ? /\.(?:cnf|ini)$/i : /\.cnf$/;
  const names = kind === undefined ? null : (machine.list(full) ?? []).filter((name) => pattern.test(name));
  if (depth >= deepestInclude) reading.gap(`${file.path} includes files more than ${deepestInclude} deep`);
  else
    for (const one of names === null ? [full] : names.map((name) => path.join(full, name))) {
      const included = reading.open(one);
      if (included !== null) addFile(reading, included, found, depth + 1);
    }
  return true;
}

function addFile(reading: Reading, file: TextFile, found: Found, depth = 0): void {
  for (const setting of reading.parse(file, (text) => readLines(text, syntax)) ?? []) {
    // The value of an include can have a `=`, and its path has dots.
    if (setting.name.includes('!include') && include(reading, file, setting.name, { found, depth })) continue;
    const { group: whole, name } = splitName(setting.name);
    const isSuffixed = found.suffix !== '' && whole.endsWith(found.suffix);
    const group = isSuffixed ? whole.slice(0, -found.suffix.length) : whole;
    const isServer = serverGroup.test(group) || versioned.test(group);
    if (!isServer && !clientGroup.test(group)) continue;
    if (ports.has(name)) addPort(reading, file, setting, { group, found });
    if (!isServer) continue;
    if (name.endsWith('bind_address')) found.addresses.set(name, setting.value);
    if (name === 'datadir') found.dataFolder = setting.value;
    if (name === 'skip_networking') found.isSkipped = !/^(?:0|off|false)$/i.test(setting.value);
  }
}

function addOther(reading: Reading, instance: Instance): void {
  const names = [...ports].flatMap((name) => [`--${name}`, `--${name.replaceAll('_', '-')}`]);
  for (const { name, value } of optionsOf(instance.arguments, ['-P', ...new Set(names)]))
    reading.add({
      setting: name,
      value,
      port: portOf(value),
      key: name === '-P' ? 'port' : optionName(name.slice(2)),
      rank: rank.commandLine,
      source: { kind: 'commandLine' },
    });
  const variable = instance.environment?.get('MYSQL_TCP_PORT');
  if (variable !== undefined)
    reading.add({
      setting: 'MYSQL_TCP_PORT',
      value: variable,
      port: portOf(variable),
      key: 'port',
      rank: rank.environment,
      source: { kind: 'environment' },
    });
}

/** What SET PERSIST wrote into the data folder, as MySQL has it. */
function addPersisted(reading: Reading, folder: string): void {
  const file = reading.open(reading.path.join(folder, 'mysqld-auto.cnf'), { optional: true });
  for (const setting of file === null ? [] : (reading.parse(file, readJson) ?? [])) {
    const [, name] = /\.(\w+)\.Value$/.exec(setting.name) ?? [];
    if (name === undefined || !ports.has(name)) continue;
    reading.add({
      setting: name,
      value: setting.value,
      port: portOf(setting.value),
      key: name,
      rank: rank.persisted,
      source: inFile(file!, setting),
    });
  }
}

/** The files that are read: all of them, unless --defaults-file names the only one. */
function filesOf(
  { arguments: args, executable, environment, path: given }: Instance,
  reading: Reading,
): { files: readonly string[]; isOnly: boolean } {
  const only = given ?? lastOption(args, ['--defaults-file'])?.value ?? null;
  if (only !== null) return { files: [only], isOnly: true };
  if (args.includes('--no-defaults')) return { files: [], isOnly: true };
  const extra = lastOption(args, ['--defaults-extra-file'])?.value;
  const home = environment?.get('MYSQL_HOME');
  const { path } = reading;
  const beside =
    executable === null || reading.machine.platform !== 'win32'
      ? []
      : [path.join(path.dirname(executable), '..', 'my.ini')];
  const more = [
    ...beside,
    ...(home === undefined ? [] : [path.join(home, 'my.cnf')]),
    ...(extra === undefined ? [] : [extra]),
  ];
  return { files: [...mysql.defaultFiles, ...more], isOnly: false };
}

const isMariaDb = ({ executable }: Instance): boolean => /mariadb/i.test(executable ?? '');

/** The arguments that select this configuration. */
const selection = ({ arguments: args }: Instance): string[] =>
  args.filter((argument) => /^--(?:defaults-|no-defaults)/.test(argument));

export const mysql: Family = {
  name: 'MySQL',
  defaultFiles: ['/etc/my.cnf', '/etc/mysql/my.cnf', 'C:\\Windows\\my.ini', 'C:\\my.ini'],
  defaultPatterns: ['C:\\ProgramData\\MySQL\\*\\my.ini', 'C:\\Program Files\\MariaDB*\\data\\my.ini'],
  read(instance, reading) {
    const { arguments: args } = instance;
    const suffix =
      lastOption(args, ['--defaults-group-suffix'])?.value ?? instance.environment?.get('MYSQL_GROUP_SUFFIX') ?? '';
    const found: Found = { order: rank.file, suffix, addresses: new Map(), dataFolder: null, isSkipped: false };
    const { files, isOnly } = filesOf(instance, reading);
    const real = new Set<string>();
    for (const path of files) {
      const file = reading.open(path, { optional: !isOnly });
      // Debian has links from one of these names to another.
      if (file === null || real.has(reading.machine.realPath(path) ?? path)) continue;
      real.add(reading.machine.realPath(path) ?? path);
      addFile(reading, file, found);
    }
    addOther(reading, instance);
    const folder = lastOption(args, ['--datadir', '-h'])?.value ?? found.dataFolder;
    if (folder !== null) addPersisted(reading, folder);
    if (instance.pid !== null || reading.places.some(({ role }) => role === 'listen') || reading.main !== null)
      reading.add({
        setting: 'port',
        value: '3306',
        port: 3306,
        key: 'port',
        rank: rank.default,
        source: { kind: 'default' },
      });
    const named = lastOption(args, ['--bind-address', '--bind_address'])?.value;
    for (const [index, place] of reading.places.entries()) {
      const own = place.key === null || place.key === 'port' ? '' : place.key.replace(/port$/, '');
      const given = (own === '' ? named : undefined) ?? found.addresses.get(`${own}bind_address`) ?? null;
      const address = given === '*' || given?.includes(',') === true ? null : given;
      const reason = found.isSkipped && place.role === 'listen' ? 'skip-networking switches TCP off' : place.reason;
      reading.places[index] = { ...place, address, reason };
    }
  },
  check(instance, reading) {
    const { executable } = instance;
    if (executable === null || reading.main === null) return null;
    // MariaDB has no check of its own; its help reads all files, and fails for an option that it does not know.
    const how = isMariaDb(instance) ? ['--help', '--verbose'] : ['--validate-config'];
    return { words: [executable, ...selection(instance), ...how] };
  },
  sideEffects: (_, place, port) => [
    `clients of MySQL that use port ${place.port} have to use port ${port}: connection strings, [client] of my.cnf and ~/.my.cnf, and replicas (CHANGE REPLICATION SOURCE, CHANGE MASTER)`,
  ],
};
