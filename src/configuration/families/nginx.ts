import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption, titleWords } from '../readers/arguments.ts';
import { readBraces, type Directive } from '../readers/braces.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { addressAndPort, inFile, localTarget, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * https://nginx.org/en/docs/http/ngx_http_core_module.html#listen, also in the stream and mail modules. Every listen
 * counts: none overrides another.
 */

const title = /^nginx: master process /;
const deepestInclude = 32;

/** Its arguments: nginx writes a title over them, which contains them. */
function argumentsOf({ arguments: args }: Instance): readonly string[] {
  const joined = args.join(' ');
  return title.test(joined) ? titleWords(joined.replace(title, '')) : args;
}

/** The folder that relative paths start from: -p, or that of the configuration file. */
function mainOf(instance: Instance, { path }: Reading): { prefix: string | null; files: string[] } {
  const args = argumentsOf(instance);
  const prefix = lastOption(args, ['-p'])?.value ?? null;
  const file = instance.path ?? lastOption(args, ['-c'])?.value ?? null;
  const folder = prefix ?? instance.workingDirectory;
  if (file !== null) return { prefix, files: [folder === null ? file : path.resolve(folder, file)] };
  return {
    prefix,
    files:
      prefix === null
        ? [...nginx.defaultFiles]
        : [path.join(prefix, 'conf/nginx.conf'), path.join(prefix, 'nginx.conf')],
  };
}

/** The value of listen: an address with a port, only one of them, or unix:/path. */
function addListen(reading: Reading, file: TextFile, [name, value, ...flags]: readonly Word[]): void {
  if (name === undefined || value === undefined || value.value.startsWith('unix:')) return;
  const given = addressAndPort(value.value);
  const isVariable = value.value.includes('$');
  // An address without a port listens on port 80.
  const isAddress = given === null && !isVariable && /^(?:\[[\da-f:.]+\]|[\w.-]+|\*)$/i.test(value.value);
  reading.add({
    setting: 'listen',
    value: value.value,
    protocol: flags.some((flag) => flag.value === 'udp' || flag.value === 'quic') ? 'UDP' : 'TCP',
    address: given?.address ?? (isAddress && value.value !== '*' ? value.value.replace(/^\[|\]$/g, '') : null),
    port: given?.port ?? (isAddress ? 80 : null),
    needsRestart: false,
    source: inFile(file, value, given === null ? null : partOf(value, given.start, value.value.length)),
    reason:
      given !== null
        ? null
        : isAddress
          ? 'it has an address only, so the port is 80'
          : isVariable
            ? 'the value contains a variable'
            : 'the value is not an address or a port',
  });
}

/** Programs that requests are passed to: `proxy_pass http://127.0.0.1:3000;`, `server 127.0.0.1:3000;`. */
function addReference(reading: Reading, file: TextFile, [name, value]: readonly Word[]): void {
  const target = localTarget(value?.value ?? '');
  if (name === undefined || value === undefined || target === null) return;
  reading.add({
    role: 'reference',
    setting: name.value,
    value: value.value,
    address: target.host,
    port: target.port,
    needsRestart: false,
    source: inFile(file, value, null),
  });
}

/** Where something is in the configuration. */
interface Surroundings {
  readonly file: TextFile;
  /** The blocks around it: `http server`. */
  readonly blocks: string;
  readonly including: readonly string[];
}

function addDirectives(reading: Reading, directives: readonly Directive[], folder: string, where: Surroundings): void {
  for (const { words, block } of directives) {
    const name = words[0]?.value ?? '';
    if (name === 'include' && words[1] !== undefined) include(reading, words[1].value, folder, where);
    else if (name === 'listen' && /\bserver$/.test(where.blocks)) addListen(reading, where.file, words);
    else if (/^(?:\w+_pass|server)$/.test(name) && block === null) addReference(reading, where.file, words);
    if (block !== null)
      addDirectives(reading, block, folder, { ...where, blocks: `${where.blocks} ${name}`.trimStart() });
  }
}

function include(reading: Reading, pattern: string, folder: string, where: Surroundings): void {
  const whole = reading.path.resolve(folder, pattern);
  // A pattern that matches nothing is valid; a missing file is not.
  for (const path of reading.glob(whole)) {
    if (where.including.includes(path) || where.including.length > deepestInclude) {
      reading.gap(`${path} is included in circles`);
      continue;
    }
    const file = reading.open(path);
    const directives = file === null ? null : reading.parse(file, readBraces);
    if (directives !== null)
      addDirectives(reading, directives, folder, { ...where, file: file!, including: [...where.including, path] });
  }
}

/** The arguments that select this configuration. */
function selection(instance: Instance, reading: Reading): string[] {
  const { prefix } = mainOf(instance, reading);
  const kept = argumentsOf(instance);
  const globals = lastOption(kept, ['-g']);
  const rest = globals === null ? [] : ['-g', kept.slice(globals.index).join(' ')];
  return [...(prefix === null ? [] : ['-p', prefix]), '-c', reading.main!, ...rest];
}

/** Its program; null if it does not run, and has no usual place, as on Windows. */
const programOf = ({ executable }: Instance, { machine }: Reading): string | null =>
  executable ?? (machine.platform === 'linux' ? '/usr/sbin/nginx' : null);

export const nginx: Family = {
  name: 'nginx',
  defaultFiles: ['/etc/nginx/nginx.conf', '/usr/local/nginx/conf/nginx.conf', '/usr/local/etc/nginx/nginx.conf'],
  read(instance, reading) {
    const { files } = mainOf(instance, reading);
    const file = files.length === 1 ? reading.open(files[0]!) : reading.openFirst(files);
    const directives = file === null ? null : reading.parse(file, readBraces);
    if (file === null || directives === null) return;
    const folder = reading.path.dirname(file.path);
    addDirectives(reading, directives, folder, { file, blocks: '', including: [file.path] });
  },
  check(instance, reading) {
    const program = programOf(instance, reading);
    return program === null ? null : { words: [program, '-t', '-q', ...selection(instance, reading)] };
  },
  // The old workers keep the old port until their connections end: the master closes it.
  reload(instance, reading) {
    if (reading.machine.platform === 'linux') return { signal: 'SIGHUP' };
    const program = programOf(instance, reading);
    return program === null ? null : { call: { words: [program, '-s', 'reload', ...selection(instance, reading)] } };
  },
};
