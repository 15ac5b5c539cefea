import { capitalized } from '../io/capitalized.ts';
import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import { holdsPort } from '../facts/model/question.ts';
import { isWhole } from '../facts/model/section.ts';
import { isUnfound } from '../ownership/absent.ts';
import { socketOrder } from '../ownership/order.ts';
import { comparableHost, endpointText, scopeOf, withoutScope } from '../ports/address.ts';
import { rangeFinder } from '../ports/lookup.ts';
import type { Conflict } from '../schema/conflict.ts';
import { step } from '../schema/step.ts';
import { conflictKinds, conflictSeverities, type ConflictKind } from './conflict-kinds.ts';
import { crowdsMet, crowdsOn, remembered, shownHolders, type Crowd } from './crowd.ts';
import { topText, usage } from './exhaustion.ts';
import { holdersOf, type Holder } from './families.ts';
import { plainAddress, sameDevice } from './overlap.ts';
import { listenListOf } from './listen-list.ts';
import { listenListSteps } from './listen-list-steps.ts';
import { asGoodAsFull, farEndStep, farText, fullPairs, pairText } from './pairs.ts';
import { isUnusual, rangeText, usualStart, usualText } from './ranges.ts';
import { isSharedPort } from './shared-ports.ts';
import { reallySplit, sharingIn } from './sharing.ts';
import { systemctlCommand } from './stop-commands.ts';
import { toldApart, type Reader } from './told-apart.ts';

/** All conflicts, and whether there are sockets that could not be evaluated. */
export interface Conflicts {
  readonly rows: Conflict[];
  /** What would allow them to be evaluated; null when all were. */
  readonly undecided: string | null;
}

/** Components of Windows that listen on dynamic ports for RPC. */
const windowsParts = new Set([
  'system',
  'lsass.exe',
  'wininit.exe',
  'services.exe',
  'svchost.exe',
  'spoolsv.exe',
  'lsm.exe',
  'winlogon.exe',
  'dns.exe',
  'dfsrs.exe',
  'ismserv.exe',
  'msdtc.exe',
  'certsrv.exe',
  'clussvc.exe',
  'ntfrs.exe',
  'wins.exe',
  'vmms.exe',
  'mqsvc.exe',
]);
/** Components of Linux that do the same. */
const linuxParts = /^rpc(?:\.|bind)|^lockd$/;
/** URLs that Windows reserves for itself on every machine. */
const stockUrls =
  /\/(?:temporary_listen_addresses|wsman|sra_\{[0-9a-f-]+\}|wmpnssv[34]?|mdeserver|116b50eb-[0-9a-f-]|c574ac30-[0-9a-f-]|0131501b-[0-9a-f-]|remotedesktop|reports?(?:erver)?|homegroup|bits-peerdist|kdcproxy|phoneproxy)[^/]*\/?$|:(?:5357|5358|10243|10245|10246|10247|2869|47001)(?:\/|$)/i;

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

/** Where a conflict is, and between which owners. */
interface Places {
  readonly address: string;
  readonly owners: readonly string[];
  /** The owner of each holder. */
  readonly names: readonly string[];
}

/** Lists the holders' addresses and owners without duplicates, up to a limit. */
function placesOf(holders: readonly Holder[], reader: Reader): Places {
  const addresses = distinct(holders.map(({ socket }) => socket.localAddress));
  const names = toldApart(holders, reader);
  const owners = distinct(names);
  const few = (texts: readonly string[]): string[] =>
    texts.length > shownHolders
      ? [...texts.slice(0, shownHolders), `and ${texts.length - shownHolders} more`]
      : [...texts];
  return { address: few(addresses).join(', '), owners: few(owners), names };
}

/** Describes a conflict of two owners by name; null if there are more, or the kind says everything. */
function betweenTwo(kind: ConflictKind, holders: readonly Holder[], { names }: Places): string | null {
  const [first, second, ...others] = distinct(names);
  if (second === undefined || others.length > 0) return null;
  const of = (name: string): readonly Holder[] => holders.filter((_, at) => names[at] === name);
  const plain = (name: string) => of(name).map(({ socket }) => plainAddress(socket.localAddress));
  if (kind === 'FamilySplit') {
    const [four, six] = plain(first!).some(({ six: isSix }) => isSix) ? [second, first!] : [first!, second];
    return `${four} owns the port over IPv4, and ${six} over IPv6: which one is reached depends on name resolution.`;
  }
  if (kind === 'OverlappingAddresses') {
    const [all, one] = plain(first!).every(({ wildcard }) => wildcard) ? [first!, second] : [second, first!];
    const addresses = distinct(of(one).map(({ socket }) => socket.localAddress));
    if (!plain(all).every(({ wildcard }) => wildcard) || addresses.length > 1) return null;
    const devices = distinct(plain(all).map(({ device }) => device ?? ''));
    // A socket bound to an interface covers only what comes in there.
    const where = devices.length === 1 && devices[0] !== '' ? `every address of ${devices[0]}` : 'every address';
    return `${all} listens on ${where}, but connections to ${addresses[0]} reach ${one}.`;
  }
  return null;
}

/** Whether an owner is part of the system, so that a user cannot and need not move it. */
function isSystemPart(facts: Facts, { row, socket }: Holder): boolean {
  const image = row.ImageName?.toLowerCase() ?? '';
  return socket.kernel || (facts.machine.platform === 'win32' ? windowsParts.has(image) : linuxParts.test(image));
}

/** Returns the conflicts of several owners on one port, and whether some sockets could not be evaluated. */
function sharedPort(
  { make, dynamicRange }: Context,
  group: readonly Holder[],
): { rows: Conflict[]; undecided: boolean } {
  const { found, undecided } = sharingIn(group);
  const rows = found.flatMap(([kind, holders]) => {
    const all = kind === 'FamilySplit' ? reallySplit(holders, group) : holders;
    const [first] = all;
    if (first === undefined) return [];
    const known = isSharedPort(first.socket.protocol, first.socket.localPort);
    const relay = kind === 'FamilySplit' && all.some(({ row }) => row.OwnerKind === 'Relay');
    const dynamic = kind === 'FamilySplit' && dynamicRange(first.socket) !== undefined;
    return [make(kind, all, { isUsual: known || relay || dynamic })];
  });
  return { rows, undecided };
}

type Make = (
  kind: ConflictKind,
  holders: readonly Holder[],
  more?: {
    /** Whether healthy machines have this, too. */
    isUsual?: boolean;
    owners?: readonly string[];
    description?: string;
    remedy?: readonly string[];
  },
) => Conflict;

/** The context in which all conflicts are found. */
interface Context {
  readonly facts: Facts;
  readonly byPort: ReadonlyMap<string, readonly Holder[]>;
  /** The index of each holder. */
  readonly order: ReadonlyMap<Holder, number>;
  readonly make: Make;
  /**
   * Returns the range from which a connection may get a socket's port; undefined where the port is excluded from that.
   */
  readonly dynamicRange: (socket: Socket) => PortRange | undefined;
  /** Returns the range around a TCP port that is excluded from automatic assignment. */
  readonly excludedRange: (port: number) => PortRange | undefined;
}

const excludedKinds: Readonly<Record<string, string>> = {
  Excluded: 'excluded',
  ExcludedPersistent: 'reserved',
  ExcludedAdministered: 'excluded by an administrator',
  ReservedForGuests: 'reserved for guests',
};

/** Finds listeners whose port a connection may get. */
function inDynamicRange(
  { facts, make, dynamicRange }: Context,
  holders: readonly Holder[],
  system: boolean,
): Conflict[] {
  const range = holders.map(({ socket }) => dynamicRange(socket)).find((found) => found !== undefined);
  if (range === undefined) return [];
  // Windows components bind any port of the usual range; a port below it was requested by number.
  const isOutside = isUnusual(facts, range) && holders[0]!.socket.localPort < usualStart;
  // A program that binds any port gets one of these: on loopback, programs use them to communicate with themselves.
  const isUsual = (system && !isOutside) || holders.every(({ row }) => row.AddressScope === 'Loopback');
  const description = `It listens inside the dynamic range ${rangeText(range)}, which is unusual (${usualText}): another connection may take the port before it restarts.`;
  return [make('ListenerInDynamicRange', holders, isOutside ? { isUsual, description } : { isUsual })];
}

/** Finds listeners in a range that the system assigns from, or excludes. */
function misplaced(context: Context, group: readonly Holder[]): Conflict[] {
  const { facts, make, excludedRange } = context;
  const rows: Conflict[] = [];
  const byOwner = Map.groupBy(
    group.filter(({ socket }) => socket.protocol === 'TCP' && socket.state === 'Listen'),
    ({ key, socket }) => key ?? socket.localAddress,
  );
  for (const holders of byOwner.values()) {
    const [first] = holders;
    const { localPort: port } = first!.socket;
    const system = holders.every((holder) => isSystemPart(facts, holder));
    rows.push(...inDynamicRange(context, holders, system));
    const excluded = excludedRange(port);
    if (excluded !== undefined) {
      // The listener has the range for itself, or an administrator created the range for this purpose.
      const meant = system || excluded.kind === 'ExcludedAdministered';
      const description = meant
        ? `It listens in the range ${rangeText(excluded)} that is ${excludedKinds[excluded.kind]}, which prevents others from using the port.`
        : `It listens in the range ${rangeText(excluded)} that is ${excludedKinds[excluded.kind]}: after a restart, it may not get the port again.`;
      rows.push(make('ListenerInExcludedRange', holders, { isUsual: meant, description }));
    }
  }
  return rows;
}

/** Finds URLs registered or reserved with HTTP.sys on a port that another program holds. */
function blockedUrls({ facts, byPort, make }: Context): Conflict[] {
  const rows: Conflict[] = [];
  const { httpQueues, urlReservations } = facts.sections;
  /** The listeners that hold a port; empty where the kernel is one of them. */
  const instead = remembered((port: number): readonly Holder[] => {
    const all = (byPort.get(`TCP ${port}`) ?? []).filter(({ socket }) => socket.state === 'Listen');
    return all.some(({ socket }) => socket.kernel) ? [] : all;
  });
  const told = new Set<string>();
  for (const queue of httpQueues?.data ?? []) {
    for (const url of queue.urls) {
      const port = urlPrefix(url)?.port;
      const holders = port === undefined ? [] : instead(port);
      if (holders.length === 0 || told.has(url)) continue;
      told.add(url);
      rows.push(
        make('UrlBlocked', holders, {
          owners: [`HTTP.sys: ${queue.name ?? 'a queue without a name'}, ${url}`],
          remedy: [step('netsh http show servicestate view=requestq', 'as administrator: the registered URLs')],
        }),
      );
    }
  }
  for (const { url } of urlReservations?.data ?? []) {
    const port = urlPrefix(url)?.port;
    const holders = port === undefined ? [] : instead(port);
    if (holders.length === 0 || told.has(url)) continue;
    told.add(url);
    rows.push(
      make('UrlReservationBlocked', holders, {
        isUsual: stockUrls.test(url),
        owners: [`reserved: ${url}`],
        remedy: [step('netsh http show urlacl', 'the reserved URLs, and who they are reserved for')],
      }),
    );
  }
  return rows;
}

/** Returns the members of crowds to show, in the order of the port's holders. */
function shown(crowds: readonly Crowd[], order: ReadonlyMap<Holder, number>): readonly Holder[] {
  if (crowds.length === 1) return crowds[0]!.holders;
  return crowds
    .flatMap(({ holders }) => (holders.length > 2 * shownHolders ? holders.slice(0, 2 * shownHolders) : holders))
    .sort((a, b) => order.get(a)! - order.get(b)!);
}

/** Finds forwarding rules whose listening port another program holds. */
function blockedProxies({ facts, byPort, make, order }: Context): Conflict[] {
  const rows: Conflict[] = [];
  const iphlpsvc = remembered(({ services }: Crowd) => [...services].some((name) => name.toLowerCase() === 'iphlpsvc'));
  const listeners = remembered((port: number) =>
    crowdsOn(
      (byPort.get(`TCP ${port}`) ?? []).filter(({ socket }) => socket.state === 'Listen'),
      ({ socket }) => socket.localAddress.includes(':'),
    ),
  );
  for (const { table, listenPort, listenAddress, connectAddress, connectPort } of facts.sections.portProxies?.data ??
    []) {
    const six = table.startsWith('v6');
    const { text, wildcard } = plainAddress(
      listenAddress === '*' ? (six ? '::' : '0.0.0.0') : comparableHost(listenAddress),
    );
    // The service that listens for the rule runs as another user: an owner of the address or of all addresses blocks
    // it.
    const { wildcards, address } = listeners(listenPort);
    const found = [wildcards(six), ...(wildcard ? [] : [address(six, text)])].filter(
      ({ holders }) => holders.length > 0,
    );
    if (found.length === 0 || found.some(iphlpsvc)) continue;
    rows.push(
      make('PortProxyBlocked', shown(found, order), {
        owners: [`portproxy ${listenAddress}:${listenPort} to ${connectAddress}:${connectPort}`],
        remedy: [step('netsh interface portproxy show all', 'every rule')],
      }),
    );
  }
  return rows;
}

/** Whether systemd itself may be a holder. Only root sees process 1, so an unseen process of root counts as systemd. */
const hasInit = ({ holders }: Crowd): boolean =>
  holders.some(
    ({ socket }) =>
      socket.holders.includes(1) ||
      (socket.pid === null && !socket.kernel && !isUnfound(socket) && (socket.user === null || socket.user === 'root')),
  );

/** The template of a service without its instance, such as `getty@`; null for any other service. */
const templateOf = (service: string): string | null =>
  service.includes('@') ? service.slice(0, service.indexOf('@') + 1) : null;

/** Finds services that systemd starts for a port that another program holds. */
function blockedUnits({ facts, byPort, make, order }: Context): Conflict[] {
  const rows: Conflict[] = [];
  const init = remembered(hasInit);
  const templates = remembered(({ services }: Crowd) => new Set([...services].map(templateOf)));
  // After %, the interface that the unit is bound to.
  const onPort = remembered((key: string) => {
    const [port, device] = [withoutScope(key), scopeOf(key)];
    const near = (byPort.get(port) ?? []).filter(({ socket }) =>
      device === null ? socket.vrf === undefined : sameDevice(device, plainAddress(socket.localAddress).device),
    );
    return crowdsOn(near, ({ socket }) => plainAddress(socket.localAddress).six);
  });
  for (const { unit, service, protocol, address, port, ipv6Only } of facts.sections.socketUnits?.data ?? []) {
    const { text, device } = plainAddress(address);
    const found = crowdsMet(onPort(`${protocol} ${port}${device === null ? '' : `%${device}`}`), {
      address,
      dual: text === '::' && !ipv6Only,
    });
    const own = (crowd: Crowd): boolean =>
      init(crowd) ||
      crowd.services.has(service) ||
      (service.includes('@.') && templates(crowd).has(templateOf(service)));
    if (found.length === 0 || found.some(own)) continue;
    const command = systemctlCommand('status', [unit]);
    rows.push(
      make('ServiceBlocked', shown(found, order), {
        owners: [`${unit}: ${endpointText({ protocol, address, port })} for ${service}`],
        remedy: command === null ? [] : [step(command, 'what is configured to use the port')],
      }),
    );
  }
  return rows;
}

/** Finds addresses in the HTTP.sys listen list that the machine lacks; only where its addresses are known. */
function missingAddresses(facts: Facts): Conflict[] {
  const { addresses } = facts.sections;
  if (addresses === undefined || !isWhole(addresses)) return [];
  const own = addresses.data.map(({ address }) => address);
  const list = listenListOf(facts, own);
  return list.stale.map((address) => ({
    Severity: conflictKinds.ListenAddressMissing.severity,
    Kind: 'ListenAddressMissing',
    Protocol: 'TCP',
    Address: address,
    Port: null,
    Owners: ['HTTP.sys: its IP listen list'],
    Description: sentence(conflictKinds.ListenAddressMissing.meaning),
    Remedy: listenListSteps({ ...list, stale: [address] }, null),
    ComputerName: facts.machine.name,
  }));
}

const anyLeft = step('portowner why 0', 'whether any is left, and what to do');

/** Finds connections to one address and port that use up the dynamic ports. */
function takenPairs(facts: Facts): Conflict[] {
  return fullPairs(facts).map((one) => ({
    Severity: one.used >= one.size * asGoodAsFull ? 'Error' : conflictKinds.ConnectionPairsLow.severity,
    Kind: 'ConnectionPairsLow',
    Protocol: one.protocol,
    Address: one.local,
    Port: null,
    Owners: [`${farText(one)}: ${one.farEnd}`, ...one.clients],
    Description: `${pairText(one)} If none is left, nobody can connect there.`,
    Remedy: [...(one.isHere ? [farEndStep(one)] : []), anyLeft],
    ComputerName: facts.machine.name,
  }));
}

function exhaustion(facts: Facts): Conflict[] {
  return usage(facts)
    .filter(({ used, size }) => used >= size * 0.8)
    .map((one) => ({
      Severity: one.used >= one.size * 0.95 ? 'Error' : conflictKinds.DynamicPortsLow.severity,
      Kind: 'DynamicPortsLow',
      Protocol: one.protocol,
      Address: null,
      Port: null,
      Owners: [topText(facts, one)],
      Description: `${one.used} of ${one.size} dynamic ports ${one.start}-${one.end}${one.family === null ? '' : ` on ${one.family}`} are in use: if none is left, no program can connect.`,
      Remedy: [anyLeft, step('portowner --all --sort OwningProcess', 'how many each program uses')],
      ComputerName: facts.machine.name,
    }));
}

const sentence = (meaning: string): string => `${capitalized(meaning)}.`;

/** Returns the function that creates rows from holders, with the parts that most kinds share. */
function maker(facts: Facts, home: string): Make {
  const places = remembered((all: readonly Holder[]) => placesOf(all, { platform: facts.machine.platform, home }));
  return (kind, found, more = {}) => {
    const { meaning, severity: unusual } = conflictKinds[kind];
    const severity = more.isUsual === true ? 'Information' : unusual;
    const { protocol, localPort } = found[0]!.socket;
    const where = places(found);
    const { address, owners } = where;
    const query = `portowner why ${localPort}${protocol === 'UDP' ? ' --protocol udp' : ''}`;
    const why = step(query, 'whether and how another program can bind it');
    return {
      Severity: severity,
      Kind: kind,
      Protocol: protocol,
      Address: address,
      Port: localPort,
      Owners: distinct([...(more.owners ?? []), ...owners]),
      Description: more.description ?? betweenTwo(kind, found, where) ?? sentence(meaning),
      Remedy: [
        ...(more.remedy ?? []),
        step(`portowner ${localPort} --format list`, 'everything known about the owners'),
        ...(severity === 'Information' ? [] : [why]),
      ],
      ComputerName: facts.machine.name,
    };
  };
}

function contextOf(facts: Facts, home: string): Context {
  const sockets = facts.sections.sockets.data
    .filter((socket) => holdsPort(socket) && socket.localPort !== 0)
    .sort(socketOrder);
  const holders = holdersOf(facts, sockets);
  const dynamic = rangeFinder(facts.sections.dynamicRanges.data);
  const excluded = rangeFinder(
    facts.sections.reservedPorts.data.filter(({ kind }) => excludedKinds[kind] !== undefined),
  );
  const kept = rangeFinder(facts.sections.reservedPorts.data.filter(({ kind }) => kind !== 'Privileged'));
  const familyOf = ({ localAddress }: Socket): 'IPv4' | 'IPv6' => (localAddress.includes(':') ? 'IPv6' : 'IPv4');
  return {
    facts,
    byPort: Map.groupBy(holders, ({ socket }) => `${socket.protocol} ${socket.localPort}`),
    order: new Map(holders.map((holder, number) => [holder, number])),
    make: maker(facts, home),
    dynamicRange: (socket) =>
      kept(socket.protocol, familyOf(socket), socket.localPort) === undefined
        ? dynamic(socket.protocol, familyOf(socket), socket.localPort)
        : undefined,
    excludedRange: (port) => excluded('TCP', null, port),
  };
}

/** Sorts conflicts by their severity, and then by their port. */
export function bySeverity(rows: readonly Conflict[]): Conflict[] {
  const rank = ({ Severity: severity }: Conflict): number =>
    conflictSeverities.indexOf(severity as (typeof conflictSeverities)[number]);
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.Port ?? 0) - (b.Port ?? 0));
}

/** Returns every current or upcoming conflict in the facts, the most severe first. `home`: the reader's home folder. */
export function conflicts(facts: Facts, home = ''): Conflicts {
  const context = contextOf(facts, home);
  const found: Conflict[] = [];
  let undecided = false;
  for (const group of context.byPort.values()) {
    if (group.length > 1) {
      const shared = sharedPort(context, group);
      for (const row of shared.rows) found.push(row);
      undecided ||= shared.undecided;
    }
    for (const row of misplaced(context, group)) found.push(row);
  }
  const finders = [blockedUrls, blockedProxies, blockedUnits];
  for (const row of [
    ...finders.flatMap((find) => find(context)),
    ...missingAddresses(facts),
    ...exhaustion(facts),
    ...takenPairs(facts),
  ])
    found.push(row);
  return {
    rows: bySeverity(found),
    undecided: undecided ? (facts.sections.processes.needs ?? 'elevated rights') : null,
  };
}
