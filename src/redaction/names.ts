import { withoutProject } from '../facts/decode/application/application.ts';
import type { Container } from '../facts/model/facts.ts';
import { addressBytes, addressText, isLinkLocal, scopeOf, withoutScope } from '../ports/address.ts';
import { longestName, type NameFinder } from './finder.ts';

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

/** Replacements, each for one kind of name: the same for the same name. */
export interface Names {
  readonly user: (text: string) => string;
  readonly machine: (text: string) => string;
  readonly domain: (text: string) => string;
  readonly folder: (text: string) => string;
  readonly host: (text: string) => string;
  readonly path: (text: string) => string;
  readonly owner: (text: string) => string;
  readonly contact: (text: string) => string;
  /** Replaces the 4 or 16 bytes of an address in place. */
  readonly address: (bytes: Uint8Array) => void;
  /** Every name found so far that must not remain anywhere, with its replacement. */
  readonly secrets: Map<string, string>;
}

export function newNames(): Names {
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
    owner: numbered('owner'),
    contact: numbered('contact'),
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
export function redactAddress(text: string, names: Names): string {
  const bytes = addressBytes(withoutScope(text));
  if (bytes === null) return text;
  names.address(bytes);
  const scope = scopeOf(text);
  return addressText(bytes) + (scope === null ? '' : `%${scope}`);
}

/** `C:\Users\anna\…`, `/home/anna/…`, `/root/…`, `~/…`, or `~anna/…` inside a text. */
const profilePath =
  /(?<start>(?:[A-Za-z]:[\\/]+|[\\/])(?:Users|Documents and Settings|home)[\\/]+)(?<user>[^\\/"<>|:*?\r\n]+)(?<rest>(?:[\\/]+[^\\/"<>|:*?\r\n]+)*)|(?<root>\/root)(?<rootRest>(?:\/[^/"<>|:*?\r\n]+)+)|(?<![\w~/\\])~(?<short>(?![\d.])[^\\/"'<>|:*?()[\]{},;=\s~]*)(?<shortRest>(?:[\\/]+[^\\/"'<>|:*?(),;\s]+)*)/gi;

/** The machine in `\\machine\share`; not `\\?\`, `\\.\`, or the folders of WSL. */
const shareHost = /(?<![\w\\:/])\\\\(?!wsl(?:\$|\.localhost)\\)([^\\/\s?.:*"'<>|][^\\/\s?:*"'<>|]*)(?=\\[^\\])/gi;

/** Replaces the matches of a pattern, using its named groups. */
function replaceGroups(
  text: string,
  pattern: RegExp,
  change: (groups: Readonly<Record<string, string | undefined>>) => string,
): string {
  return text.replace(pattern, (...found: unknown[]) => change(found.at(-1) as Record<string, string | undefined>));
}

/** A machine's name or address in a path. */
const redactHost = (host: string, names: Names): string =>
  addressBytes(host) === null ? names.host(host) : redactAddress(host, names);

export function redactProfiles(text: string, names: Names): string {
  const below = (path: string): string =>
    path.replace(/(?<![\\/])([\\/]+)([^\\/]+)/g, (_, separator: string, part: string, at: number) => {
      const last = at + separator.length + part.length === path.length;
      return separator + (last || commonFolders.test(part) ? part : names.folder(part));
    });
  const shares = text.replace(shareHost, (_, host: string) => `\\\\${redactHost(host, names)}`);
  return replaceGroups(shares, profilePath, (groups) => {
    const { start, user = '', rest = '', root = '', rootRest = '', short, shortRest = '' } = groups;
    if (short !== undefined) return `~${short === '' ? '' : person(short, names)}${below(shortRest)}`;
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

/** Notes the name of a person, and returns its replacement. */
export function person(user: string, names: Names): string {
  const name = names.user(user);
  if (user.length >= 3 && user.length <= longestName) names.secrets.set(user, name);
  return name;
}

/** Notes the name of a machine, and returns its replacement. */
export function machineName(name: string, names: Names): string {
  if (name === '') return name;
  const shown = names.machine(name);
  if (name.length >= 3 && name.length <= longestName) names.secrets.set(name, shown);
  return shown;
}

const localHost = /^localhost$/i;

/** Notes the name of another machine as a person typed it, and returns its replacement. Addresses have their own. */
export function hostName(host: string, names: Names): string {
  if (host === '' || localHost.test(host)) return host;
  const address = redactAddress(host, names);
  if (addressBytes(withoutScope(host)) !== null) return address;
  const shown = names.host(host);
  if (host.length >= 3 && host.length <= longestName) names.secrets.set(host, shown);
  // A short name is also a word.
  else
    for (const [before, after] of [
      ['', ':'],
      ['--host ', ''],
    ])
      names.secrets.set(before + host + after, before + shown + after);
  return shown;
}

/** Notes the path of a request, which may contain a token. */
export function noteRequestPath(path: string, names: Names): void {
  if (path.length >= 3 && path.length <= longestName)
    names.secrets.set(
      path,
      path.replace(/[^/]+/g, (part) => names.path(part)),
    );
}

/**
 * Notes the name of an owner that is waited for, where sentences name it: it may be that of a project or a container, which
 * nothing on this machine tells before it runs. As a word of another sentence, it must not be replaced.
 */
export function noteExpectedOwner(name: string, names: Names): void {
  if (name === '' || withoutProject(name) === name) return;
  const shown = withoutProject(name) || names.owner(name);
  for (const before of ['to be owned by ', ', not ', '; expected ']) names.secrets.set(before + name, before + shown);
}

/** Replaces paths below user profiles, SIDs, URLs, and addresses in a text. */
export function redactText(text: string, names: Names): string {
  // An account's SID reveals its domain.
  const accounts = redactProfiles(text, names).replace(/\bS-1-5-21-\d+-\d+-\d+-(\d+)/g, 'S-1-5-21-0-0-0-$1');
  return redactUrls(accounts, names)
    .replace(/(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})(?![\w:])/gi, (address) =>
      redactAddress(address, names),
    )
    .replace(/(?<![\w.]|::ffff:)(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)/g, (address) => redactAddress(address, names));
}

/** Replaces every string in JSON text by the result of `change`, which also gets the name of its member. */
export function changeJson(text: string, change: (value: string, member: string) => string): string {
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
export function account(text: string, names: Names): string {
  const at = text.indexOf('\\');
  const [domain, name] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
  if (systemDomains.test(domain) || text === '') return text;
  return `${domain === '' ? '' : `${names.secrets.get(domain) ?? names.domain(domain)}\\`}${person(name, names)}`;
}

/** Folders of the system and its packages, and those that every machine has: they name no project. */
const systemFolder =
  /^(?:\/(?:usr|bin|sbin|lib\w*|etc|boot|dev|proc|sys|run|snap|nix|root|home|var\/(?!www(?:\/|$))[^/]*)(?:\/|$)|[a-z]:\\(?:Windows|Program Files[^\\]*|ProgramData|Users)(?:\\|$))/i;
const commonRoots = /^(?:srv|opt|mnt|media|tmp|var|www|html|data|app|inetpub|wwwroot|workspace|work)$/i;

/** Names of folders that say nothing about a project; as words of a sentence, they must not be replaced. */
const generic = new Set(
  (
    'address admin api app apps application applications assets back backend build cache client clients cmd code common ' +
    'config container core data database demo deploy dev develop development dist docker docs example examples files ' +
    'frontend git github gitlab home internal java lib libs local log logs main master module modules net packages pkg ' +
    'play port prod production program programs project projects public python release repo repos repository ' +
    'root run runner samples sandbox script scripts server servers service services shared site sites socket source ' +
    'sources src staging static system target temp test tests tmp tool tools unit user users vendor venv web website work ' +
    'worker workers workspace workspaces www process node portowner'
  ).split(' '),
);

/** Notes a folder where a program runs: elsewhere it is a part of paths. */
function noteFolder(folder: string, names: Names): void {
  const path = folder.replace(/(?<![\\/])[\\/]+$/, '');
  if (path.length > longestName || systemFolder.test(path) || names.secrets.has(path)) return;
  const shown = path.replace(/(?<=[\\/])[^\\/]+/g, (part) => (commonRoots.test(part) ? part : names.folder(part)));
  if (shown !== path) names.secrets.set(path, shown);
}

/** Notes the home folder of a person, which may be anywhere. */
export function noteHome(home: string, names: Names): void {
  const at = Math.max(home.lastIndexOf('/'), home.lastIndexOf('\\'));
  const name = home.slice(at + 1);
  if (name === '' || systemFolder.test(home) || home.length > longestName) return;
  names.secrets.set(home, home.slice(0, at + 1) + person(name, names));
}

/** Whether a folder of a path is probably named after a project, a customer, or a person. */
function isTelling(name: string): boolean {
  if (name.length < 3 || name.length > longestName || generic.has(name.toLowerCase())) return false;
  return !commonFolders.test(name) && !commonRoots.test(name) && withoutProject(name) === '';
}

/**
 * Notes the folder where a program runs, and the names of the folders that lead to it: those of its project, which are
 * elsewhere in other paths. Outside of a profile, a folder can also have the name of a program: `/opt/grafana`.
 */
export function noteProject(folder: string, names: Names, programs: ReadonlySet<string | null>): void {
  const redacted = redactProfiles(folder, names);
  const isInProfile = redacted !== folder;
  if (!isInProfile) noteFolder(folder, names);
  if (!isInProfile && systemFolder.test(folder)) return;
  // The same depth: what was replaced below a profile, or all folders below the root.
  const [parts, shown] = [folder, redacted].map((path) => path.split(/[\\/]+/));
  for (const [at, name] of parts!.entries()) {
    const isOwn = isInProfile ? shown![at] !== name || at === parts!.length - 1 : !programs.has(name);
    if (isOwn && isTelling(name) && !names.secrets.has(name)) names.secrets.set(name, names.folder(name));
  }
}

/** The names of a container are those of its project. */
export function redactContainer({ name, image, project, service, ...rest }: Container, names: Names): Container {
  return {
    ...rest,
    ...(name === undefined ? {} : { name: `container-${names.folder(name)}` }),
    ...(image === undefined ? {} : { image: `image-${names.folder(image)}` }),
    ...(project === undefined ? {} : { project: names.folder(project) }),
    ...(service === undefined ? {} : { service: names.folder(service) }),
  };
}

/** Replaces an account, unless it is one of the system, or of the program of that name: `postgres`. */
export const accountOf = <User extends string | null>(
  user: User,
  names: Names,
  programs: ReadonlySet<string | null>,
): User | string =>
  user === null || /^(?:root|nobody|_.*|systemd-.*)$/.test(user) || programs.has(user) ? user : account(user, names);

/** Replaces names that no rule covers. */
export function scrubText(text: string, find: NameFinder): string {
  let result = '';
  let done = 0;
  for (const { start, end, replacement } of find(text, true)) {
    result += text.slice(done, start) + replacement;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}
