import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption, optionsOf } from '../readers/arguments.ts';
import { readEnv, readWords } from '../readers/lines.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { addressAndPort, inFile, localTarget, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * Every Listen counts. A VirtualHost answers only on a port that a Listen opens, so both change together.
 * https://httpd.apache.org/docs/2.4/bind.html, https://httpd.apache.org/docs/2.4/configuring.html
 */

const deepestInclude = 16;

/** A value that `${NAME}` stands for. */
interface Variable {
  readonly value: string;
  /** Where it is written; null if that is not a file. */
  readonly file: TextFile | null;
  readonly word: Word | null;
  /** Whether only a new process has the value: the environment. */
  readonly needsRestart: boolean;
}

/** What is known after the lines so far. */
interface State {
  readonly reading: Reading;
  root: string;
  readonly variables: Map<string, Variable>;
  readonly modules: Set<string>;
  /** The names that -D and Define define, for IfDefine. */
  readonly defined: Set<string>;
  /** Where the settings of a VirtualHost are: they count if a Listen has their port. */
  readonly hosts: { file: TextFile; word: Word; setting: string; reason: string | null }[];
  readonly including: string[];
}

/** A backslash at the end of a line continues it, also a comment: positions stay the same. */
const linesOf = (text: string): (readonly Word[])[] =>
  readWords(text.replace(/\\\r?\n/g, (found) => ' '.repeat(found.length)));

const moduleName = (name: string): string => name.replace(/^mod_(\w+)\.c$/, '$1_module');

/** Whether the lines in a section count; a text if that is not known. */
function sectionCounts(name: string, argument: string, { reading, modules, defined }: State): boolean | string {
  const isNegated = argument.startsWith('!');
  const value = isNegated ? argument.slice(1) : argument;
  if (name === '<ifdefine') return defined.has(value) !== isNegated;
  if (name === '<iffile') return (reading.machine.read(value).bytes !== null) !== isNegated;
  // Without LoadModule, every module is a part of the program, and it is not known which ones are.
  if (name === '<ifmodule' && (modules.size > 0 || isNegated)) return modules.has(moduleName(value)) !== isNegated;
  if (name === '<ifmodule') return `it counts only if ${value} is a part of the program`;
  if (name === '<ifversion') return 'it counts only for some versions';
  if (name === '<macro') return 'it is in a macro, which counts only where it is used';
  return true;
}

/** Adds a port; one that `${NAME}` stands for is where NAME is set. */
function addPort(
  { reading, variables }: State,
  setting: string,
  where: { file: TextFile; word: Word; reason: string | null },
): void {
  const { file, word, reason } = where;
  const name = /\$\{(\w+)\}/.exec(word.value)?.[1];
  const variable = name === undefined ? undefined : variables.get(name);
  const text = variable === undefined ? word.value : word.value.replace(`\${${name}}`, variable.value);
  const given = addressAndPort(text);
  const isUnknown = given === null || variable !== undefined;
  const own = variable?.word != null && portOf(variable.value) !== null ? variable : null;
  const part = given === null || variable !== undefined ? null : partOf(word, given.start, word.value.length);
  const isKnown =
    own !== null &&
    reading.places.some(
      ({ source, port }) =>
        source.kind === 'file' &&
        source.port !== null &&
        source.port.start === own.word!.start &&
        source.file === own.file &&
        port === given?.port,
    );
  if (isKnown) return;
  reading.add({
    setting: own === null ? setting : `${setting} ${word.value}, ${name}`,
    value: own === null ? word.value : own.value,
    port: given?.port ?? null,
    address: given?.address ?? null,
    needsRestart: variable?.needsRestart ?? false,
    source: own === null ? inFile(file, word, part) : inFile(own.file!, own.word!),
    reason: reason ?? (isUnknown && own === null ? reasonOf(name, variable) : null),
  });
}

const reasonOf = (name: string | undefined, variable: Variable | undefined): string =>
  name === undefined
    ? 'the value is not an address or a port'
    : variable === undefined
      ? `the variable ${name} is not known`
      : `the variable ${name} is not set to a port in a file`;

function addHosts(state: State, file: TextFile, words: readonly Word[], reason: string | null): void {
  for (const word of words.slice(1)) {
    const end = word.value.endsWith('>') ? word.value.length - 1 : word.value.length;
    const part = partOf(word, 0, end);
    if (part === null || end === 0) continue;
    state.hosts.push({ file, word: part, setting: words[0]!.value.replace('<', ''), reason });
  }
}

/** Adds the VirtualHost settings of ports that are listened on; the others do not open a port. */
function finishHosts(state: State): void {
  const { reading, variables, hosts } = state;
  const opened = new Set(reading.places.map(({ port }) => port));
  for (const { setting, ...where } of hosts) {
    const value = where.word.value.replace(/\$\{(\w+)\}/, (whole, name: string) => variables.get(name)?.value ?? whole);
    const [, digits] = /:(\d+)$/.exec(value) ?? [];
    const isVariable = value.includes('${') || /[$@]\w/.test(value);
    if (digits !== undefined && opened.has(portOf(digits))) addPort(state, setting, where);
    else if (digits !== undefined || isVariable)
      reading.add({
        setting,
        value: where.word.value,
        port: null,
        source: inFile(where.file, where.word, null),
        reason: isVariable ? 'the value contains a variable' : `no Listen opens port ${digits}`,
      });
  }
}

function include(state: State, path: string, isOptional: boolean, reason: string | null): void {
  const { reading, including } = state;
  for (const one of reading.glob(reading.path.resolve(state.root, path))) {
    if (including.includes(one) || including.length > deepestInclude) {
      reading.gap(`${one} is included in circles`);
      continue;
    }
    const names = reading.machine.list(one);
    if (names !== null) {
      for (const name of names) include(state, reading.path.join(one, name), true, reason);
      continue;
    }
    const file = reading.open(one, { optional: isOptional });
    if (file !== null) addFile({ ...state, including: [...including, one] }, file, reason);
  }
}

const expand = (text: string, { variables }: State): string =>
  text.replace(/\$\{(\w+)\}/g, (whole, name: string) => variables.get(name)?.value ?? whole);

function addReference({ reading }: State, file: TextFile, words: readonly Word[]): void {
  for (const word of words.slice(1)) {
    const target = localTarget(word.value);
    if (target === null) continue;
    reading.add({
      role: 'reference',
      setting: words[0]!.value,
      value: word.value,
      address: target.host,
      port: target.port,
      needsRestart: false,
      source: inFile(file, word, null),
    });
  }
}

/** Remembers what later lines depend on: modules, variables, and the folder of includes. */
function remember(state: State, file: TextFile, name: string, words: readonly Word[]): void {
  const [, first, second] = words;
  if (first === undefined) return;
  if (name === 'loadmodule') state.modules.add(first.value);
  if (name === 'serverroot') state.root = expand(first.value, state);
  if (name === 'undefine') state.variables.delete(first.value);
  if (name === 'undefine') state.defined.delete(first.value);
  if (name !== 'define') return;
  state.defined.add(first.value);
  if (second !== undefined)
    state.variables.set(first.value, { value: expand(second.value, state), file, word: second, needsRestart: false });
}

function addFile(state: State, file: TextFile, outer: string | null): void {
  const sections: { name: string; counts: boolean | string }[] = [];
  for (const words of state.reading.parse(file, linesOf) ?? []) {
    const name = words[0]!.value.toLowerCase();
    const argument = (words[1]?.value ?? '').replace(/>$/, '');
    if (name.startsWith('</')) {
      const open = sections.findLastIndex((one) => one.name === name.replace('</', '<').replace(/>$/, ''));
      if (open >= 0) sections.length = open;
      continue;
    }
    const isSkipped = sections.some(({ counts }) => counts === false);
    if (name.startsWith('<')) sections.push({ name, counts: isSkipped || sectionCounts(name, argument, state) });
    if (isSkipped) continue;
    const reason = outer ?? (sections.findLast(({ counts }) => typeof counts === 'string')?.counts as string) ?? null;
    if (name === 'listen' && words[1] !== undefined) addPort(state, 'Listen', { file, word: words[1], reason });
    else if (name === '<virtualhost' || name === 'namevirtualhost') addHosts(state, file, words, reason);
    else if (name === 'include' || name === 'includeoptional')
      include(state, expand(argument, state), name !== 'include', reason);
    else if (/^(?:proxypass|proxypassmatch|balancermember)$/.test(name)) addReference(state, file, words);
    else remember(state, file, name, words);
  }
}

/** The variables of Debian's envvars, which its start script reads, and of the environment. */
function variablesOf(instance: Instance, reading: Reading, folder: string): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const [name, value] of instance.environment ?? [])
    variables.set(name, { value, file: null, word: null, needsRestart: true });
  const file =
    reading.machine.platform === 'win32'
      ? null
      : reading.open(reading.path.join(folder, 'envvars'), { optional: true });
  for (const setting of file === null ? [] : readEnv(file.text)) {
    const running = instance.environment?.get(setting.name);
    // What a shell computes, or what the running server did not get from this file, is not known from it.
    if (/[$`\\]/.test(setting.value) || (running !== undefined && running !== setting.value)) continue;
    variables.set(setting.name, { value: setting.value, file, word: setting, needsRestart: true });
  }
  return variables;
}

/** The folder that relative paths start from, and the main file. */
function placesOf(
  { arguments: args, executable, path: given }: Instance,
  reading: Reading,
): { root: string | null; files: string[] } {
  const { path } = reading;
  const root = lastOption(args, ['-d'])?.value ?? null;
  const named = lastOption(args, ['-f'])?.value ?? null;
  const beside =
    executable === null || reading.machine.platform !== 'win32' ? [] : [path.join(path.dirname(executable), '..')];
  const roots = root === null ? [...beside, '/etc/apache2', '/etc/httpd'] : [root];
  if (given !== null) return { root, files: [given] };
  if (named !== null)
    return { root, files: path.isAbsolute(named) ? [named] : roots.map((one) => path.resolve(one, named)) };
  const names = ['apache2.conf', 'conf/httpd.conf'];
  return {
    root,
    files:
      root === null && beside.length === 0
        ? [...apache.defaultFiles]
        : roots.flatMap((one) => names.map((name) => path.join(one, name))),
  };
}

/** The folder of a main file: `conf` is a part of the server's own folder. */
function rootOf(file: TextFile, { path }: Reading): string {
  const folder = path.dirname(file.path);
  return path.basename(folder) === 'conf' ? path.dirname(folder) : folder;
}

export const apache: Family = {
  name: 'Apache',
  defaultFiles: [
    '/etc/apache2/apache2.conf',
    '/etc/httpd/conf/httpd.conf',
    '/usr/local/apache2/conf/httpd.conf',
    '/etc/apache2/httpd.conf',
  ],
  read(instance, reading) {
    const { root, files } = placesOf(instance, reading);
    const main = files.length === 1 ? reading.open(files[0]!) : reading.openFirst(files);
    if (main === null) return;
    const variables = variablesOf(instance, reading, reading.path.dirname(main.path));
    const state: State = {
      reading,
      root: root ?? rootOf(main, reading),
      variables,
      modules: new Set(),
      defined: new Set(optionsOf(instance.arguments, ['-D']).map(({ value }) => value)),
      hosts: [],
      including: [main.path],
    };
    addFile(state, main, null);
    finishHosts(state);
  },
  check({ executable, arguments: args, environment }, reading) {
    const { main } = reading;
    if (main === null) return null;
    const control = '/usr/sbin/apache2ctl';
    if (executable === null)
      return main === this.defaultFiles[0] && reading.machine.realPath(control) !== null
        ? { words: [control, '-t'] }
        : null;
    if (environment === null) return null;
    const texts = reading.files.values().map(({ text }) => text);
    const used = new Set(texts.flatMap((text) => text.matchAll(/\$\{(\w+)\}/g).map(([, name]) => name!)));
    const root = lastOption(args, ['-d']);
    return {
      words: [
        executable,
        '-t',
        ...(root === null ? [] : ['-d', root.value]),
        '-f',
        main,
        ...optionsOf(args, ['-D']).flatMap(({ value }) => ['-D', value]),
      ],
      environment: Object.fromEntries(environment.entries().filter(([name]) => used.has(name))),
    };
  },
  reload: () => ({ signal: 'SIGHUP' }),
  sideEffects: (_, place, port) => [
    `links, redirects, and ServerName settings that name port ${place.port} have to name port ${port}`,
  ],
};
