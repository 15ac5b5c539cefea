import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { portValue, type Placeholders } from '../placeholder.ts';
import { properties, readLines, textLines } from '../readers/lines.ts';
import type { NamedValue } from '../readers/setting.ts';
import { readYaml } from '../readers/yaml.ts';
import { inFile, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import { originOf, readServiceStart, sourceOf, startValues, unitSideEffects } from '../service-file.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The order of https://docs.spring.io/spring-boot/reference/features/external-config.html: files (those of a profile
 * after those without one, each folder after the one before, .properties after YAML, the last document last), then
 * environment variables, system properties, SPRING_APPLICATION_JSON, and arguments.
 */

const rank = { default: -1, inactive: -2, file: 0, environment: 1e6, system: 2e6, argument: 4e6 } as const;
const keys = ['server.port', 'management.server.port'] as const;
/** In one folder, the later ones win. */
const extensions = ['yaml', 'yml', 'properties'] as const;

const variableOf = (name: string): string => name.replaceAll('-', '').replaceAll('.', '_').toUpperCase();

function argumentOf(args: readonly string[], prefix: '--' | '-D', name: string): string | null {
  return args.findLast((one) => one.startsWith(`${prefix}${name}=`))?.slice(prefix.length + name.length + 1) ?? null;
}

/** A property outside of the files of the application. */
function given({ arguments: args, environment }: Instance, name: string): string | null {
  return argumentOf(args, '--', name) ?? argumentOf(args, '-D', name) ?? environment?.get(variableOf(name)) ?? null;
}

/** A document of a configuration file: its settings, and when it applies. */
interface Document {
  readonly file: TextFile;
  readonly settings: readonly NamedValue[];
  /** The profile in the name of the file, or the expression in the document. */
  readonly profiles: readonly string[];
}

/** The documents of a properties file, which `#---` separates. */
function propertiesDocuments(text: string): NamedValue[][] {
  const ends = [...textLines(text)].filter((line) => /^[#!]---[ \t]*$/.test(line.text)).map(({ start }) => start);
  const documents: NamedValue[][] = [...ends, 0].map(() => []);
  let document = 0;
  for (const setting of readLines(text, properties)) {
    while (document < ends.length && ends[document]! < setting.start) document++;
    documents[document]!.push(setting);
  }
  return documents;
}

function documentsOf(file: TextFile, reading: Reading): Document[] {
  const read = file.path.endsWith('.properties') ? propertiesDocuments : readYaml;
  const profile = /[\\/]\w+-([^\\/]+)\.\w+$/.exec(file.path)?.[1];
  return (reading.parse(file, read) ?? []).map((settings) => {
    const conditions = settings
      .filter(({ name }) => /^spring\.(?:config\.activate\.on-?profile|profiles)(?:\[\d+\])?$/i.test(name))
      .flatMap(({ value }) => value.split(','));
    const own = conditions.length === 0 ? [] : [conditions.map((one) => one.trim()).join(' | ')];
    return { file, settings, profiles: [...(profile === undefined ? [] : [profile]), ...own] };
  });
}

/** Returns whether a profile expression such as `prod & !cloud | test` holds; null for one in parentheses. */
function holds(expression: string, active: ReadonlySet<string>): boolean | null {
  if (/[()]/.test(expression)) return null;
  const isActive = (name: string): boolean =>
    name.startsWith('!') ? !active.has(name.slice(1).trim()) : active.has(name);
  return expression.split('|').some((all) => all.split('&').every((one) => isActive(one.trim())));
}

/** The folders in which the application looks for its files, and the name of the files. */
function placesOf(instance: Instance, reading: Reading): { folders: string[]; name: string } {
  const { path } = reading;
  const { workingDirectory, arguments: args } = instance;
  const name = given(instance, 'spring.config.name') ?? 'application';
  const resolved = (location: string): string[] => {
    const plain = location
      .trim()
      .replace(/^optional:/, '')
      .replace(/^file:/, '');
    if (plain.startsWith('classpath:') || plain === '') return [];
    const whole = path.resolve(workingDirectory ?? '/', plain);
    return plain.includes('*') ? reading.glob(whole.replace(/[\\/]$/, '')) : [whole];
  };
  const list = (property: string): string[] => given(instance, property)?.split(/[,;]/).flatMap(resolved) ?? [];
  // A build copies src/main/resources to the class path: what is written there is lost.
  const classes = args
    .flatMap((one) => one.split(path.delimiter))
    .map((one) => /^(.*)[\\/](?:target[\\/]classes|build[\\/]resources[\\/]main)[\\/]?$/.exec(one)?.[1])
    .filter((one) => one !== undefined)
    .map((project) => path.join(project, 'src/main/resources'));
  const beside = [...classes, ...(workingDirectory === null ? [] : [workingDirectory])].flatMap((folder) => [
    folder,
    path.join(folder, 'config'),
  ]);
  const nested =
    workingDirectory === null
      ? []
      : reading.glob(path.join(workingDirectory, 'config', '*')).filter((one) => reading.machine.list(one) !== null);
  const usual = [...beside, ...nested];
  const located = list('spring.config.location');
  return { folders: [...(located.length > 0 ? located : usual), ...list('spring.config.additional-location')], name };
}

/** Opens the files of an application, in the order in which they override each other. */
function filesOf(instance: Instance, reading: Reading): TextFile[] {
  const { path, machine } = reading;
  const { path: main } = instance;
  if (main !== null && reading.open(main) === null) return [];
  const { folders, name } =
    main === null
      ? placesOf(instance, reading)
      : { folders: [path.dirname(main)], name: path.basename(main).replace(/(?:-[^.]{1,255})?\.\w+$/, '') };
  const escaped = name.replaceAll(/[^\w-]/g, String.raw`\$&`);
  const paths = folders.flatMap((folder) => {
    // A location can be a file, too.
    const extension = extensions.findIndex((one) => folder.endsWith(`.${one}`));
    if (extension >= 0) return [folder];
    const names = machine.list(folder) ?? [];
    return extensions.flatMap((one) => {
      const pattern = new RegExp(String.raw`^${escaped}(?:-.+)?\.${one}$`);
      return names.filter((file) => pattern.test(file)).map((file) => path.join(folder, file));
    });
  });
  return paths.map((one) => reading.open(one, { optional: true })).filter((file) => file !== null);
}

/** The active profiles, in the order in which they override each other; null if they are unknown. */
function profilesOf(instance: Instance, documents: readonly Document[]): readonly string[] | null {
  const settings = documents.filter(({ profiles }) => profiles.length === 0).flatMap((document) => document.settings);
  // A list in YAML has a value for each item.
  const written = (name: string): string[] => {
    const found = settings.filter((one) => one.name.replace(/\[\d+\]$/, '') === name);
    return found.filter((one) => one.name !== name || one === found.at(-1)).flatMap(({ value }) => value.split(','));
  };
  const told = given(instance, 'spring.profiles.active')?.split(',');
  const all = [...written('spring.profiles.include'), ...(told ?? written('spring.profiles.active'))].map((one) =>
    one.trim(),
  );
  // A build can replace @name@.
  if (all.some((one) => /[$@]/.test(one))) return null;
  if (all.length > 0) return all;
  return instance.pid === null || instance.environment === null ? null : ['default'];
}

function placeholdersOf(instance: Instance, documents: readonly Document[]): Placeholders {
  // The last one with a name wins.
  const written = new Map(
    documents.flatMap(({ file, settings }) => settings.map((setting) => [setting.name, { file, setting }] as const)),
  );
  return {
    separator: ':',
    isComplete: instance.pid !== null && instance.environment !== null,
    find(name) {
      const { arguments: args, environment } = instance;
      const told = argumentOf(args, '--', name) ?? argumentOf(args, '-D', name);
      if (told !== null) return { value: told, source: { kind: 'commandLine' } };
      for (const variable of [name, variableOf(name)]) {
        const value = environment?.get(variable);
        if (value !== undefined) return { value, source: { kind: 'environment' }, name: variable };
      }
      const found = written.get(name);
      return found === undefined ? null : { value: found.setting.value, source: inFile(found.file, found.setting) };
    },
  };
}

/** Whether a document applies, and how it ranks. */
interface Applies {
  readonly rank: number;
  /** Distinct for what only applies with a profile, if the active ones are unknown. */
  readonly key: string;
  readonly reason: string | null;
}

function appliesOf({ file, profiles }: Document, active: readonly string[] | null, key: string): Applies {
  const order = profiles.length === 0 ? 0 : Math.max(0, ...profiles.map((one) => (active?.indexOf(one) ?? 0) + 1));
  const isNamed = /[\\/]\w+-[^\\/]+\.\w+$/.test(file.path);
  const written = profiles.join(' & ');
  if (profiles.length === 0) return { rank: rank.file, key, reason: null };
  const results = active === null ? [null] : profiles.map((one) => holds(one, new Set(active)));
  if (results.includes(false)) return { rank: rank.inactive, key, reason: `the profile ${written} is not active` };
  if (results.includes(null))
    return { rank: rank.file, key: `${key} ${written}`, reason: `only if the profile ${written} is active` };
  return { rank: rank.file + (isNamed ? order : 0), key, reason: null };
}

function addFiles(instance: Instance, documents: readonly Document[], reading: Reading): void {
  const active = profilesOf(instance, documents);
  const placeholders = placeholdersOf(instance, documents);
  for (const document of documents) {
    const applying = new Map(keys.map((key) => [key, appliesOf(document, active, key)]));
    for (const setting of document.settings) {
      const key = keys.find((one) => one === setting.name);
      if (
        setting.name === 'spring.config.import' &&
        !/^(?:optional:)?(?:classpath|configserver|vault|consul):/.test(setting.value)
      )
        reading.gap(`${document.file.path} imports ${setting.value}, which is not read`);
      if (key === undefined) continue;
      const applies = applying.get(key)!;
      const read = portValue(document.file, setting, placeholders);
      reading.add({
        setting: key,
        ...read,
        ...applies,
        value: setting.value,
        reason: [read.reason, applies.reason].filter((one) => one !== null).join('; ') || null,
      });
    }
  }
}

/** What is set outside of the files; a service gets it from its unit. */
function addGiven(instance: Instance, reading: Reading): void {
  const { arguments: args, environment, service } = instance;
  const start = service === null ? null : readServiceStart({ ...instance, path: null }, reading);
  const names = keys.flatMap((key) => [variableOf(key), `-D${key}`, `--${key}`]);
  const places = start === null ? [] : startValues(start, names);
  const add = (
    setting: string,
    value: string | null | undefined,
    one: Pick<NewConfiguredPort, 'key' | 'rank' | 'source'>,
  ): void => {
    if (value == null) return;
    const origin = originOf(setting, value, places);
    const { source, reason } = origin === null ? { source: one.source, reason: null } : sourceOf(origin);
    reading.add({
      ...one,
      setting,
      value,
      port: portOf(value) || null,
      source,
      reason: portOf(value) ? reason : 'the value is not a port to listen on',
    });
  };
  for (const key of keys) {
    const variable = variableOf(key);
    const commandLine = { key, source: { kind: 'commandLine' } } as const;
    add(variable, environment?.get(variable), { key, rank: rank.environment, source: { kind: 'environment' } });
    add(`-D${key}`, argumentOf(args, '-D', key), { ...commandLine, rank: rank.system });
    add(`--${key}`, argumentOf(args, '--', key), { ...commandLine, rank: rank.argument });
  }
  const json = environment?.get('SPRING_APPLICATION_JSON');
  if (json !== undefined && json.includes('server')) reading.gap('SPRING_APPLICATION_JSON can set the port, too');
}

const isPackaged = /-jar|spring-boot/;

export const springBoot: Family = {
  name: 'Spring Boot',
  defaultFiles: [],
  read(instance, reading) {
    const documents = filesOf(instance, reading).flatMap((file) => documentsOf(file, reading));
    addFiles(instance, documents, reading);
    addGiven(instance, reading);
    const isSpring = reading.places.length > 0 || instance.arguments.some((one) => /spring/i.test(one));
    const isSet = reading.places.some(({ key, rank: own }) => key === 'server.port' && own > rank.inactive);
    // Its JAR file is not read, and any other program can be started in the same way.
    if (instance.pid !== null && isSpring && !isSet)
      reading.add({
        setting: 'server.port',
        value: '8080',
        port: null,
        key: 'server.port',
        rank: rank.default,
        source: { kind: 'default' },
        reason: instance.arguments.some((one) => isPackaged.test(one))
          ? 'it is not set outside of the JAR file, which is not read; without it, the port is 8080'
          : 'it is not set in a file that was found; without it, the port is 8080',
      });
  },
  sideEffects: (_, { key, port, source }, to) => [
    ...(source.kind === 'file' ? unitSideEffects(source.file.path) : []),
    key?.startsWith('management') === true
      ? `health checks and the scrape_configs of Prometheus that use port ${port} have to use port ${to}`
      : `clients, proxies, and health checks that use port ${port} have to use port ${to}, and so do addresses of redirects (OAuth 2), and of CORS`,
  ],
};
