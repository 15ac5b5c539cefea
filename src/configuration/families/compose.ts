import type { Family } from '../family.ts';
import { readEnv } from '../readers/lines.ts';
import { partOf, type NamedValue, type Word } from '../readers/setting.ts';
import { readYaml } from '../readers/yaml.ts';
import { inFile, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The host side of `[[address:]host:]container[/protocol]`, and `published` of the long form; the lists of an override
 * file add to those of the first file.
 * https://docs.docker.com/reference/compose-file/services/#ports, https://docs.docker.com/reference/compose-file/merge/
 */

const baseNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = baseNames.map((name) => name.replace('.y', '.override.y'));
const deepestInclude = 16;

/** A port of the host as it is written, with its position in the value. */
interface HostPort {
  readonly text: string;
  readonly start: number;
  readonly address: string | null;
  readonly protocol: 'TCP' | 'UDP';
}

/** Where a colon is that does not belong to a variable or to an address in brackets. */
function colonsIn(text: string): number[] {
  const plain = text.replace(/\$\{[^}]{0,1000}\}|\[[^\]]{0,100}\]/g, (part) => '_'.repeat(part.length));
  return [...plain.matchAll(/:/g)].map(({ index }) => index);
}

/** Reads the short form; null if Docker chooses the port of the host. */
function hostPort(value: string): HostPort | null {
  const slash = /\/(\w+)$/.exec(value);
  const colons = colonsIn(value);
  const end = colons.at(-1);
  if (end === undefined) return null;
  // An IPv6 address needs no brackets: the port is after its last colon.
  const before = colons.at(-2);
  const start = before === undefined ? 0 : before + 1;
  if (start === end) return null;
  const address = before === undefined ? null : value.slice(0, before).replace(/^\[|\]$/g, '');
  const protocol = slash?.[1]?.toLowerCase() === 'udp' ? 'UDP' : 'TCP';
  return { text: value.slice(start, end), start, address, protocol };
}

/** `${NAME}`, `${NAME:-8080}`, `$NAME`. */
const variable = /^\$(?:\{(\w+)(?:(:?-)([^{}]*)|:?[?+][^{}]*)?\}|(\w+))$/;

interface Project {
  readonly reading: Reading;
  /** The folder that has .env. */
  readonly folder: string;
  /** Those of .env in each folder. */
  readonly variables: Map<string, ReadonlyMap<string, Setting>>;
  /** What files say, which can be included several times. */
  readonly settings: Map<TextFile, readonly NamedValue[]>;
  readonly count: number;
}

/** A value of .env. */
interface Setting {
  readonly file: TextFile;
  readonly setting: NamedValue;
}

/** A published port, in whatever form. */
interface Published extends HostPort {
  readonly file: TextFile;
  readonly word: Word;
  readonly setting: string;
  readonly note: string | null;
}

const mostPortsOfRange = 1000;

function addPublished(
  project: Project,
  { text, start, address, protocol, file, word, setting, note }: Published,
): void {
  const { reading } = project;
  const common = { setting, value: word.value, protocol, address, reason: note };
  const at = (from: number, to: number) => inFile(file, word, partOf(word, from, to));
  const named = variable.exec(text);
  if (named !== null) return addVariable(project, common, { named, file, word, start });
  const port = portOf(text);
  if (port !== null) return reading.add({ ...common, port, source: at(start, start + text.length) });
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const [from, to] = [portOf(first ?? ''), portOf(last ?? '')];
  if (from !== null && to !== null && from <= to && to - from < mostPortsOfRange)
    for (let one = from; one <= to; one++)
      reading.add({ ...common, port: one, source: inFile(file, word, null), reason: `it is one of the ports ${text}` });
  else
    reading.add({
      ...common,
      port: null,
      source: inFile(file, word, null),
      reason: text.includes('$') ? 'the value contains a variable' : 'the value is not a port',
    });
}

/** The variables of .env in the folder of a project. */
function variablesOf({ reading, folder, variables }: Project): ReadonlyMap<string, Setting> {
  const known = variables.get(folder);
  if (known !== undefined) return known;
  const file = reading.open(reading.path.join(folder, '.env'), { optional: true });
  const settings = file === null ? [] : (reading.parse(file, readEnv) ?? []);
  const found = new Map(settings.map((setting) => [setting.name, { file: file!, setting }]));
  variables.set(folder, found);
  return found;
}

/** A port from a variable: that of .env wins over the default in the file, and the shell over both. */
function addVariable(
  project: Project,
  common: Omit<NewConfiguredPort, 'port' | 'source'>,
  { named, file, word, start }: { named: RegExpExecArray; file: TextFile; word: Word; start: number },
): void {
  const { reading } = project;
  const [, braced, operator, fallback, plain] = named;
  const name = braced ?? plain!;
  const key = `${name} ${project.count} ${word.start} ${file.path}`;
  const reason = `the environment variable ${name} of the shell overrides it`;
  const set = variablesOf(project).get(name);
  if (fallback !== undefined) {
    const from = start + named[0].indexOf(operator!) + operator!.length;
    const port = portOf(fallback);
    const part = port === null ? null : partOf(word, from, from + fallback.length);
    reading.add({ ...common, port, key, rank: 0, source: inFile(file, word, part), reason });
  }
  // With a colon, an empty variable counts as one that is not set.
  if (set !== undefined && !(set.setting.value === '' && operator === ':-'))
    reading.add({
      ...common,
      setting: name,
      value: set.setting.value,
      port: portOf(set.setting.value),
      key,
      rank: 1,
      source: inFile(set.file, set.setting),
      reason,
    });
  else if (fallback === undefined)
    reading.add({ ...common, port: null, source: inFile(file, word, null), reason: `${name} is not set in .env` });
}

/** A port in YAML 1.1, as in the first version of Compose, where `22:22` is 22 × 60 + 22. */
const sexagesimal = /^[1-9]\d*(?::[0-5]?\d)+$/;

function addPorts(project: Project, file: TextFile, settings: readonly NamedValue[]): void {
  const long = new Map<string, Map<string, NamedValue>>();
  for (const setting of settings) {
    const [, service, item, property] = /^services\.(.+)\.ports(\[\d+\])(?:\.(\w+))?$/.exec(setting.name) ?? [];
    if (service === undefined) continue;
    if (property !== undefined) {
      const id = `${service}.ports${item}`;
      long.set(id, (long.get(id) ?? new Map()).set(property, setting));
      continue;
    }
    const found = hostPort(setting.value);
    const isNumber = setting.quote === null && sexagesimal.test(setting.value);
    const note = isNumber ? 'without quotes, Compose 1 reads it as a number in base 60' : null;
    if (found !== null) addPublished(project, { ...found, file, word: setting, setting: `${service}.ports`, note });
  }
  for (const [id, properties] of long) {
    const published = properties.get('published');
    if (published === undefined || published.value === '' || published.value === '0') continue;
    addPublished(project, {
      text: published.value,
      start: 0,
      address: properties.get('host_ip')?.value ?? null,
      protocol: properties.get('protocol')?.value.toLowerCase() === 'udp' ? 'UDP' : 'TCP',
      file,
      word: published,
      setting: `${id.replace(/\[\d+\]$/, '')}.published`,
      note: null,
    });
  }
}

/** What a file says in a way that is not followed. */
function addGaps(reading: Reading, file: TextFile, settings: readonly NamedValue[]): void {
  const at = (text: string): void => reading.gap(`${file.path} ${text}, which is not followed`);
  if (/^[ \t]*ports:\s*\*|^[ \t]*-\s+\*\w/m.test(file.text)) at('has ports from an alias');
  else if (settings.some(({ name }) => /^x-.*\.ports\[/.test(name))) at('has ports in an extension');
  if (/^[ \t]*ports:\s*!(?:override|reset)\b/m.test(file.text)) at('replaces ports with !override or !reset');
  if (settings.some(({ name }) => /^services\..+\.extends\.file$/.test(name))) at('extends services of another file');
}

function addFile(project: Project, file: TextFile, depth = 0): void {
  const { reading } = project;
  const settings = project.settings.get(file) ?? (reading.parse(file, readYaml) ?? []).flat();
  project.settings.set(file, settings);
  addGaps(reading, file, settings);
  addPorts(project, file, settings);
  for (const { name, value } of settings.filter((one) => /^include\[\d+\](?:\.path(?:\[\d+\])?)?$/.test(one.name))) {
    if (depth >= deepestInclude) return reading.gap(`${file.path} includes files more than ${deepestInclude} deep`);
    const path = reading.path.resolve(reading.path.dirname(file.path), value);
    const included = value.includes('$') ? null : reading.open(path);
    if (included === null) reading.gap(`${file.path} includes ${value} (${name}), which was not read`);
    else addFile({ ...project, folder: reading.path.dirname(path) }, included, depth + 1);
  }
}

export const compose: Family = {
  name: 'Docker Compose',
  defaultFiles: [],
  read({ path: given, workingDirectory }, reading) {
    const { path } = reading;
    const folder = given === null ? workingDirectory : path.dirname(given);
    if (folder === null) return;
    const name = given === null ? null : path.basename(given);
    const isUsual = name === null || baseNames.includes(name) || overrideNames.includes(name);
    const beside = (names: readonly string[]) => reading.openFirst(names.map((one) => path.join(folder, one)));
    const files = isUsual
      ? [name !== null && baseNames.includes(name) ? reading.open(given!) : beside(baseNames), beside(overrideNames)]
      : [reading.open(given!)];
    const known = { variables: new Map(), settings: new Map() };
    for (const [count, file] of files.entries()) if (file !== null) addFile({ reading, folder, ...known, count }, file);
  },
  sideEffects: (_, place, port) => [
    `Compose uses the new port after docker compose up -d in the folder of the project, which creates the container again`,
    `only the port of the host changes: what connects to port ${place.port} of this machine has to use port ${port}, other containers of the project go on as before`,
  ],
};
