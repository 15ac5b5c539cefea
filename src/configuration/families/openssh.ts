import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption, optionsOf, titleWords } from '../readers/arguments.ts';
import { readWords } from '../readers/lines.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { addressAndPort, inFile, portOf, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * Of most settings the first one wins, but every Port and every ListenAddress counts. A ListenAddress without a port
 * uses those of Port; if each has one, Port is not used. -p replaces Port. https://man.openbsd.org/sshd_config
 */

const deepestInclude = 16;

interface Found {
  readonly file: TextFile;
  readonly word: Word;
}

interface Settings {
  readonly ports: Found[];
  readonly addresses: Found[];
}

/** Reads `Port 22`, `Port=22`, and `Port = "22"`: the name and its values. */
function wordsOf(words: readonly Word[]): { name: string; values: readonly Word[] } {
  const [first] = words as [Word];
  const at = first.quote === null ? first.value.indexOf('=') : -1;
  if (at > 0) {
    const rest = partOf(first, at + 1, first.value.length);
    return {
      name: first.value.slice(0, at).toLowerCase(),
      values: rest === null || rest.value === '' ? words.slice(1) : [unquoted(rest), ...words.slice(1)],
    };
  }
  const next = words[1];
  const name = first.value.toLowerCase();
  if (next?.value === '=' && next.quote === null) return { name, values: words.slice(2) };
  const joined = next?.quote === null && next.value.startsWith('=') ? partOf(next, 1, next.value.length) : null;
  return { name, values: joined === null ? words.slice(1) : [unquoted(joined), ...words.slice(2)] };
}

function unquoted(word: Word): Word {
  const isQuoted = /^"[^"]*"$/.test(word.value);
  return isQuoted ? (partOf(word, 1, word.value.length - 1) ?? word) : word;
}

function addFile(reading: Reading, file: TextFile, found: Settings, including: readonly string[]): void {
  const base = reading.machine.platform === 'win32' ? reading.path.dirname(including[0]!) : '/etc/ssh';
  for (const line of reading.parse(file, (text) => readWords(text, '#', '#')) ?? []) {
    const { name, values } = wordsOf(line);
    const [value] = values;
    // Settings of ports are not allowed in what follows, up to the end of the file.
    if (name === 'match') return;
    if (value === undefined) continue;
    if (name === 'port') found.ports.push({ file, word: value });
    if (name === 'listenaddress') found.addresses.push({ file, word: value });
    if (name !== 'include') continue;
    for (const path of values.flatMap((pattern) => reading.glob(reading.path.resolve(base, pattern.value)))) {
      if (including.includes(path) || including.length > deepestInclude) {
        reading.gap(`${path} is included in circles`);
        continue;
      }
      const included = reading.open(path);
      if (included !== null) addFile(reading, included, found, [...including, path]);
    }
  }
}

/** `sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups` is what it writes over its arguments. */
const title = /^sshd: (.*) \[listener\].*$/s;

function argumentsOf({ arguments: args }: Instance): readonly string[] {
  const [, original] = title.exec(args.join(' ')) ?? [];
  return original === undefined ? args : titleWords(original);
}

const sockets = [
  '/etc/systemd/system/sockets.target.wants/ssh.socket',
  '/etc/systemd/system/sockets.target.wants/sshd.socket',
  '/etc/systemd/system/ssh.service.requires/ssh.socket',
];

/** Adds the addresses that have a port. Returns whether there is one without, which uses the ports. */
function addAddresses(reading: Reading, addresses: readonly Found[]): boolean {
  let usesPorts = addresses.length === 0;
  for (const { file, word } of addresses) {
    // Without brackets, several colons are an IPv6 address.
    const given = /^(?:\[[^\]]*\]|[^:]*):\d+$/.test(word.value) ? addressAndPort(word.value) : null;
    if (given === null) usesPorts = true;
    else
      reading.add({
        setting: 'ListenAddress',
        value: word.value,
        port: given.port,
        address: given.address,
        needsRestart: false,
        source: inFile(file, word, partOf(word, given.start, word.value.length)),
      });
  }
  return usesPorts;
}

/** Adds the ports of `Port`, of `-o Port=`, and of `-p`, which replaces the others. */
function addPorts(reading: Reading, args: readonly string[], { ports, addresses }: Settings): void {
  const options = optionsOf(args, ['-o']).flatMap(({ value }) => /^port[= ]+"?(\d+)"?$/i.exec(value)?.[1] ?? []);
  const replacing = optionsOf(args, ['-p']).map(({ value }) => value);
  const plain = addresses.map(({ word }) => word.value).filter((value) => addressAndPort(value) === null);
  const address = addresses.length > 0 && plain.length === 1 ? plain[0]!.replace(/^\[|\]$/g, '') : null;
  const isReplaced = replacing.length > 0;
  for (const { file, word } of ports)
    reading.add({
      setting: 'Port',
      value: word.value,
      port: portOf(word.value),
      address,
      needsRestart: false,
      // All of them count, but -p is instead of all of them.
      key: isReplaced ? 'Port' : null,
      source: inFile(file, word),
      reason: portOf(word.value) === null ? 'the value is not a port' : null,
    });
  for (const value of options)
    reading.add({
      setting: '-o Port',
      value,
      port: portOf(value),
      address,
      key: isReplaced ? 'Port' : null,
      source: { kind: 'commandLine' },
    });
  for (const [index, value] of replacing.entries())
    reading.add({
      setting: '-p',
      value,
      port: portOf(value),
      address,
      key: index === 0 ? 'Port' : null,
      rank: 1,
      source: { kind: 'commandLine' },
    });
  if (ports.length + options.length + replacing.length === 0)
    reading.add({ setting: 'Port', value: '22', port: 22, address, needsRestart: false, source: { kind: 'default' } });
}

const windowsFile = 'C:\\ProgramData\\ssh\\sshd_config';

export const openssh: Family = {
  name: 'OpenSSH',
  defaultFiles: ['/etc/ssh/sshd_config', '/usr/local/etc/sshd_config', windowsFile],
  read(instance, reading) {
    const args = argumentsOf(instance);
    const named = instance.path ?? lastOption(args, ['-f'])?.value ?? null;
    const files = named === null ? this.defaultFiles : [reading.path.resolve(instance.workingDirectory ?? '/', named)];
    const main = named === null ? reading.openFirst(files) : reading.open(files[0]!);
    if (main === null) return;
    const found: Settings = { ports: [], addresses: [] };
    addFile(reading, main, found, [main.path]);
    const usesPorts = addAddresses(reading, found.addresses);
    if (usesPorts) addPorts(reading, args, found);
    const socket = instance.pid === null ? sockets.find((path) => reading.machine.realPath(path) !== null) : undefined;
    if (socket === undefined || !this.defaultFiles.includes(main.path)) return;
    const reason = `${reading.path.basename(socket)} of systemd opens the port instead of sshd: its ListenStream can be another one`;
    for (const [index, place] of reading.places.entries()) reading.places[index] = { ...place, reason };
  },
  check(instance, reading) {
    const { executable } = instance;
    const program = executable ?? reading.machine.realPath('/usr/sbin/sshd');
    return program === null || reading.main === null ? null : { words: [program, '-t', '-f', reading.main] };
  },
  // It starts itself again with the same arguments; connections stay.
  reload: () => ({ signal: 'SIGHUP' }),
  sideEffects: (_, place, port) => [
    `clients of OpenSSH that use port ${place.port} have to use port ${port}: ssh -p, ~/.ssh/config, known_hosts, and what blocks addresses, such as fail2ban`,
    'if systemd opens the port (ssh.socket), run systemctl daemon-reload, and restart ssh.socket',
  ],
};
