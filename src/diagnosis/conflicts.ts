import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import { holdsPort } from '../facts/model/question.ts';
import { isUnfound } from '../ownership/absent.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import { endpointText } from '../ownership/address.ts';
import { rangeFinder } from '../ports/lookup.ts';
import type { Conflict } from '../schema/conflict.ts';
import { conflictKinds, severities, type ConflictKind } from './conflict-kinds.ts';
import { crowdsMet, crowdsOn, remembered, shownHolders, type Crowd } from './crowd.ts';
import { topText, usage } from './exhaustion.ts';
import { plainAddress } from './overlap.ts';
import { rangeText } from './ranges.ts';
import { sharing, type Holder } from './sharing.ts';
import { systemctlCommand } from './stop-commands.ts';

/** All conflicts, and whether there are sockets of which it cannot be told whether they are. */
export interface Conflicts {
  readonly rows: Conflict[];
  /** What would tell; null when all could be told. */
  readonly undecided: string | null;
}

/** Multicast ports that programs share on every machine: mDNS, SSDP, LLMNR, WS-Discovery. */
const sharedPorts = new Set([5353, 1900, 5355, 3702]);
/** Parts of Windows that listen on dynamic ports for RPC. */
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
/** Parts of Linux that do the same. */
const linuxParts = /^rpc(?:\.|bind)|^lockd$/;
/** What Windows reserves for itself on every machine. */
const stockUrls =
  /\/(?:temporary_listen_addresses|wsman|sra_\{[0-9a-f-]+\}|wmpnssv[34]?|mdeserver|116b50eb-[0-9a-f-]|c574ac30-[0-9a-f-]|0131501b-[0-9a-f-]|remotedesktop|reports?(?:erver)?|homegroup|bits-peerdist|kdcproxy|phoneproxy)[^/]*\/?$|:(?:5357|5358|10243|10245|10246|10247|2869|47001)(?:\/|$)/i;

function keyOf(row: OwnedEndpoint, socket: Socket): string | null {
  if (socket.kernel) return 'kernel';
  if (row.Services?.length === 1) return `service ${row.Services[0]}`;
  return socket.pid === null ? null : `process ${socket.pid}`;
}

function ownerText({ row, socket }: Holder): string {
  return (
    row.Owner ??
    (socket.user === null ? 'a process that cannot be seen' : `a process of ${socket.user} that cannot be seen`)
  );
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

/** Where holders are and who they are, each once; of a crowd the first. */
function placesOf(holders: readonly Holder[]): { address: string; owners: string[] } {
  const addresses = distinct(holders.map(({ socket }) => socket.localAddress));
  const owners = distinct(holders.map(ownerText));
  const few = (texts: readonly string[]): string[] =>
    texts.length > shownHolders
      ? [...texts.slice(0, shownHolders), `and ${texts.length - shownHolders} more`]
      : [...texts];
  return { address: few(addresses).join(', '), owners: few(owners) };
}

/** Whether a kind of owner is part of the system, so that a person cannot and need not move it. */
function isSystemPart(facts: Facts, { row, socket }: Holder): boolean {
  const image = row.ImageName?.toLowerCase() ?? '';
  return socket.kernel || (facts.machine.platform === 'win32' ? windowsParts.has(image) : linuxParts.test(image));
}

/** Two owners on one port. */
function sharedPort({ make, isDynamic }: Context, group: readonly Holder[]): { rows: Conflict[]; undecided: boolean } {
  const { found, undecided } = sharing(group);
  const rows = found.map(([kind, all]) => {
    const [first] = all;
    const known = first!.socket.protocol === 'UDP' && sharedPorts.has(first!.socket.localPort);
    const relay = kind === 'FamilySplit' && all.some(({ row }) => row.OwnerKind === 'Relay');
    const dynamic = kind === 'FamilySplit' && isDynamic(first!.socket);
    return make(kind, all, { isUsual: known || relay || dynamic });
  });
  return { rows, undecided };
}

type Make = (
  kind: ConflictKind,
  holders: readonly Holder[],
  more?: {
    /** Whether healthy machines have it, too. */
    isUsual?: boolean;
    owners?: readonly string[];
    description?: string;
    remedy?: readonly string[];
  },
) => Conflict;

/** What all conflicts are found with. */
interface Context {
  readonly facts: Facts;
  readonly byPort: ReadonlyMap<string, readonly Holder[]>;
  /** The number of each holder. */
  readonly order: ReadonlyMap<Holder, number>;
  readonly make: Make;
  readonly isDynamic: (socket: Socket) => boolean;
  /** The range that a TCP port is in which nobody gets by chance. */
  readonly excludedRange: (port: number) => PortRange | undefined;
}

const excludedKinds: Readonly<Record<string, string>> = {
  Excluded: 'excluded',
  ExcludedPersistent: 'reserved',
  ExcludedAdministered: 'excluded by an administrator',
  ReservedForGuests: 'reserved for guests',
};

/** Listeners where the system hands ports out, or keeps them. */
function misplaced({ facts, make, isDynamic, excludedRange }: Context, group: readonly Holder[]): Conflict[] {
  const rows: Conflict[] = [];
  const byOwner = Map.groupBy(
    group.filter(({ socket }) => socket.protocol === 'TCP' && socket.state === 'Listen'),
    ({ key, socket }) => key ?? socket.localAddress,
  );
  for (const holders of byOwner.values()) {
    const [first] = holders;
    const { localPort: port } = first!.socket;
    const system = holders.every((holder) => isSystemPart(facts, holder));
    if (holders.some(({ socket }) => isDynamic(socket))) {
      // A program that asks for any port gets one of these: on loopback that is how programs talk to themselves.
      const isUsual = system || holders.every(({ row }) => row.AddressScope === 'Loopback');
      rows.push(make('ListenerInDynamicRange', holders, { isUsual }));
    }
    const excluded = excludedRange(port);
    if (excluded !== undefined) {
      // A listener has such a range for itself, or an administrator made it for that.
      const meant = system || excluded.kind === 'ExcludedAdministered';
      const description = meant
        ? `It listens in the range ${rangeText(excluded)} that is ${excludedKinds[excluded.kind]}, which keeps others from the port.`
        : `It listens in the range ${rangeText(excluded)} that is ${excludedKinds[excluded.kind]}: when it is restarted, it may not get the port again.`;
      rows.push(make('ListenerInExcludedRange', holders, { isUsual: meant, description }));
    }
  }
  return rows;
}

/** URLs that HTTP.sys has registered or reserved on a port which a program of its own has. */
function blockedUrls({ facts, byPort, make }: Context): Conflict[] {
  const rows: Conflict[] = [];
  const { httpQueues, urlReservations } = facts.sections;
  /** Those that have a port instead of the kernel, when it has none of it. */
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
          remedy: ['netsh http show servicestate view=requestq  # as administrator: what is registered'],
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
        remedy: ['netsh http show urlacl  # what is reserved, and for whom'],
      }),
    );
  }
  return rows;
}

/** Those of crowds that are shown, in the order of the holders of the port. */
function shown(crowds: readonly Crowd[], order: ReadonlyMap<Holder, number>): readonly Holder[] {
  if (crowds.length === 1) return crowds[0]!.holders;
  return crowds
    .flatMap(({ holders }) => (holders.length > 2 * shownHolders ? holders.slice(0, 2 * shownHolders) : holders))
    .sort((a, b) => order.get(a)! - order.get(b)!);
}

/** Rules that are to pass a port on which another program has. */
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
    const { text, wildcard } = plainAddress(listenAddress === '*' ? (six ? '::' : '0.0.0.0') : listenAddress);
    // The service that is to listen is another user: who has the address itself, or all of them, keeps it out.
    const { wildcards, address } = listeners(listenPort);
    const found = [wildcards(six), ...(wildcard ? [] : [address(six, text)])].filter(
      ({ holders }) => holders.length > 0,
    );
    if (found.length === 0 || found.some(iphlpsvc)) continue;
    rows.push(
      make('PortProxyBlocked', shown(found, order), {
        owners: [`portproxy ${listenAddress}:${listenPort} to ${connectAddress}:${connectPort}`],
        remedy: ['netsh interface portproxy show all  # every rule'],
      }),
    );
  }
  return rows;
}

/** Whether systemd itself may be among holders. Only root sees process 1: an unseen one of root's is taken for it. */
const hasInit = ({ holders }: Crowd): boolean =>
  holders.some(
    ({ socket }) =>
      socket.holders.includes(1) ||
      (socket.pid === null && !socket.kernel && !isUnfound(socket) && (socket.user === null || socket.user === 'root')),
  );

/** The service of a template without its instance, as `getty@`; null for any other. */
const templateOf = (service: string): string | null =>
  service.includes('@') ? service.slice(0, service.indexOf('@') + 1) : null;

/** Services that systemd is to start for a port which another program has. */
function blockedUnits({ facts, byPort, make, order }: Context): Conflict[] {
  const rows: Conflict[] = [];
  const init = remembered(hasInit);
  const templates = remembered(({ services }: Crowd) => new Set([...services].map(templateOf)));
  const onPort = remembered((key: string) =>
    crowdsOn(byPort.get(key) ?? [], ({ socket }) => plainAddress(socket.localAddress).six),
  );
  for (const { unit, service, protocol, address, port, ipv6Only } of facts.sections.socketUnits?.data ?? []) {
    const found = crowdsMet(onPort(`${protocol} ${port}`), { address, dual: address === '::' && !ipv6Only });
    const own = (crowd: Crowd): boolean =>
      init(crowd) ||
      crowd.services.has(service) ||
      (service.includes('@.') && templates(crowd).has(templateOf(service)));
    if (found.length === 0 || found.some(own)) continue;
    const command = systemctlCommand('status', [unit]);
    rows.push(
      make('ServiceBlocked', shown(found, order), {
        owners: [`${unit}: ${endpointText({ protocol, address, port })} for ${service}`],
        remedy: command === null ? [] : [`${command}  # what is set up to have the port`],
      }),
    );
  }
  return rows;
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
      Description: `${one.used} of ${one.size} dynamic ports ${one.start}-${one.end}${one.family === null ? '' : ` on ${one.family}`} are in use: when none is left, no program can connect.`,
      Remedy: [
        'portowner why 0  # whether any is left, and what to do',
        'portowner --all --sort OwningProcess  # who has how many',
      ],
      ComputerName: facts.machine.name,
    }));
}

/** Everything in the facts that is or will become a conflict, the worst first. */
export function conflicts(facts: Facts): Conflicts {
  const sockets = facts.sections.sockets.data.filter((socket) => holdsPort(socket) && socket.localPort !== 0);
  const rows = endpoints(facts, sockets, { live: false, serviceName: null });
  const holders = sockets.map((socket, i): Holder => ({ socket, row: rows[i]!, key: keyOf(rows[i]!, socket) }));
  const byPort = Map.groupBy(holders, ({ socket }) => `${socket.protocol} ${socket.localPort}`);
  const places = remembered(placesOf);
  const make: Make = (kind, found, more = {}) => {
    const { meaning, severity: unusual } = conflictKinds[kind];
    const severity = more.isUsual === true ? 'Information' : unusual;
    const { protocol, localPort } = found[0]!.socket;
    const { address, owners } = places(found);
    return {
      Severity: severity,
      Kind: kind,
      Protocol: protocol,
      Address: address,
      Port: localPort,
      Owners: distinct([...(more.owners ?? []), ...owners]),
      Description: more.description ?? `${meaning[0]!.toUpperCase()}${meaning.slice(1)}.`,
      Remedy: [
        ...(more.remedy ?? []),
        `portowner ${localPort} --format list  # all that is known of the owners`,
        ...(severity === 'Information'
          ? []
          : [
              `portowner why ${localPort}${protocol === 'UDP' ? ' --protocol udp' : ''}  # whether and how another can have it`,
            ]),
      ],
      ComputerName: facts.machine.name,
    };
  };
  const dynamicRange = rangeFinder(facts.sections.dynamicRanges.data);
  const excluded = rangeFinder(
    facts.sections.reservedPorts.data.filter(({ kind }) => excludedKinds[kind] !== undefined),
  );
  const context: Context = {
    facts,
    byPort,
    order: new Map(holders.map((holder, number) => [holder, number])),
    make,
    isDynamic: ({ protocol, localAddress, localPort }) =>
      dynamicRange(protocol, localAddress.includes(':') ? 'IPv6' : 'IPv4', localPort) !== undefined,
    excludedRange: (port) => excluded('TCP', null, port),
  };
  const found: Conflict[] = [];
  let undecided = false;
  for (const group of byPort.values()) {
    if (group.length > 1) {
      const shared = sharedPort(context, group);
      for (const row of shared.rows) found.push(row);
      undecided ||= shared.undecided;
    }
    for (const row of misplaced(context, group)) found.push(row);
  }
  const more = [...blockedUrls(context), ...blockedProxies(context), ...blockedUnits(context), ...exhaustion(facts)];
  for (const row of more) found.push(row);
  const rank = ({ Severity: severity }: Conflict): number =>
    severities.indexOf(severity as (typeof severities)[number]);
  found.sort((a, b) => rank(a) - rank(b) || (a.Port ?? 0) - (b.Port ?? 0));
  return { rows: found, undecided: undecided ? (facts.sections.processes.needs ?? 'more rights') : null };
}
