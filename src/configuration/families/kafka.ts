import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { optionsOf } from '../readers/arguments.ts';
import { properties, readLines } from '../readers/lines.ts';
import { partOf, type NamedValue } from '../readers/setting.ts';
import { inFile, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * listeners=PLAINTEXT://:9092,CONTROLLER://:9093; clients are told advertised.listeners. Of two lines with one name, the
 * last wins; --override wins over the file. https://kafka.apache.org/documentation/#brokerconfigs_listeners
 */

interface Listener {
  /** Its name in uppercase: Kafka does not compare the case. */
  readonly name: string;
  readonly host: string | null;
  readonly port: number;
  /** The position of the port in the value. */
  readonly start: number;
  readonly end: number;
}

/** The listeners of a value such as `PLAINTEXT://:9092,SSL://[::1]:9093`. */
function listenersOf(value: string): Listener[] {
  return [...value.matchAll(/([\w.-]{1,255}):\/\/(\[[^\]]{0,100}\]|[^:,\s]{0,255}):(\d{1,5})(?=\s*(?:,|$))/g)].flatMap(
    (match) => {
      const port = portOf(match[3]!);
      if (port === null || port === 0) return [];
      const end = match.index + match[0].length;
      const host = match[2]!.replaceAll(/[[\]]/g, '');
      const isAny = host === '' || host === '0.0.0.0' || host === '::';
      return [{ name: match[1]!.toUpperCase(), host: isAny ? null : host, port, start: end - match[3]!.length, end }];
    },
  );
}

/** A value of a setting: in the file, or after --override. */
interface Given {
  readonly value: string;
  readonly word: NamedValue | null;
}

/** Every value of a setting, the winner last. */
type Settings = (name: string) => readonly Given[];

const last = (settings: Settings, name: string): string | null => settings(name).at(-1)?.value ?? null;

interface Configuration {
  readonly file: TextFile;
  readonly settings: Settings;
}

function placeOf(
  { file }: Configuration,
  { value, word }: Given,
  part: { start: number; end: number },
): Pick<NewConfiguredPort, 'value' | 'source'> {
  return {
    value,
    source: word === null ? { kind: 'commandLine' } : inFile(file, word, partOf(word, part.start, part.end)),
  };
}

/** Adds every value of `listeners`; the last line wins as a whole. */
function addListeners(configuration: Configuration, reading: Reading): Listener[] {
  const all = configuration.settings('listeners');
  const winners = listenersOf(all.at(-1)?.value ?? '');
  for (const [index, given] of all.entries()) {
    const listeners = listenersOf(given.value);
    if (listeners.length === 0)
      reading.add({
        setting: 'listeners',
        value: given.value,
        port: null,
        source: given.word === null ? { kind: 'commandLine' } : inFile(configuration.file, given.word, null),
        reason: given.value.includes('$') ? 'the value contains a variable' : 'the value has no port to listen on',
      });
    for (const [at, listener] of listeners.entries())
      reading.add({
        ...placeOf(configuration, given, listener),
        setting: 'listeners',
        port: listener.port,
        address: listener.host,
        key: `listeners ${Math.min(at, Math.max(0, winners.length - 1))}`,
        rank: index,
      });
  }
  return winners;
}

/** Adds what clients and controllers are told: it has to follow if it names a port of this server. */
function addAnnounced(configuration: Configuration, listeners: readonly Listener[], reading: Reading): void {
  const { settings } = configuration;
  const add = (setting: string, given: Given, part: Listener, isOwn: boolean): void =>
    reading.add({
      ...placeOf(configuration, given, part),
      setting,
      port: part.port,
      address: part.host,
      role: isOwn ? 'listen' : 'reference',
    });
  for (const setting of ['advertised.listeners', 'controller.quorum.bootstrap.servers', 'controller.quorum.voters']) {
    const given = settings(setting).at(-1);
    if (given === undefined) continue;
    if (setting === 'advertised.listeners') {
      for (const one of listenersOf(given.value))
        add(
          setting,
          given,
          one,
          listeners.some(({ name, port }) => name === one.name && port === one.port),
        );
      continue;
    }
    const id = last(settings, 'node.id') ?? last(settings, 'broker.id');
    for (const match of given.value.matchAll(
      /(?:(\d{1,10})@)?(\[[^\]]{0,100}\]|[\w.-]{1,255}):(\d{1,5})(?=\s*(?:,|$))/g,
    )) {
      const end = match.index + match[0].length;
      const part = {
        name: '',
        host: match[2]!.replaceAll(/[[\]]/g, ''),
        port: Number(match[3]),
        start: end - match[3]!.length,
        end,
      };
      const isHere = match[1] === undefined ? /^(?:localhost|127\..*|::1)$/.test(part.host) : match[1] === id;
      add(setting, given, part, isHere && listeners.some(({ port }) => port === part.port));
    }
  }
}

/** The file after the main class, and what follows it. */
function mainOf({ arguments: args, path: given, workingDirectory }: Instance, reading: Reading): TextFile | null {
  if (given !== null) return reading.open(given);
  const named = args[args.findIndex((one) => one.endsWith('kafka.Kafka')) + 1];
  if (args.length === 0) return reading.openFirst(kafka.defaultFiles);
  if (named !== undefined && named !== args[0])
    return reading.open(reading.path.resolve(workingDirectory ?? '/', named));
  reading.gap('the file of Kafka is unknown: name its server.properties with --path');
  return null;
}

export const kafka: Family = {
  name: 'Kafka',
  defaultFiles: [
    '/etc/kafka/server.properties',
    '/opt/kafka/config/server.properties',
    '/opt/kafka/config/kraft/server.properties',
  ],
  read(instance, reading) {
    const file = mainOf(instance, reading);
    const lines = file === null ? null : reading.parse(file, (text) => readLines(text, properties));
    if (file === null || lines === null) return;
    const overrides = optionsOf(instance.arguments, ['--override']).map(({ value }) => value);
    const settings: Settings = (name) => [
      ...lines.filter((one) => one.name === name).map((word) => ({ value: word.value, word })),
      ...overrides
        .filter((one) => one.startsWith(`${name}=`))
        .map((one) => ({ value: one.slice(name.length + 1), word: null })),
    ];
    const configuration = { file, settings };
    const listeners = addListeners(configuration, reading);
    addAnnounced(configuration, listeners, reading);
    // Before Kafka 3: only used without listeners.
    const isOld = settings('listeners').length === 0;
    if (isOld)
      for (const [index, { value, word }] of settings('port').entries())
        reading.add({
          setting: 'port',
          value,
          port: portOf(value),
          key: 'port',
          rank: index,
          source: word === null ? { kind: 'commandLine' } : inFile(file, word),
        });
    if (isOld)
      reading.add({
        setting: 'listeners',
        value: 'PLAINTEXT://:9092',
        port: 9092,
        key: 'port',
        rank: -1,
        source: { kind: 'default' },
      });
  },
  sideEffects: (_, { setting, port }, to) =>
    setting === 'listeners' || setting === 'port'
      ? [
          `clients, other brokers, and controllers that use port ${port} of this server have to use port ${to}: bootstrap.servers, controller.quorum.voters`,
        ]
      : [],
};
