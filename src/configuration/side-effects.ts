import { portTypeOf } from '../diagnosis/error-text/confinement.ts';
import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { Facts } from '../facts/model/facts.ts';
import { isWhole } from '../facts/model/section.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import { certificateEffects } from './http-certificates.ts';
import type { Configured } from './instances.ts';
import { mentions } from './mentions.ts';
import { settingText, type RankedPort } from './overlay.ts';
import { lineAt } from './text-file.ts';
import { registrationNotes } from './usual-ports.ts';

/*
 * What else names the old port, or has to allow the new one. It is listed, never changed: whether it should follow is
 * for people to decide.
 */

/** A move whose side effects are wanted. */
export interface MoveSubject {
  readonly all: readonly Configured[];
  readonly subject: Configured;
  /** The settings that get the new port. */
  readonly places: readonly RankedPort[];
  readonly machine: ConfigurationMachine;
  readonly facts: Facts;
  /** What is connected to the old port now, in sentences. */
  readonly clients: readonly string[];
}

/** Programs of families whose names are others, for SELinux; Caddy's ports are those of web servers. */
const programNames: Readonly<Record<string, string>> = {
  Caddy: 'httpd',
  MySQL: 'mysqld',
  OpenSSH: 'sshd',
  MongoDB: 'mongod',
};

/** What connects to a port: a proxy, for example. */
const references = (all: readonly Configured[], port: number): string[] =>
  all.flatMap(({ family, places }) =>
    places
      .filter((place) => place.role === 'reference' && place.port === port)
      .map((place) => `${family.name} connects to port ${port}: ${settingText(place)}`),
  );

/** The other servers that are configured for a port. */
const others = ({ all, subject }: MoveSubject, port: number): string[] =>
  all.flatMap((one) =>
    one.places
      .filter((place) => one !== subject && place.role === 'listen' && place.isEffective && place.port === port)
      .map((place) => `${one.family.name} is configured for port ${port}, too: ${settingText(place)}`),
  );

/** The firewall rules that name the port. Rules for more than a few ports are not about it. */
function firewallRules({ sections }: Facts, port: number, protocols: ReadonlySet<string>): string[] {
  const { firewall } = sections;
  if (firewall === undefined) return [];
  const names = firewall.data.flatMap(({ rules }) =>
    rules
      .filter(
        ({ ports, protocol }) =>
          (protocol === null || protocols.has(protocol)) &&
          ports?.some(({ start, end }) => start <= port && port <= end && end - start < 16) === true,
      )
      .map(({ name }) => `a firewall rule names port ${port}: ${name}`),
  );
  return isWhole(firewall)
    ? names
    : [
        ...names,
        `the firewall rules were not read completely${firewall.reason === null ? '' : `: ${firewall.reason}`}`,
      ];
}

/** The command that reserves a URL for another port, for the same accounts. */
function reservation(url: string, sddl: string | null, to: number): string {
  const moved = url.replace(/^(https?:\/\/(?:\[[^\]]*\]|[^:/[\]]*)):\d+/i, `$1:${to}`);
  return `netsh http add urlacl url=${moved}${sddl === null ? ' user=ACCOUNT' : ` sddl="${sddl}"`}`;
}

/** What HTTP.sys, forwarding rules, and socket units have configured for the port. */
function systemMentions(
  { sections }: Facts,
  [port, to]: readonly [number, number],
  protocols: ReadonlySet<string>,
): string[] {
  const isOn = (url: string): boolean => urlPrefix(url)?.port === port;
  return [
    ...(sections.urlReservations?.data ?? [])
      .filter(({ url }) => isOn(url))
      .map(
        ({ url, sddl }) =>
          `a URL reservation names port ${port}: ${url}; for the new port: ${reservation(url, sddl, to)}`,
      ),
    ...(sections.httpQueues?.data ?? [])
      .flatMap(({ urls }) => urls.filter(isOn))
      .map((url) => `a URL is registered with HTTP.sys for port ${port}: ${url}`),
    ...(sections.portProxies?.data ?? [])
      .filter(({ listenPort, connectPort }) => listenPort === port || connectPort === port)
      .map(
        ({ listenAddress, listenPort, connectAddress, connectPort }) =>
          `a forwarding rule names port ${port}: ${listenAddress}:${listenPort} to ${connectAddress}:${connectPort} (netsh interface portproxy show all)`,
      ),
    ...(sections.socketUnits?.data ?? [])
      .filter((unit) => unit.port === port && protocols.has(unit.protocol))
      .map(({ unit }) => `${unit} listens on port ${port}: systemctl edit ${unit}`),
  ];
}

/** What SELinux has to allow, where it is in use. */
function labels({ subject: { family }, places, machine }: MoveSubject, port: number): string[] {
  if (machine.platform !== 'linux' || machine.read('/sys/fs/selinux/enforce').bytes === null) return [];
  const type = portTypeOf(programNames[family.name] ?? family.name);
  return [...new Set(places.map(({ protocol }) => protocol.toLowerCase()))].map(
    (protocol) =>
      `SELinux may not allow ${family.name} to use port ${port}: sudo semanage port -a -t ${type ?? 'TYPE'} -p ${protocol} ${port}`,
  );
}

/** The packages that have files as their configuration, as [file, package]: those of dpkg itself, and of ucf. */
function packagesOf(machine: ConfigurationMachine): [path: string, name: string][] {
  const linesOf = (path: string): string[] => {
    const { bytes } = machine.read(path);
    return bytes === null ? [] : Buffer.from(bytes).toString('latin1').split('\n');
  };
  const folder = '/var/lib/dpkg/info';
  const lists = (machine.list(folder) ?? []).filter((name) => name.endsWith('.conffiles'));
  return [
    ...lists.flatMap((list) =>
      linesOf(`${folder}/${list}`).map((path): [string, string] => [path, list.replace(/(?::[^:]*)?\.conffiles$/, '')]),
    ),
    ...linesOf('/var/lib/ucf/registry').map((line): [string, string] => {
      const [name = '', path = ''] = line.split(/\s+/, 2);
      return [path, name];
    }),
  ];
}

/** Notes about the packages that have these files: an update asks about changed ones. */
function packageNotes(machine: ConfigurationMachine, paths: readonly string[]): string[] {
  if (machine.platform !== 'linux') return [];
  const wanted = new Set(paths);
  return packagesOf(machine)
    .filter(([path]) => wanted.has(path))
    .map(([path, name]) => `${path} belongs to the package ${name}: an update may ask whether to keep it`);
}

/** The settings with the port that something overrides, which stay as they are. */
const overridden = ({ subject: { places } }: MoveSubject, port: number): string[] =>
  places
    .filter((place) => place.role === 'listen' && !place.isEffective && place.port === port)
    .map((place) => `an overridden setting keeps port ${port}: ${settingText(place)}`);

/** Where the families found the port: `FILE:LINE`, without links. */
const placesOf = ({ all, machine }: MoveSubject, port: number): ReadonlySet<string> =>
  new Set(
    all.flatMap(({ places }) =>
      places.flatMap(({ port: own, source }) => {
        if (own !== port || source.kind !== 'file') return [];
        const { path, text } = source.file;
        return [`${machine.realPath(path) ?? path}:${lineAt(text, source.at)}`];
      }),
    ),
  );

/** Returns what else may have to be changed by hand, in sentences. `files`: the files that are changed. */
export function sideEffects(moved: MoveSubject, from: number, to: number, files: readonly string[]): string[] {
  const { subject, places, machine, facts } = moved;
  const { family, instance, reading } = subject;
  const protocols = new Set<string>(places.map(({ protocol }) => protocol));
  const texts = [
    ...references(moved.all, from),
    ...others(moved, from),
    ...overridden(moved, from),
    ...references(moved.all, to),
    ...places.flatMap((place) => family.sideEffects?.(instance, place, to, reading) ?? []),
    ...moved.clients,
    ...mentions({ machine, facts, pid: instance.pid, known: placesOf(moved, from) }, from),
    ...systemMentions(facts, [from, to], protocols),
    // IIS has listed those of its bindings.
    ...(machine.platform === 'win32' && family.name !== 'IIS' && protocols.has('TCP')
      ? certificateEffects(from, to, { reading, host: null })
      : []),
    ...firewallRules(facts, from, protocols),
    ...labels(moved, to),
    ...registrationNotes(subject, to, places[0]!.protocol),
    ...packageNotes(machine, files),
  ];
  return [...new Set(texts)];
}
