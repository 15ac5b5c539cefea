import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { readWords } from '../readers/lines.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { inFile, localTarget, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * Every address of every bind counts: `bind :80,127.0.0.1:8080-8089 ssl`. A variable is one only in double quotes.
 * https://docs.haproxy.org/2.6/configuration.html#4-bind
 */

const sections =
  /^(?:global|defaults|frontend|backend|listen|peers|resolvers|mailers|userlist|program|cache|ring|log-forward|http-errors|fcgi-app|crt-store|traces|log-profile)$/;
/** A range with more ports than that is one row. */
const mostOfRange = 256;

/** The address, and what it starts with: `ipv4@127.0.0.1:80`, `quic6@[::]:443`. */
const bound = /^(?:(ipv4|ipv6|quic4|quic6|udp|udp4|udp6)@)?(.*?):?(?<=:)(\d{1,5})(?:-(\d{1,5}))?$/;
/** What opens no port: a socket file, a descriptor. */
const noPort = /^(?:unix@|abns@|abnsz@|fd@|sockpair@|\/)/;

interface Where {
  readonly file: TextFile;
  readonly setting: string;
  readonly reason: string | null;
}

/** Returns the text of a word with the values of variables, and whether a part of it is one. */
function resolved(
  { value, quote }: Word,
  variables: ReadonlyMap<string, string>,
): { text: string; isVariable: boolean } {
  if (quote !== '"' || !value.includes('$')) return { text: value, isVariable: false };
  const text = value.replace(
    /\$(?:\{(\w{1,255})(?:-([^}]{0,1000}))?\}|(\w+))/g,
    (whole, name: string | undefined, other: string | undefined, plain: string | undefined) =>
      variables.get(name ?? plain ?? '') ?? other ?? whole,
  );
  return { text, isVariable: true };
}

function addRange(
  reading: Reading,
  [first, last]: readonly [number, number],
  place: {
    setting: string;
    value: string;
    protocol: 'TCP' | 'UDP';
    address: string | null;
    source: ReturnType<typeof inFile>;
  },
): void {
  if (last - first >= mostOfRange)
    reading.gap(
      `${place.setting} ${place.value} has ${last - first + 1} ports, of which only ${mostOfRange} are shown`,
    );
  for (let port = first; port <= Math.min(last, first + mostOfRange - 1); port++)
    reading.add({ ...place, port, needsRestart: false, reason: 'the value is a range of ports' });
}

/** Adds one address of a list. */
function addAddress(
  reading: Reading,
  { file, setting, reason }: Where,
  word: Word,
  variables: ReadonlyMap<string, string>,
): void {
  const { text, isVariable } = resolved(word, variables);
  if (text === '' || noPort.test(text)) return;
  const [, kind = '', host = '', digits = '', lastDigits] = bound.exec(text) ?? [];
  const [port, last] = [portOf(digits), lastDigits === undefined ? null : portOf(lastDigits)];
  const address = host.replace(/^\[|\]$/g, '');
  const place = {
    setting,
    value: word.value,
    protocol: /^(?:quic|udp)/.test(kind) ? ('UDP' as const) : ('TCP' as const),
    address: address === '' || address === '*' ? null : address,
    source: inFile(file, word, null),
  };
  if (port !== null && last !== null && last > port) return addRange(reading, [port, last], place);
  const from = word.value.length - digits.length;
  const isLiteral = port !== null && !isVariable && lastDigits === undefined;
  reading.add({
    ...place,
    port,
    needsRestart: false,
    source: inFile(file, word, isLiteral ? partOf(word, from, word.value.length) : null),
    reason: reason ?? (isVariable ? 'the value contains a variable' : port === null ? 'the value has no port' : null),
  });
}

function addList(reading: Reading, where: Where, word: Word | undefined, variables: ReadonlyMap<string, string>): void {
  if (word === undefined) return;
  let at = 0;
  for (const item of word.value.split(',')) {
    const part: Word = partOf(word, at, at + item.length) ?? word;
    addAddress(reading, where, part, variables);
    if (part === word) return;
    at += item.length + 1;
  }
}

function addReference(reading: Reading, { file, setting }: Where, word: Word | undefined): void {
  const target = word === undefined ? null : localTarget(word.value.replace(/^ipv[46]@/, ''));
  if (target === null) return;
  reading.add({
    role: 'reference',
    setting,
    value: word!.value,
    address: target.host,
    port: target.port,
    needsRestart: false,
    source: inFile(file, word!, null),
  });
}

interface State {
  section: string;
  readonly variables: Map<string, string>;
  /** The open .if lines. */
  conditions: number;
}

/** A line of a section; that of a `listen` or `frontend` itself can have an address, too. */
function addLine(reading: Reading, file: TextFile, words: readonly Word[], state: State): void {
  const [first, second, third] = words as [Word, Word?, Word?];
  const reason = state.conditions > 0 ? 'it is in .if, and counts only if that is true' : null;
  const where = { file, setting: first.value, reason };
  const { section, variables } = state;
  if (sections.test(first.value)) {
    state.section = first.value;
    const isServer = first.value === 'listen' || first.value === 'frontend';
    if (isServer && third !== undefined && third.value.includes(':')) addList(reading, where, third, variables);
  } else if (first.value === 'bind') addList(reading, where, second, variables);
  else if (section === 'global' && first.value === 'stats' && second?.value === 'socket')
    addList(
      reading,
      { ...where, setting: 'stats socket' },
      third?.value.includes(':') === true ? third : undefined,
      variables,
    );
  else if (section === 'global' && /^(?:setenv|presetenv)$/.test(first.value) && second !== undefined) {
    if (first.value === 'setenv' || !variables.has(second.value)) variables.set(second.value, third?.value ?? '');
  } else if (section === 'log-forward' && first.value === 'dgram-bind') {
    const isTyped = /^\w+@/.test(second?.value ?? '');
    const from = reading.places.length;
    addList(reading, where, second, variables);
    if (!isTyped)
      for (const [index, place] of reading.places.entries())
        if (index >= from) reading.places[index] = { ...place, protocol: 'UDP' };
  } else if (/^(?:server|peer)$/.test(first.value) && section !== 'global') addReference(reading, where, third);
}

function addFile(reading: Reading, file: TextFile, state: State): void {
  for (const words of reading.parse(file, (text) => readWords(text, '#', '#')) ?? []) {
    const [first] = words as [Word];
    if (first.value === '.if') state.conditions++;
    else if (first.value === '.endif') state.conditions--;
    else if (!first.value.startsWith('.')) addLine(reading, file, words, state);
  }
}

/** The files and folders after -f, and those after `--`. */
function pathsOf(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  const named = options.flatMap((argument, index) =>
    argument === '-f' && index > 0 ? (options[index + 1] ?? []) : [],
  );
  return [...named, ...(end < 0 ? [] : args.slice(end + 1))];
}

function filesOf({ arguments: args, path: given, workingDirectory }: Instance, reading: Reading): string[] {
  if (given !== null) return [given];
  const { path } = reading;
  const changed = args.lastIndexOf('-C');
  const folder = path.resolve(workingDirectory ?? '/', changed < 0 ? '.' : (args[changed + 1] ?? '.'));
  return pathsOf(args).flatMap((name) => {
    const whole = path.resolve(folder, name);
    const names = reading.machine.list(whole);
    return names === null
      ? [whole]
      : names.filter((one) => /^[^.].*\.cfg$/.test(one)).map((one) => path.join(whole, one));
  });
}

export const haproxy: Family = {
  name: 'HAProxy',
  defaultFiles: ['/etc/haproxy/haproxy.cfg', '/usr/local/etc/haproxy/haproxy.cfg'],
  read(instance, reading) {
    const named = filesOf(instance, reading);
    const state: State = { section: '', variables: new Map(instance.environment), conditions: 0 };
    const first = named.length === 0 ? reading.openFirst(this.defaultFiles) : null;
    for (const file of first === null ? named.map((path) => reading.open(path)) : [first])
      if (file !== null) addFile(reading, file, state);
  },
  check(instance, reading) {
    const program = instance.executable ?? reading.machine.realPath('/usr/sbin/haproxy');
    if (program === null || reading.main === null) return null;
    const texts = reading.files.values().map(({ text }) => text);
    const used = new Set(texts.flatMap((text) => text.matchAll(/\$\{?(\w+)/g).map(([, name]) => name!)));
    const known = instance.environment?.entries().filter(([name]) => used.has(name)) ?? [];
    const files = reading.files.keys().flatMap((path) => ['-f', path]);
    return { words: [program, '-c', ...files], environment: Object.fromEntries(known) };
  },
  // Only a master process starts new workers.
  reload: ({ arguments: args }) => (args.some((argument) => argument.startsWith('-W')) ? { signal: 'SIGUSR2' } : null),
  sideEffects: (_, place, port) => [
    `clients, redirects, and health checks that use port ${place.port} of HAProxy have to use port ${port}`,
  ],
};
