import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { optionsOf } from '../readers/arguments.ts';
import { readEnv, readWords } from '../readers/lines.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * It has options only. On Debian, a script makes them from the lines of /etc/memcached.conf; on Fedora, its unit makes
 * them from /etc/sysconfig/memcached. The last one wins.
 * https://github.com/memcached/memcached/wiki/ConfiguringServer, /usr/share/memcached/scripts/systemd-memcached-wrapper
 */

const rank = { default: 0, file: 1, commandLine: 1e6 } as const;

interface Option {
  readonly key: 'port' | 'udpport';
  readonly setting: string;
  readonly value: Word;
}

const names: Readonly<Record<string, Option['key']>> = {
  '-p': 'port',
  '--port': 'port',
  '-U': 'udpport',
  '--udp-port': 'udpport',
};

/** Reads the lines of a file: `-p 11211`, `-p11211`, `--port=11211`, and `PORT="11211"`. */
function optionsIn(text: string): { options: Option[]; address: string | null } {
  const options: Option[] = [];
  let address: string | null = null;
  for (const words of readWords(text)) {
    const [first, second] = words as [Word, Word?];
    const [, name = '', rest = ''] = /^(--[\w-]{1,64}=?|-\w)(.*)$/.exec(first.value) ?? [];
    const value = rest === '' ? second : partOf(first, name.length, first.value.length);
    if (/^(?:-l|--listen=?)$/.test(name) && value != null) address = value.value;
    const key = names[name.replace(/=$/, '')];
    if (key !== undefined && value != null) options.push({ key, setting: name.replace(/=$/, ''), value });
  }
  for (const setting of readEnv(text))
    if (setting.name === 'PORT') options.push({ key: 'port', setting: 'PORT', value: setting });
  return { options, address };
}

const optionsOfProcess = ({ arguments: args }: Instance) => optionsOf(args, Object.keys(names));

function addFile(reading: Reading, file: TextFile, instance: Instance): void {
  const given = optionsOfProcess(instance);
  const { options, address } = optionsIn(file.text);
  for (const [index, { key, setting, value }] of options.entries()) {
    const started = given.findLast(({ name }) => names[name] === key);
    // The command line of a running server was made from the file.
    const isSource = started?.value === value.value;
    reading.add({
      setting,
      value: value.value,
      port: portOf(value.value) === 0 ? null : portOf(value.value),
      protocol: key === 'udpport' ? 'UDP' : 'TCP',
      address: address === null || /[,:]/.test(address) ? null : address,
      key,
      rank: (isSource ? rank.commandLine + 1 : rank.file) + index,
      source: inFile(file, value),
      reason:
        portOf(value.value) === null
          ? 'the value is not a port'
          : portOf(value.value) === 0
            ? 'port 0 switches it off'
            : null,
    });
  }
}

export const memcached: Family = {
  name: 'Memcached',
  defaultFiles: [],
  defaultPatterns: ['/etc/memcached*.conf', '/etc/sysconfig/memcached'],
  read(instance, reading) {
    const candidates =
      instance.path === null ? this.defaultPatterns!.flatMap((pattern) => reading.glob(pattern)) : [instance.path];
    const port = optionsOfProcess(instance).findLast(({ name }) => names[name] === 'port')?.value;
    for (const path of candidates) {
      const { bytes } = reading.machine.read(path);
      // Each file is that of an instance of its own: a running one has the port of its file.
      const isOwn =
        instance.path !== null ||
        (bytes !== null &&
          optionsIn(Buffer.from(bytes).toString('latin1')).options.some(({ value }) => value.value === port));
      const file = isOwn ? reading.open(path) : null;
      if (file === null) continue;
      addFile(reading, file, instance);
      break;
    }
    for (const { name, value } of optionsOfProcess(instance))
      reading.add({
        setting: name,
        value,
        port: portOf(value) === 0 ? null : portOf(value),
        protocol: names[name] === 'udpport' ? 'UDP' : 'TCP',
        key: names[name]!,
        rank: rank.commandLine,
        source: { kind: 'commandLine' },
      });
    if (instance.pid !== null || reading.main !== null)
      reading.add({
        setting: '-p',
        value: '11211',
        port: 11_211,
        key: 'port',
        rank: rank.default,
        source: { kind: 'default' },
      });
  },
  sideEffects: (_, place, port) => [`clients of Memcached that use port ${place.port} have to use port ${port}`],
};
