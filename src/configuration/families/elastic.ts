import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { portValue, type Placeholders } from '../placeholder.ts';
import { lastOption, optionsOf, type GivenOption } from '../readers/arguments.ts';
import type { NamedValue } from '../readers/setting.ts';
import { readYaml } from '../readers/yaml.ts';
import { inFile, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * Elasticsearch, OpenSearch, Kibana, and Logstash: a YAML file, in which names are nested or have dots; options win over
 * it. A range such as 9200-9300 stands for its first free port.
 * https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-network.html
 * https://www.elastic.co/guide/en/kibana/current/settings.html
 * https://www.elastic.co/guide/en/logstash/current/logstash-settings-file.html
 */

/** A port of a product: the names of its setting, the newest first. */
interface Kind {
  readonly names: readonly string[];
  readonly fallback: string;
  /** The settings with its address, the most important first. */
  readonly hosts: readonly string[];
  /** The options on the command line that set it. */
  readonly options: readonly string[];
  readonly sideEffect: (from: number | null, to: number) => string;
}

interface Product {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly fileName: string;
  readonly files: readonly string[];
  /** The folder or the file that the command line or the environment names; null if they name none. */
  readonly place: (instance: Instance) => string | null;
}

type Value = Pick<NewConfiguredPort, 'port'> & { readonly reason: string | null };

/** Reads a range of ports; null if the value is none. */
function rangeOf(value: string): Value | null {
  const [, first] = /^(\d{1,5})-\d{1,5}$/.exec(value) ?? [];
  return first === undefined ? null : { port: portOf(first), reason: `it uses the first free port of ${value}` };
}

const plainValue = (value: string): Value =>
  rangeOf(value) ?? { port: portOf(value), reason: portOf(value) === null ? 'the value is not a port' : null };

/** The options that set a port: `--port 5602`, and `-E http.port=9201`. */
function given({ arguments: args }: Instance, { options, names }: Kind): GivenOption[] {
  const pairs = optionsOf(args, ['-E']).flatMap((one) => {
    const at = one.value.indexOf('=');
    const name = one.value.slice(0, at);
    return names.includes(name) ? [{ ...one, name: `-E ${name}`, value: one.value.slice(at + 1) }] : [];
  });
  return [...(options.length === 0 ? pairs : []), ...optionsOf(args, options)];
}

function placeholdersOf({ environment }: Instance): Placeholders {
  return {
    separator: ':',
    isComplete: environment !== null,
    find(name) {
      const value = environment?.get(name);
      return value === undefined ? null : { value, source: { kind: 'environment' } };
    },
  };
}

function addressOf(settings: readonly NamedValue[], { hosts }: Kind): string | null {
  const value = hosts
    .map((host) => settings.findLast(({ name }) => name === host)?.value)
    .find((one) => one !== undefined);
  // Names such as _site_ stand for addresses of the machine.
  return value !== undefined && /^[\d.]+$|:|^localhost$/.test(value) && !['0.0.0.0', '::'].includes(value)
    ? value
    : null;
}

function addKind(kind: Kind, file: TextFile | null, instance: Instance, reading: Reading): void {
  const settings = file === null ? [] : (reading.parse(file, readYaml)?.flat() ?? []);
  const [key = ''] = kind.names;
  const shared = { key, address: addressOf(settings, kind) };
  for (const setting of settings)
    if (kind.names.includes(setting.name)) {
      const range = rangeOf(setting.value);
      const read =
        range === null
          ? portValue(file!, setting, placeholdersOf(instance))
          : { ...range, source: inFile(file!, setting) };
      reading.add({ ...shared, setting: setting.name, value: setting.value, ...read, rank: 1 });
    }
  for (const { name, value } of given(instance, kind))
    reading.add({ ...shared, ...plainValue(value), setting: name, value, rank: 2, source: { kind: 'commandLine' } });
  if (file !== null || instance.pid !== null)
    reading.add({
      ...shared,
      ...plainValue(kind.fallback),
      setting: key,
      value: kind.fallback,
      rank: 0,
      source: { kind: 'default' },
    });
}

/** The file of an instance: the one that is named, or the first of the usual places that exists. */
function fileOf({ fileName, files, place }: Product, instance: Instance, reading: Reading): TextFile | null {
  const { path } = reading;
  const folder = instance.workingDirectory ?? '/';
  if (instance.path !== null) return reading.open(instance.path);
  const named = place(instance);
  if (named === null) return reading.openFirst([path.join(folder, 'config', fileName), ...files]);
  const whole = path.resolve(folder, named);
  return reading.open(/\.ya?ml$/.test(whole) ? whole : path.join(whole, fileName));
}

function familyOf(product: Product): Family {
  return {
    name: product.name,
    defaultFiles: product.files,
    read(instance, reading) {
      const file = fileOf(product, instance, reading);
      for (const kind of product.kinds) addKind(kind, file, instance, reading);
    },
    sideEffects: (_, { key, port }, to) =>
      product.kinds.filter(({ names }) => names[0] === key).map(({ sideEffect }) => sideEffect(port, to)),
  };
}

const hostsOf = (kind: string): string[] => [`${kind}.bind_host`, `${kind}.host`, 'network.bind_host', 'network.host'];

function search(name: string, prefix: string, variable: string, fileName: string): Family {
  return familyOf({
    name,
    fileName,
    files: [`/etc/${name.toLowerCase()}/${fileName}`],
    place({ arguments: args, environment }) {
      const property = (one: string): string | undefined =>
        args.findLast((arg) => arg.startsWith(`-D${prefix}.${one}=`))?.slice(prefix.length + one.length + 4);
      const home = property('path.home');
      return property('path.conf') ?? environment?.get(variable) ?? (home === undefined ? null : `${home}/config`);
    },
    kinds: [
      {
        names: ['http.port'],
        fallback: '9200-9300',
        hosts: hostsOf('http'),
        options: [],
        sideEffect: (from, to) =>
          `clients of ${name} that use port ${from} have to use port ${to}: Kibana and Dashboards, Logstash, Beats, health checks`,
      },
      {
        names: ['transport.port', 'transport.tcp.port'],
        fallback: '9300-9400',
        hosts: hostsOf('transport'),
        options: [],
        sideEffect: (from, to) =>
          `other nodes that use port ${from} of this one have to use port ${to}: discovery.seed_hosts, and remote clusters`,
      },
    ],
  });
}

export const elasticsearch = search('Elasticsearch', 'es', 'ES_PATH_CONF', 'elasticsearch.yml');
export const opensearch = search('OpenSearch', 'opensearch', 'OPENSEARCH_PATH_CONF', 'opensearch.yml');

export const kibana = familyOf({
  name: 'Kibana',
  fileName: 'kibana.yml',
  files: [
    '/etc/kibana/kibana.yml',
    '/opt/kibana/config/kibana.yml',
    '/etc/opensearch-dashboards/opensearch_dashboards.yml',
  ],
  place: ({ arguments: args, environment }) =>
    lastOption(args, ['-c', '--config'])?.value ?? environment?.get('KBN_PATH_CONF') ?? null,
  kinds: [
    {
      names: ['server.port'],
      fallback: '5601',
      hosts: ['server.host'],
      options: ['-p', '--port', '--server.port'],
      sideEffect: (from, to) =>
        `proxies and links that use port ${from} of Kibana have to use port ${to}, and so does server.publicBaseUrl`,
    },
  ],
});

export const logstash = familyOf({
  name: 'Logstash',
  fileName: 'logstash.yml',
  files: ['/etc/logstash/logstash.yml'],
  place: ({ arguments: args, environment }) =>
    lastOption(args, ['--path.settings'])?.value ?? environment?.get('LS_SETTINGS_DIR') ?? null,
  kinds: [
    {
      names: ['api.http.port', 'http.port'],
      fallback: '9600-9700',
      hosts: ['api.http.host', 'http.host'],
      options: ['--api.http.port', '--http.port'],
      sideEffect: (from, to) =>
        `monitoring that uses port ${from} of Logstash has to use port ${to}; the ports of its inputs are in the files of its pipelines`,
    },
  ],
});
