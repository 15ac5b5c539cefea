/**
 * Redacts a recording: replaces values that identify people and networks, equal values by equal ones, so that it still
 * decodes and its parts still fit together. Entries that no source declares are left out: src/facts/sources.ts specifies
 * how each entry is redacted.
 *
 * | what | becomes |
 * |---|---|
 * | the machine's name, its domain | `MACHINE1`, `DOMAIN1` |
 * | accounts of people | `user1`, `user2` … |
 * | paths below a user's profile | `…\Users\user1\folder1\name.exe`: same depth, same file name |
 * | IPv4 addresses except any, loopback, multicast and broadcast | 198.18.0.1, 198.18.0.2 … (RFC 2544) |
 * | IPv6 addresses except any, loopback and multicast | 2001:db8::1 … (RFC 3849), fe80::1 … where link-local |
 * | SIDs of accounts | `S-1-5-21-0-0-0-1001` |
 * | hosts and paths of URLs | `host1`, `path1` … |
 * | command lines, working directories | an empty text |
 * | the program that an interpreter runs | the name of the interpreter, or of a well-known tool |
 */
import type { Container, Facts, Process } from '../facts/model/facts.ts';
import { withoutProject } from '../facts/decode/application/application.ts';
import { addressBytes, addressText, isLinkLocal, scopeOf, withoutScope } from '../ports/address.ts';
import { sourceEntry, type Redaction } from '../facts/sources.ts';
import type { Platform, RawEntry, RawEnvelope } from '../system/raw.ts';
import { longestName, nameFinder, type NameFinder } from './names.ts';

/** Numbers names in order of appearance. */
function numbered(prefix: string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const key = text.toLowerCase();
    let name = known.get(key);
    if (name === undefined) known.set(key, (name = `${prefix}${known.size + 1}`));
    return name;
  };
}

/** Domains that belong to Windows, not to an organization. */
const systemDomains =
  /^(?:NT AUTHORITY|NT SERVICE|NT VIRTUAL MACHINE|IIS APPPOOL|Window Manager|Font Driver Host|BUILTIN)$/i;
/** Folders below a profile that are the same everywhere. */
const commonFolders =
  /^(?:AppData|Local|LocalLow|Roaming|Programs|Temp|Documents|Desktop|Downloads|bin|lib|share|snap|\.local|\.cache|\.config|\.npm|\.nvm)$/;
/** Users that exist on every machine: their names reveal nothing. */
const commonProfiles = /^(?:Public|Default|Default User|All Users)$/i;

interface Names {
  readonly user: (text: string) => string;
  readonly machine: (text: string) => string;
  readonly domain: (text: string) => string;
  readonly folder: (text: string) => string;
  readonly host: (text: string) => string;
  readonly path: (text: string) => string;
  /** Replaces the 4 or 16 bytes of an address in place. */
  readonly address: (bytes: Uint8Array) => void;
  /** Every name found so far that must not remain anywhere, with its replacement. */
  readonly secrets: Map<string, string>;
}

function newNames(): Names {
  const [four, six] = [new Map<string, number>(), new Map<string, number>()];
  const numberOf = (known: Map<string, number>, key: string): number => {
    const number = known.get(key) ?? known.size + 1;
    known.set(key, number);
    return number;
  };
  const address4 = (bytes: Uint8Array): void => {
    const [first = 0, second = 0] = bytes;
    // The last condition detects an address that has already been replaced.
    if (first === 0 || first === 127 || first >= 224 || (first === 198 && (second & 0xfe) === 18)) return;
    const number = numberOf(four, bytes.join('.'));
    bytes.set([198, 18 + ((number >> 16) & 1), (number >> 8) & 0xff, number & 0xff]);
  };
  return {
    user: numbered('user'),
    machine: numbered('MACHINE'),
    domain: numbered('DOMAIN'),
    folder: numbered('folder'),
    host: numbered('host'),
    path: numbered('path'),
    secrets: new Map(),
    address(bytes) {
      if (bytes.length === 4) return address4(bytes);
      const mapped = bytes.subarray(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
      if (mapped) return address4(bytes.subarray(12));
      if (bytes[0] === 0xff || bytes.subarray(0, 15).every((byte) => byte === 0)) return;
      const linkLocal = isLinkLocal(bytes);
      const documentation = Buffer.from(bytes.subarray(0, 4)).toString('hex') === '20010db8';
      if ((linkLocal || documentation) && bytes.subarray(linkLocal ? 2 : 4, 12).every((byte) => byte === 0)) return;
      const number = numberOf(six, Buffer.from(bytes).toString('hex'));
      bytes.fill(0).set(linkLocal ? [0xfe, 0x80] : [0x20, 0x01, 0x0d, 0xb8]);
      new DataView(bytes.buffer, bytes.byteOffset, 16).setUint32(12, number);
    },
  };
}

/** Redacts an address in text form; returns any other text unchanged. */
function redactAddress(text: string, names: Names): string {
  const bytes = addressBytes(withoutScope(text));
  if (bytes === null) return text;
  names.address(bytes);
  const scope = scopeOf(text);
  return addressText(bytes) + (scope === null ? '' : `%${scope}`);
}

/** `C:\Users\anna\…`, `/home/anna/…`, or `/root/…` inside a text. */
const profilePath =
  /(?<start>(?:[A-Za-z]:[\\/]+|[\\/])(?:Users|Documents and Settings|home)[\\/]+)(?<user>[^\\/"<>|:*?\r\n]+)(?<rest>(?:[\\/]+[^\\/"<>|:*?\r\n]+)*)|(?<root>\/root)(?<rootRest>(?:\/[^/"<>|:*?\r\n]+)+)/gi;

/** Replaces the matches of a pattern, using its named groups. */
function replaceGroups(
  text: string,
  pattern: RegExp,
  change: (groups: Readonly<Record<string, string | undefined>>) => string,
): string {
  return text.replace(pattern, (...found: unknown[]) => change(found.at(-1) as Record<string, string | undefined>));
}

function redactProfiles(text: string, names: Names): string {
  const below = (path: string): string =>
    path.replace(/(?<![\\/])([\\/]+)([^\\/]+)/g, (_, separator: string, part: string, at: number) => {
      const last = at + separator.length + part.length === path.length;
      return separator + (last || commonFolders.test(part) ? part : names.folder(part));
    });
  return replaceGroups(text, profilePath, ({ start, user = '', rest = '', root = '', rootRest = '' }) => {
    if (start === undefined) return root + below(rootRest);
    return start + (commonProfiles.test(user) ? user : person(user, names)) + below(rest);
  });
}

/** The parts of a URL; `ip` is the address that HTTP.sys binds for a prefix. */
const url =
  /(?<scheme>https?:\/\/)(?<host>\[[^\]\s]*\]|[^\s/:"'<>]+)(?<port>(?::\d+)?)(?<ip>(?::[\d.]+|:\[[^\]\s]*\])?)(?<path>[^\s"'<>]*)/gi;

function redactUrls(text: string, names: Names): string {
  return replaceGroups(text, url, ({ scheme = '', host = '', port = '', ip = '', path = '' }) => {
    const address = /^\[.*\]$/.test(host) ? `[${redactAddress(host.slice(1, -1), names)}]` : redactAddress(host, names);
    const shown =
      address !== host || /^(?:\+|\*|localhost|127\.[\d.]+|0\.0\.0\.0|\[.*\])$/i.test(host)
        ? address
        : names.host(host);
    return scheme + shown + port + ip + path.replace(/[^/]+/g, (part) => names.path(part));
  });
}

function person(user: string, names: Names): string {
  const name = names.user(user);
  if (user.length >= 3 && user.length <= longestName) names.secrets.set(user, name);
  return name;
}

function redactText(text: string, names: Names): string {
  // An account's SID reveals its domain.
  const accounts = redactProfiles(text, names).replace(/\bS-1-5-21-\d+-\d+-\d+-(\d+)/g, 'S-1-5-21-0-0-0-$1');
  return redactUrls(accounts, names)
    .replace(/(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})(?![\w:])/gi, (address) =>
      redactAddress(address, names),
    )
    .replace(/(?<![\w.]|::ffff:)(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)/g, (address) => redactAddress(address, names));
}

/** Replaces every string in JSON text by the result of `change`, which also gets the name of its member. */
function changeJson(text: string, change: (value: string, member: string) => string): string {
  let member = '';
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return change(value, member);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        // Values in the form `{ value: … }` are named by the enclosing member.
        if (name !== 'value' && name !== 'refusal') member = name;
        return [name, walk(inner)];
      }),
    );
  };
  try {
    return JSON.stringify(walk(JSON.parse(text)));
  } catch {
    return '';
  }
}

/** Redacts `DOMAIN\name`, or only a name. */
function account(text: string, names: Names): string {
  const at = text.indexOf('\\');
  const [domain, name] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
  if (systemDomains.test(domain) || text === '') return text;
  return `${domain === '' ? '' : `${names.secrets.get(domain) ?? names.domain(domain)}\\`}${person(name, names)}`;
}

type Rule = (entry: RawEntry, names: Names) => RawEntry;

const keep: Rule = (entry) => entry;
const textRule =
  (change: (text: string, names: Names) => string): Rule =>
  (entry, names) =>
    entry.text === undefined ? entry : { ...entry, text: change(entry.text, names) };

/** Redacts addresses at fixed offsets in the rows of a table. */
const table =
  ({ first, size, places, length }: Extract<Redaction, object>): Rule =>
  (entry, names) => {
    if (entry.bytes === undefined) return entry;
    const bytes = Uint8Array.from(entry.bytes);
    for (let row = first; row + size <= bytes.length; row += size)
      for (const place of places) names.address(bytes.subarray(row + place, row + place + length));
    return { ...entry, bytes };
  };

/** Redacts console text in any code page: only ASCII is replaced. */
const consoleText: Rule = (entry, names) =>
  entry.bytes === undefined
    ? entry
    : {
        ...entry,
        bytes: new Uint8Array(Buffer.from(redactText(Buffer.from(entry.bytes).toString('latin1'), names), 'latin1')),
      };

/** Redacts sock_diag messages: nlmsghdr, then inet_diag_msg with both addresses. */
const diag: Rule = (entry, names) => {
  if (entry.bytes === undefined) return entry;
  const bytes = Uint8Array.from(entry.bytes);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    if (length >= 16 + 72) {
      const size = bytes[at + 16] === 10 ? 16 : 4;
      for (const place of [at + 24, at + 40]) names.address(bytes.subarray(place, place + size));
    }
    at += (length + 3) & ~3;
  }
  return { ...entry, bytes };
};

/** Redacts `0100007F:0050`: 32-bit numbers of a little-endian machine. */
const procNet = textRule((text, names) =>
  text.replace(/\b([0-9A-F]{8}|[0-9A-F]{32})(?=:[0-9A-F]{4}\b)/g, (hex) => {
    const bytes = Buffer.from(hex, 'hex').swap32();
    names.address(bytes);
    return bytes.swap32().toString('hex').toUpperCase();
  }),
);

const interfaces = textRule((text, names) =>
  text.replace(/^[0-9a-f]{32}/gm, (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    names.address(bytes);
    return bytes.toString('hex');
  }),
);

/** Redacts /etc/passwd: the IDs of people start at 1000, except for nobody's. */
const users = textRule((text, names) =>
  text
    .split('\n')
    .map((line) => {
      const fields = line.split(':');
      if (fields.length < 7) return '';
      const uid = Number(fields[2]);
      const [name = '', , , , , home = '', shell = ''] = fields;
      const own = uid >= 1000 && uid !== 65534;
      const shown = own ? person(name, names) : name;
      return [
        shown,
        'x',
        fields[2],
        fields[3],
        '',
        own ? `/home/${shown}` : redactProfiles(home, names),
        redactProfiles(shell, names),
      ].join(':');
    })
    .join('\n'),
);

const processRule = textRule((text, names) =>
  changeJson(text, (value, member) => {
    if (/^(?:cmdline|commandLine|cwd|workingDirectory)$/.test(member)) return '';
    if (member === 'application') return withoutProject(value);
    return member === 'user' || member === 'realUser' ? account(value, names) : redactText(value, names);
  }),
);

const jsonWithSlashes = textRule((text, names) =>
  changeJson(text, (value) =>
    value
      .split('/')
      .map((part) => redactText(part, names))
      .join('/'),
  ),
);

const machine = textRule((text, names) =>
  changeJson(text, (value, member) => {
    if (member !== 'name') return value;
    const name = names.machine(value);
    if (value.length >= 3 && value.length <= longestName) names.secrets.set(value, name);
    return name;
  }),
);

/** Returns the rule for a kind of redaction; undefined for entries that are left out. */
function ruleOf(kind: Redaction): Rule | undefined {
  if (typeof kind === 'object') return table(kind);
  switch (kind) {
    case 'keep':
      return keep;
    case 'left out':
      return undefined;
    case 'console text':
      return consoleText;
    case 'JSON':
      return textRule((text, names) => changeJson(text, (value) => redactText(value, names)));
    case 'JSON with slashes':
      return jsonWithSlashes;
    case 'machine':
      return machine;
    case 'process':
      return processRule;
    case 'account':
      return textRule(account);
    case 'passwd':
      return users;
    case 'sock_diag':
      return diag;
    case 'proc net':
      return procNet;
    case 'if_inet6':
      return interfaces;
  }
}

/**
 * Returns how an entry is redacted, regardless of the platform that an envelope claims. The envelope also contains the
 * results of doctor, which are not a source.
 */
function redactionOf(platform: Platform, name: string): Redaction {
  if (name === 'doctor') return 'JSON with slashes';
  const entry = sourceEntry(platform, name) ?? sourceEntry(platform === 'linux' ? 'win32' : 'linux', name);
  return entry?.redaction ?? 'left out';
}

/** The last folder of a path. */
const lastFolder = (path: string): string => path.split(/[\\/]/).findLast((name) => name !== '') ?? '';

/** Notes the name of the folder where a program runs, which is usually the name of its project, if it is in a profile. */
function noteProject(folder: string, names: Names): void {
  const name = lastFolder(folder);
  const isInProfile = redactProfiles(folder, names) !== folder;
  if (!isInProfile || name.length < 3 || name.length > longestName || names.secrets.has(name)) return;
  if (!commonFolders.test(name) && withoutProject(name) === '') names.secrets.set(name, names.folder(name));
}

/** The names of a container are those of its project. */
function redactContainer({ name, image, project, service, ...rest }: Container, names: Names): Container {
  return {
    ...rest,
    ...(name === undefined ? {} : { name: `container-${names.folder(name)}` }),
    ...(image === undefined ? {} : { image: `image-${names.folder(image)}` }),
    ...(project === undefined ? {} : { project: names.folder(project) }),
    ...(service === undefined ? {} : { service: names.folder(service) }),
  };
}

/** Replaces an account, unless it is one of the system, or of the program of that name: `postgres`. */
const accountOf = (user: string | null, names: Names, programs: ReadonlySet<string | null>): string | null =>
  user === null || /^(?:root|nobody|_.*|systemd-.*)$/.test(user) || programs.has(user) ? user : account(user, names);

function redactProcess(process: Process, names: Names, programs: ReadonlySet<string | null>): Process {
  const { application, saved, workingDirectory, user, realUser, container, ...rest } = process;
  const known = application === undefined ? '' : withoutProject(application);
  const { project: _, ...others } = saved ?? {};
  return {
    ...rest,
    commandLine: null,
    ...(known === '' ? {} : { application: known }),
    ...(saved === undefined ? {} : { saved: others }),
    ...(workingDirectory === undefined ? {} : { workingDirectory: null }),
    user: accountOf(user, names, programs),
    ...(realUser === undefined ? {} : { realUser: accountOf(realUser, names, programs)! }),
    container: container === null ? null : redactContainer(container, names),
  };
}

/** Facts with everything replaced that this file names: they answer the same questions. */
export function redactFacts(facts: Facts): Facts {
  const names = newNames();
  const { name } = facts.machine;
  const machineName = name === '' ? '' : names.machine(name);
  if (name.length >= 3 && name.length <= longestName) names.secrets.set(name, machineName);
  for (const { workingDirectory } of facts.sections.processes.data)
    if (workingDirectory != null) noteProject(workingDirectory, names);
  const { sockets, processes, boundSockets } = facts.sections;
  const programs = new Set(processes.data.map(({ imageName }) => imageName));
  const withoutNames = (socket: (typeof sockets.data)[number]): (typeof sockets.data)[number] => ({
    ...socket,
    user: accountOf(socket.user, names, programs),
    ...(socket.container === undefined ? {} : { container: redactContainer(socket.container, names) }),
  });
  const sections = {
    ...facts.sections,
    sockets: { ...sockets, data: sockets.data.map(withoutNames) },
    processes: { ...processes, data: processes.data.map((process) => redactProcess(process, names, programs)) },
    ...(boundSockets === undefined
      ? {}
      : { boundSockets: { ...boundSockets, data: boundSockets.data.map(withoutNames) } }),
  };
  const text = JSON.stringify({ ...facts, machine: { ...facts.machine, name: machineName }, sections });
  const replaced = changeJson(text, (value) => redactText(value, names));
  const find = nameFinder(names.secrets);
  return JSON.parse(changeJson(replaced, (value) => scrubText(value, find))) as Facts;
}

/** Removes names from bytes, where a name can only be replaced by one of the same length. */
function scrubBytes(bytes: Uint8Array, find: NameFinder): Uint8Array {
  const copy = Buffer.from(bytes);
  const given = Buffer.from(bytes);
  const mask = (encoding: 'utf16le' | 'latin1', from: number): void => {
    const size = encoding === 'utf16le' ? 2 : 1;
    for (const { start, end } of find(given.toString(encoding, from), false))
      copy.write('x'.repeat(end - start), from + start * size, encoding);
  };
  mask('latin1', 0);
  // Text in a structure can start at an odd offset, too.
  mask('utf16le', 0);
  mask('utf16le', 1);
  return new Uint8Array(copy);
}

function scrubText(text: string, find: NameFinder): string {
  let result = '';
  let done = 0;
  for (const { start, end, replacement } of find(text, true)) {
    result += text.slice(done, start) + replacement;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** Returns the envelope with everything redacted that this file lists. */
export function redact(envelope: RawEnvelope): RawEnvelope {
  const names = newNames();
  const entries = new Map<string, RawEntry>();
  // The machine's name first, because an account may belong to the machine.
  for (const [name, entry] of [...envelope.entries].toSorted(
    ([a], [b]) => Number(b === 'machine') - Number(a === 'machine'),
  )) {
    const rule = ruleOf(redactionOf(envelope.platform, name));
    entries.set(
      name,
      rule === undefined
        ? { at: entry.at, refusal: { code: 'Disabled', text: 'left out of the report' } }
        : rule(entry, names),
    );
  }
  // Then replace names that no rule covers. The names of JSON members stay, even if somebody has the same name.
  const find = nameFinder(names.secrets);
  for (const [name, entry] of entries) {
    const refusal =
      entry.refusal === undefined
        ? {}
        : { refusal: { ...entry.refusal, text: scrubText(redactText(entry.refusal.text, names), find) } };
    entries.set(name, {
      ...entry,
      ...(entry.text === undefined
        ? {}
        : {
            text: changeJson(entry.text, (value) => scrubText(value, find)) || scrubText(entry.text, find),
          }),
      ...(entry.bytes === undefined ? {} : { bytes: scrubBytes(entry.bytes, find) }),
      ...refusal,
    });
  }
  // In the order in which the entries were read.
  return {
    platform: envelope.platform,
    entries: new Map([...envelope.entries.keys()].map((name) => [name, entries.get(name)!])),
  };
}
