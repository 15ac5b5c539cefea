import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { readEnv, readLines, type LineSyntax } from '../readers/lines.ts';
import { partOf, type NamedValue } from '../readers/setting.ts';
import { addressAndPort, inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * rabbitmq.conf, then the files of conf.d, in which the last setting of a name wins; advanced.config and the arguments
 * of Erlang come after them, and RABBITMQ_NODE_PORT before.
 * https://www.rabbitmq.com/docs/configure, https://www.rabbitmq.com/docs/networking
 */

const syntax: LineSyntax = { comments: '#', trailing: '#', separators: '=' };
const rank = { default: 0, environment: 1, file: 2, commandLine: 1e6 } as const;
const amqp = 'listeners.tcp';
const listener = /^(?:(?:mqtt|stomp|stream)\.)?listeners\.(?:tcp|ssl)\.[\w-]+$/;
const single =
  /^(?:management|prometheus|web_mqtt|web_stomp)\.(?:tcp|ssl)\.port$|^(?:management\.listener|distribution\.listener\.port_range\.(?:min|max))(?:\.port)?$/;
/** Plugins with a port of their own, and its setting. */
const plugins: Readonly<Record<string, readonly [setting: string, port: number]>> = {
  rabbitmq_management: ['management.tcp.port', 15_672],
  rabbitmq_prometheus: ['prometheus.tcp.port', 15_692],
  rabbitmq_mqtt: ['mqtt.listeners.tcp', 1883],
  rabbitmq_stomp: ['stomp.listeners.tcp', 61_613],
  rabbitmq_stream: ['stream.listeners.tcp', 5552],
  rabbitmq_web_mqtt: ['web_mqtt.tcp.port', 15_675],
  rabbitmq_web_stomp: ['web_stomp.tcp.port', 15_674],
};

interface Found {
  order: number;
  /** The names that were set; `listeners.tcp` for any of its listeners. */
  readonly names: Set<string>;
  readonly addresses: Map<string, string>;
}

const groupOf = (name: string): string => name.replace(/^((?:\w+\.)?listeners\.(?:tcp|ssl))\.[\w-]+$/, '$1');

function addSetting(reading: Reading, file: TextFile, setting: NamedValue, found: Found): void {
  const { name, value } = setting;
  const ip = /^(.*)\.ip$/.exec(name)?.[1];
  if (ip !== undefined) found.addresses.set(`${ip}.port`, value);
  // `listeners.tcp = none` switches it off, and `listeners.ssl = none`.
  if (value === 'none') found.names.add(name);
  if (!listener.test(name) && !single.test(name)) return;
  found.names.add(groupOf(name));
  const given = addressAndPort(value) ?? ipv6WithPort(value);
  reading.add({
    setting: name,
    value,
    port: given?.port ?? null,
    address: given?.address ?? null,
    key: name,
    rank: found.order++,
    source: inFile(file, setting, given === null ? null : partOf(setting, given.start, value.length)),
    reason: given === null ? 'the value is not an address or a port' : null,
  });
}

/** RabbitMQ takes `::1:5672`, too: the last colon is before the port. */
function ipv6WithPort(value: string): { address: string | null; port: number; start: number } | null {
  const [, address, digits] = /^([^[\]]{0,64}:[^[\]]{0,64}):(\d{1,5})$/.exec(value) ?? [];
  const port = digits === undefined ? null : portOf(digits);
  return port === null ? null : { address: address!, port, start: value.length - digits!.length };
}

/** What rabbitmq-env.conf sets, without the prefix that it can have. */
function addEnvironment(reading: Reading, instance: Instance, file: TextFile | null): void {
  const place = { key: `${amqp}.node`, rank: rank.environment };
  const [running, written] = [
    instance.environment?.get('RABBITMQ_NODE_PORT'),
    file === null ? undefined : readEnv(file.text).findLast(({ name }) => /^(?:RABBITMQ_)?NODE_PORT$/.test(name)),
  ];
  if (running !== undefined && running !== written?.value)
    reading.add({
      ...place,
      setting: 'RABBITMQ_NODE_PORT',
      value: running,
      port: portOf(running),
      source: { kind: 'environment' },
    });
  else if (written !== undefined)
    reading.add({
      ...place,
      setting: written.name,
      value: written.value,
      port: portOf(written.value),
      source: inFile(file!, written),
      reason: portOf(written.value) === null ? 'the value is not a port' : null,
    });
}

/** `-rabbit tcp_listeners [{"auto",5672}]` of old versions. */
function addArguments(reading: Reading, { arguments: args }: Instance, found: Found): void {
  const at = args.findIndex((argument, index) => argument === 'tcp_listeners' && args[index - 1] === '-rabbit');
  if (at < 0) return;
  for (const [, digits] of (args[at + 1] ?? '').matchAll(/,\s*(\d{1,5})\s*\}|\[\s*(\d{1,5})\s*\]/g)) {
    found.names.add(amqp);
    const port = digits === undefined ? null : portOf(digits);
    reading.add({
      setting: '-rabbit tcp_listeners',
      value: args[at + 1]!,
      port,
      key: `${amqp}.default`,
      rank: rank.commandLine,
      source: { kind: 'commandLine' },
    });
  }
}

/** Erlang terms are only read as far as needed to say that they have a port. */
function addAdvanced(reading: Reading, path: string): void {
  const file = reading.open(path, { optional: true });
  const text = file?.text.replaceAll(/%.*/g, '') ?? '';
  const found = /\b(?:tcp_listeners|ssl_listeners|listener)\b/.exec(text)?.[0];
  if (found !== undefined) reading.gap(`${path} sets ${found}, which PortOwner does not read`);
}

/** The names of the plugins in enabled_plugins: `[rabbitmq_management].`. */
function addDefaults(reading: Reading, folder: string, found: Found): void {
  const add = (setting: string, port: number): void =>
    reading.add({ setting, value: String(port), port, key: setting, rank: rank.default, source: { kind: 'default' } });
  if (!found.names.has(amqp) && !reading.places.some(({ key }) => key === `${amqp}.node`)) add(amqp, 5672);
  const { bytes } = reading.machine.read(reading.path.join(folder, 'enabled_plugins'));
  for (const [name] of bytes === null ? [] : Buffer.from(bytes).toString('latin1').matchAll(/\w+/g)) {
    const [setting, port] = plugins[name] ?? [];
    if (
      setting !== undefined &&
      !found.names.has(setting) &&
      !found.names.has(setting.replace('.tcp.', '.ssl.')) &&
      !found.names.has('management.listener.port')
    )
      add(setting, port!);
  }
}

function mainOf({ environment, path: given }: Instance, reading: Reading): { main: TextFile | null; folder: string } {
  const named = environment?.get('RABBITMQ_CONFIG_FILE');
  const files = named === undefined ? rabbitmq.defaultFiles : [named.endsWith('.conf') ? named : `${named}.conf`];
  const main = given === null ? reading.openFirst(files) : reading.open(given);
  return { main, folder: reading.path.dirname(main?.path ?? files[0]!) };
}

export const rabbitmq: Family = {
  name: 'RabbitMQ',
  defaultFiles: ['/etc/rabbitmq/rabbitmq.conf'],
  read(instance, reading) {
    const { path } = reading;
    const { environment } = instance;
    const found: Found = { order: rank.file, names: new Set(), addresses: new Map() };
    const { main, folder } = mainOf(instance, reading);
    const more = environment?.get('RABBITMQ_CONFIG_FILES') ?? path.join(folder, 'conf.d');
    const pattern = /[*?]/.test(more) ? more : path.join(more, '*.conf');
    const files = [main, ...reading.glob(pattern).map((one) => reading.open(one))];
    for (const file of files)
      for (const setting of file === null ? [] : (reading.parse(file, (text) => readLines(text, syntax)) ?? []))
        addSetting(reading, file!, setting, found);
    const variables = environment?.get('RABBITMQ_CONF_ENV_FILE') ?? path.join(folder, 'rabbitmq-env.conf');
    // A listener in a file is instead of it.
    if (!found.names.has(amqp)) addEnvironment(reading, instance, reading.open(variables, { optional: true }));
    addArguments(reading, instance, found);
    addAdvanced(reading, environment?.get('RABBITMQ_ADVANCED_CONFIG_FILE') ?? path.join(folder, 'advanced.config'));
    addAdvanced(reading, path.join(folder, 'rabbitmq.config'));
    if (main !== null || instance.pid !== null || reading.places.length > 0) addDefaults(reading, folder, found);
    for (const [index, place] of reading.places.entries())
      reading.places[index] = { ...place, address: place.address ?? found.addresses.get(place.setting) ?? null };
  },
  sideEffects: (_, place, port) => [
    `clients of RabbitMQ that use port ${place.port} have to use port ${port}`,
    ...(place.setting.endsWith('NODE_PORT')
      ? [
          `the port between nodes and for rabbitmqctl changes from ${place.port! + 20_000} to ${port + 20_000}, unless RABBITMQ_DIST_PORT is set`,
          'on Windows, run rabbitmq-service install again',
        ]
      : []),
  ],
};
