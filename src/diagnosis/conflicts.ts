import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { Facts, Socket } from '../facts/facts.ts';
import { holdsPort } from '../facts/question.ts';
import { endpoints, isUnfound } from '../ownership/endpoints.ts';
import { addressScope } from '../ownership/address.ts';
import type { Conflict } from '../schema/conflict.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { topText, usage } from './exhaustion.ts';
import { endpointText, rangeText } from './obstacles.ts';
import { isWildcard, overlap } from './overlap.ts';
import { quote } from './quote.ts';

/** Every word that the column Kind may have, with what it stands for. */
export const conflictKinds = {
  OverlappingAddresses: 'one has every address, another one of them: who asks that address reaches another program',
  SharedByReuse: 'several programs have the same port: which of them gets a connection or datagram is not said',
  Instances: 'one program runs several times on the same port: which of them is reached is not said',
  FamilySplit: 'one has the port over IPv4, another over IPv6: who is reached depends on how a name is resolved',
  ListenerInDynamicRange: 'it listens inside the dynamic range: when it is restarted, a connection may have the port',
  ListenerInExcludedRange: 'it listens inside an excluded range: when it is restarted, it may not get the port again',
  UrlReservationBlocked:
    'a URL is reserved with HTTP.sys, but a program of its own has the port: who is to use the URL cannot start',
  UrlBlocked: 'a URL is registered with HTTP.sys, but a program of its own has the port: the URL is not served',
  PortProxyBlocked: 'a rule is to pass the port on, but another program has it',
  ServiceBlocked: 'a service is set up to have the port, but another program has it: it cannot start',
  DynamicPortsLow: 'the dynamic ports run out: soon no program can connect',
} as const;
export type ConflictKind = keyof typeof conflictKinds;

export type Severity = 'Information' | 'Warning' | 'Error';
export const severities: readonly Severity[] = ['Error', 'Warning', 'Information'];

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
  /\/(?:temporary_listen_addresses|wsman|sra_\{[0-9a-f-]+\}|wmpnssv[34]?|mdeserver|116b50eb-[0-9a-f-]+|c574ac30-[0-9a-f-]+|0131501b-[0-9a-f-]+|remotedesktop|reports?(?:erver)?|homegroup|bits-peerdist|kdcproxy|phoneproxy)[^/]*\/?$|:(?:5357|5358|10243|10245|10246|10247|2869|47001)(?:\/|$)/i;

interface Holder {
  readonly socket: Socket;
  readonly row: Endpoint;
  /** Null when nothing is known of the owner. */
  readonly key: string | null;
}

function keyOf(row: Endpoint, socket: Socket): string | null {
  if (socket.kernel) return 'kernel';
  if (row.Services?.length === 1) return `service ${row.Services[0]}`;
  return socket.pid === null ? null : `process ${socket.pid}`;
}

/** One program, as far as a person cares: the same process, service or family of processes. */
function sameOwner(a: Holder, b: Holder): boolean {
  if (a.key === b.key) return true;
  if (a.socket.holders.some((pid) => b.socket.holders.includes(pid))) return true;
  const [x, y] = [a.row, b.row];
  if (x.OwningProcess !== null && x.OwningProcess === y.ParentProcess) return true;
  if (y.OwningProcess !== null && y.OwningProcess === x.ParentProcess) return true;
  // Init is the parent of whoever lost its own.
  return (
    x.ParentProcess !== null &&
    x.ParentProcess > 4 &&
    x.ParentProcess === y.ParentProcess &&
    x.ImageName === y.ImageName
  );
}

/** How two owners of one port get in each other's way; null when they do not. */
function relation(a: Holder, b: Holder): ConflictKind | null {
  const bound = ({ socket }: Holder) => ({ address: socket.localAddress, dual: false });
  const how = overlap(bound(a), bound(b));
  if (how === 'same') {
    const program = a.row.Path ?? a.row.ImageName;
    return program !== null && program === (b.row.Path ?? b.row.ImageName) ? 'Instances' : 'SharedByReuse';
  }
  if (how === 'wildcard') return 'OverlappingAddresses';
  const six = ({ socket }: Holder): boolean => socket.localAddress.includes(':');
  const scopeOf = ({ socket }: Holder): string => addressScope(socket.localAddress);
  return six(a) !== six(b) && scopeOf(a) === scopeOf(b) && scopeOf(a) !== 'Specific' ? 'FamilySplit' : null;
}

function ownerText({ row, socket }: Holder): string {
  return (
    row.Owner ??
    (socket.user === null ? 'a process that cannot be seen' : `a process of ${socket.user} that cannot be seen`)
  );
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

function inDynamicRange(facts: Facts, { protocol, localPort, localAddress }: Socket): boolean {
  const family = localAddress.includes(':') ? 'IPv6' : 'IPv4';
  return facts.sections.dynamicRanges.data.some(
    (range) =>
      localPort >= range.start &&
      localPort <= range.end &&
      (range.protocol === null || range.protocol === protocol) &&
      (range.family === null || range.family === family),
  );
}

/** Whether a kind of owner is part of the system, so that a person cannot and need not move it. */
function isSystemPart(facts: Facts, { row, socket }: Holder): boolean {
  const image = row.ImageName?.toLowerCase() ?? '';
  return socket.kernel || (facts.machine.platform === 'win32' ? windowsParts.has(image) : linuxParts.test(image));
}

const everybodys = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);

/** One socket of each owner and address, and of the addresses that one owner alone has, only the first: others can meet a wildcard alone. */
function representatives(group: readonly Holder[]): Holder[] {
  const unseen = group.filter(({ key }) => key === null).slice(0, 2);
  const seen = [
    ...new Map(
      group.filter(({ key }) => key !== null).map((holder) => [`${holder.key} ${holder.socket.localAddress}`, holder]),
    ).values(),
  ];
  const byAddress = Map.groupBy(seen, ({ socket }) => socket.localAddress);
  const alone = ({ socket }: Holder): boolean =>
    !everybodys.has(socket.localAddress) && byAddress.get(socket.localAddress)!.length === 1;
  const firsts = [
    ...new Map(
      seen
        .filter(alone)
        .toReversed()
        .map((holder) => [`${holder.key} ${holder.socket.localAddress.includes(':')}`, holder]),
    ).values(),
  ];
  return [...seen.filter((holder) => !alone(holder)), ...firsts, ...unseen];
}

/** Two owners on one port. */
function sharedPort(facts: Facts, group: readonly Holder[], make: Make): { rows: Conflict[]; undecided: boolean } {
  const found = new Map<ConflictKind, Set<Holder>>();
  let undecided = false;
  const some = representatives(group);
  some.forEach((a, i) => {
    for (const b of some.slice(i + 1)) {
      const kind = sameOwner(a, b) && a.key !== null ? null : relation(a, b);
      if (kind === null) continue;
      if (a.key === null || b.key === null) {
        // Its user may have both, or not.
        if (a.socket.user === null || a.socket.user === b.socket.user) undecided = true;
        continue;
      }
      const known = found.get(kind) ?? new Set();
      found.set(kind, known.add(a).add(b));
    }
  });
  const rows = [...found].map(([kind, holders]) => {
    const all = [...holders];
    const [first] = all;
    const known = first!.socket.protocol === 'UDP' && sharedPorts.has(first!.socket.localPort);
    const relay = kind === 'FamilySplit' && all.some(({ row }) => row.OwnerKind === 'Relay');
    const dynamic = kind === 'FamilySplit' && inDynamicRange(facts, first!.socket);
    return make(kind, known || relay || dynamic ? 'Information' : 'Warning', all);
  });
  return { rows, undecided };
}

type Make = (
  kind: ConflictKind,
  severity: Severity,
  holders: readonly Holder[],
  more?: { owners?: readonly string[]; description?: string; remedy?: readonly string[] },
) => Conflict;

const excludedKinds: Readonly<Record<string, string>> = {
  Excluded: 'excluded',
  ExcludedPersistent: 'reserved',
  ExcludedAdministered: 'excluded by an administrator',
  ReservedForGuests: 'reserved for guests',
};

/** Listeners where the system hands ports out, or keeps them. */
function misplaced(facts: Facts, group: readonly Holder[], make: Make): Conflict[] {
  const rows: Conflict[] = [];
  const { reservedPorts } = facts.sections;
  const byOwner = Map.groupBy(
    group.filter(({ socket }) => socket.protocol === 'TCP' && socket.state === 'Listen'),
    ({ key, socket }) => key ?? socket.localAddress,
  );
  for (const holders of byOwner.values()) {
    const [first] = holders;
    const { localPort: port } = first!.socket;
    const system = holders.every((holder) => isSystemPart(facts, holder));
    if (holders.some(({ socket }) => inDynamicRange(facts, socket))) {
      // A program that asks for any port gets one of these: on loopback that is how programs talk to themselves.
      const usual = system || holders.every(({ row }) => row.AddressScope === 'Loopback');
      rows.push(make('ListenerInDynamicRange', usual ? 'Information' : 'Warning', holders));
    }
    const excluded = reservedPorts.data.find(
      (range) =>
        excludedKinds[range.kind] !== undefined &&
        port >= range.start &&
        port <= range.end &&
        (range.protocol === null || range.protocol === 'TCP'),
    );
    if (excluded !== undefined) {
      // A listener has such a range for itself, or an administrator made it for that.
      const meant = system || excluded.kind === 'ExcludedAdministered';
      const description = meant
        ? `It listens in the range ${rangeText(excluded)} that is ${excludedKinds[excluded.kind]}, which keeps others from the port.`
        : `It listens in the range ${rangeText(excluded)} that is ${excludedKinds[excluded.kind]}: when it is restarted, it may not get the port again.`;
      rows.push(make('ListenerInExcludedRange', meant ? 'Information' : 'Warning', holders, { description }));
    }
  }
  return rows;
}

/** What is set up to have a port which a program of its own has. */
function blocked(facts: Facts, byPort: ReadonlyMap<string, readonly Holder[]>, make: Make): Conflict[] {
  const rows: Conflict[] = [];
  const { httpQueues, urlReservations, portProxies, socketUnits } = facts.sections;
  const listeners = (port: number): Holder[] =>
    (byPort.get(`TCP ${port}`) ?? []).filter(({ socket }) => socket.state === 'Listen');
  /** Those that have a port instead of the kernel, when it has none of it. */
  const instead = (port: number): Holder[] => {
    const all = listeners(port);
    return all.some(({ socket }) => socket.kernel) ? [] : all;
  };
  const told = new Set<string>();
  for (const queue of httpQueues?.data ?? []) {
    for (const url of queue.urls) {
      const port = urlPrefix(url)?.port;
      const holders = port === undefined ? [] : instead(port);
      if (holders.length === 0 || told.has(url)) continue;
      told.add(url);
      rows.push(
        make('UrlBlocked', 'Error', holders, {
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
      make('UrlReservationBlocked', stockUrls.test(url) ? 'Information' : 'Warning', holders, {
        owners: [`reserved: ${url}`],
        remedy: ['netsh http show urlacl  # what is reserved, and for whom'],
      }),
    );
  }
  for (const { table, listenPort, listenAddress, connectAddress, connectPort } of portProxies?.data ?? []) {
    const six = table.startsWith('v6');
    const address = listenAddress === '*' ? (six ? '::' : '0.0.0.0') : listenAddress;
    // The service that is to listen is another user: who has the address itself, or all of them, keeps it out.
    const holders = listeners(listenPort).filter(
      ({ socket: { localAddress } }) =>
        localAddress.includes(':') === six &&
        (isWildcard(localAddress) ||
          overlap({ address, dual: false }, { address: localAddress, dual: false }) === 'same'),
    );
    if (
      holders.length === 0 ||
      holders.some(({ row }) => row.Services?.some((name) => name.toLowerCase() === 'iphlpsvc'))
    )
      continue;
    rows.push(
      make('PortProxyBlocked', 'Warning', holders, {
        owners: [`portproxy ${listenAddress}:${listenPort} to ${connectAddress}:${connectPort}`],
        remedy: ['netsh interface portproxy show all  # every rule'],
      }),
    );
  }
  for (const { unit, service, protocol, address, port, ipv6Only } of socketUnits?.data ?? []) {
    const wanted = { address, dual: address === '::' && !ipv6Only };
    const holders = (byPort.get(`${protocol} ${port}`) ?? []).filter(
      ({ socket }) => overlap(wanted, { address: socket.localAddress, dual: false }) !== null,
    );
    const own = ({ socket, row }: Holder): boolean =>
      // Process 1 is systemd itself, which only root sees: an unseen one of root's is taken for it.
      socket.holders.includes(1) ||
      (socket.pid === null &&
        !socket.kernel &&
        !isUnfound(socket) &&
        (socket.user === null || socket.user === 'root')) ||
      row.Services?.some(
        (name) =>
          name === service || (service.includes('@.') && name.startsWith(service.slice(0, service.indexOf('@') + 1))),
      ) === true;
    if (holders.length === 0 || holders.some(own)) continue;
    const name = quote(unit, 'linux');
    rows.push(
      make('ServiceBlocked', 'Warning', holders, {
        owners: [`${unit}: ${endpointText(protocol, address, port)} for ${service}`],
        remedy: name === null ? [] : [`systemctl status -- ${name}  # what is set up to have the port`],
      }),
    );
  }
  return rows;
}

function exhaustion(facts: Facts): Conflict[] {
  return usage(facts)
    .filter(({ used, size }) => used >= size * 0.8)
    .map((one) => ({
      Severity: one.used >= one.size * 0.95 ? 'Error' : 'Warning',
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
  const make: Make = (kind, severity, found, more = {}) => {
    const { protocol, localPort } = found[0]!.socket;
    return {
      Severity: severity,
      Kind: kind,
      Protocol: protocol,
      Address: distinct(found.map(({ socket }) => socket.localAddress)).join(', '),
      Port: localPort,
      Owners: distinct([...(more.owners ?? []), ...found.map(ownerText)]),
      Description: more.description ?? `${conflictKinds[kind][0]!.toUpperCase()}${conflictKinds[kind].slice(1)}.`,
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
  const found: Conflict[] = [];
  let undecided = false;
  for (const group of byPort.values()) {
    if (group.length > 1) {
      const shared = sharedPort(facts, group, make);
      found.push(...shared.rows);
      undecided ||= shared.undecided;
    }
    found.push(...misplaced(facts, group, make));
  }
  found.push(...blocked(facts, byPort, make), ...exhaustion(facts));
  const rank = ({ Severity: severity }: Conflict): number => severities.indexOf(severity as Severity);
  found.sort((a, b) => rank(a) - rank(b) || (a.Port ?? 0) - (b.Port ?? 0));
  return { rows: found, undecided: undecided ? (facts.sections.processes.needs ?? 'more rights') : null };
}
