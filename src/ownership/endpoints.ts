import type { Facts, FieldRefusal, PortProxy, Process, Relay, Service, Socket } from '../facts/model/facts.ts';
import { portClass } from '../ports/classes.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { addressScope } from './address.ts';
import { kernelOwners } from './kernel.ts';

/** Looks a registered name up; given from outside because the registry is large and seldom wanted. */
export type ServiceName = (port: number, protocol: 'TCP' | 'UDP') => string | null;

/** What is said of an owner, the same for all of its sockets. */
type OwnerColumns = Pick<
  Endpoint,
  | 'ImageName'
  | 'Path'
  | 'CommandLine'
  | 'UserName'
  | 'Services'
  | 'ParentProcess'
  | 'ParentImageName'
  | 'StartTime'
  | 'OwnerKind'
  | 'Owner'
  | 'Reason'
  | 'Id'
> & {
  /** Where they are not those of the socket. */
  readonly Holders?: Endpoint['Holders'];
};

const nothingKnown = {
  ImageName: null,
  Path: null,
  CommandLine: null,
  UserName: null,
  Services: null,
  ParentProcess: null,
  ParentImageName: null,
  StartTime: null,
  OwnerKind: 'Unknown',
  Owner: null,
  Reason: null,
} as const satisfies OwnerColumns;

function reasonText(refusal: FieldRefusal): string {
  return `${refusal.field}: ${refusal.code}: ${refusal.text}${refusal.needs === null ? '' : ` (needs ${refusal.needs})`}`;
}

function reasons(refusals: readonly FieldRefusal[]): readonly string[] | null {
  return refusals.length === 0 ? null : refusals.map(reasonText);
}

/** "nginx (1234)"; a name that could not be had leaves the number. */
function processText(process: Process): string {
  return process.imageName === null ? `process ${process.pid}` : `${process.imageName} (${process.pid})`;
}

function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}

/**
 * The one line for a process: its container or service first, because that is what one stops.
 * Several services in one process are all candidates until the socket's own tag tells which.
 */
function describeProcess(
  process: Process,
  services: readonly Service[],
): Pick<Endpoint, 'OwnerKind' | 'Owner' | 'Services'> {
  const text = processText(process);
  const names = services.map((service) => service.name);
  const inside = insideText(process);
  if (process.container !== null) {
    const container = `${process.container.runtime}:${shortId(process.container.id)}`;
    const all = process.unit === null ? [container] : [container, process.unit];
    return {
      OwnerKind: 'Service',
      Owner: `${process.container.runtime} container ${shortId(process.container.id)} (${inside})`,
      Services: all,
    };
  }
  if (names.length > 1)
    return { OwnerKind: 'Service', Owner: `one of ${names.join(', ')} (${inside})`, Services: names };
  if (names.length === 1) return { OwnerKind: 'Service', Owner: `${names[0]} (${inside})`, Services: names };
  if (process.unit !== null) {
    const kind = process.unit.endsWith('.service') ? 'Service' : 'Process';
    return {
      OwnerKind: kind,
      Owner: kind === 'Service' ? `${process.unit} (${inside})` : text,
      Services: [process.unit],
    };
  }
  return { OwnerKind: 'Process', Owner: text, Services: null };
}

/** "nginx 1234", as it stands in parentheses. */
function insideText(process: Process): string {
  return process.imageName === null ? `process ${process.pid}` : `${process.imageName} ${process.pid}`;
}

/** Waits for others, so that a relay may be behind it. */
function isOpen({ protocol, state }: Socket): boolean {
  return protocol === 'UDP' || state === 'Listen' || state === 'Bound';
}

/** Of the relays of a process, those by port: a process may have as many of them as sockets. */
const relaysByPort = new WeakMap<readonly Relay[], ReadonlyMap<number | null, Relay>>();

/** What a process passes on from a socket: what is said of the socket's own port, or else of all that it has open. */
function relayOf(process: Process, socket: Socket): Relay | undefined {
  const { relays } = process;
  if (relays === undefined || !isOpen(socket)) return undefined;
  let known = relaysByPort.get(relays);
  if (known === undefined)
    // The first of several for a port.
    relaysByPort.set(relays, (known = new Map(relays.toReversed().map((relay) => [relay.listenPort, relay]))));
  return known.get(socket.localPort) ?? known.get(null);
}

const isIPv6 = (address: string): boolean => address.includes(':');

/** The rule of netsh interface portproxy that a listener is there for. */
export function portProxyOf(
  rules: readonly PortProxy[],
  { protocol, state, localAddress, localPort }: Socket,
): PortProxy | undefined {
  if (protocol !== 'TCP' || state !== 'Listen') return undefined;
  let known = rulesByPort.get(rules);
  if (known === undefined) rulesByPort.set(rules, (known = portProxyRules(rules)));
  const own = known.get(`${isIPv6(localAddress) ? 'v6' : 'v4'} ${localPort}`);
  if (own === undefined) return undefined;
  const named = own.byAddress.get(localAddress.replace(/%.*$/s, '').toLowerCase());
  const everywhere = addressScope(localAddress) === 'Any' ? own.byAddress.get('*') : undefined;
  // The first of both; a rule may name an address in another form, or a host: then its port has to do.
  if (named !== undefined && everywhere !== undefined)
    return named.order < everywhere.order ? named.rule : everywhere.rule;
  return (named ?? everywhere ?? own).rule;
}

/** Rules for one port of one family: the first, and the first for each address. */
interface PortRules {
  readonly rule: PortProxy;
  readonly byAddress: Map<string, { readonly rule: PortProxy; readonly order: number }>;
}
const rulesByPort = new WeakMap<readonly PortProxy[], ReadonlyMap<string, PortRules>>();

function portProxyRules(rules: readonly PortProxy[]): ReadonlyMap<string, PortRules> {
  const found = new Map<string, PortRules>();
  for (const [order, rule] of rules.entries()) {
    const key = `${rule.table.slice(0, 2)} ${rule.listenPort}`;
    const known = found.get(key) ?? { rule, byAddress: new Map() };
    found.set(key, known);
    const address = rule.listenAddress.toLowerCase();
    if (!known.byAddress.has(address)) known.byAddress.set(address, { rule, order });
  }
  return found;
}

function targetText({ connectAddress, connectPort }: PortProxy): string {
  return `${isIPv6(connectAddress) ? `[${connectAddress}]` : connectAddress}:${connectPort}`;
}

/** Whether nobody was found to have a socket, though everything could be looked at. */
export function isUnfound({ pid, kernel, refusals }: Socket): boolean {
  return pid === null && !kernel && refusals.some(({ field, code }) => field === 'OwningProcess' && code === 'Failed');
}

const unfoundText = ({ user }: Socket): string => `an unknown holder${user === null ? '' : ` (user ${user})`}`;

/** The rows that facts give, one a socket, in the order of the sockets. */
export function endpoints(
  facts: Facts,
  sockets: readonly Socket[],
  options: { readonly live: boolean; readonly serviceName: ServiceName | null },
): Endpoint[] {
  const { machine, sections } = facts;
  const processes = new Map(sections.processes.data.map((process) => [process.pid, process]));
  const servicesOf = new Map<number, Service[]>();
  for (const service of sections.services.data) {
    const known = servicesOf.get(service.pid);
    if (known === undefined) servicesOf.set(service.pid, [service]);
    else known.push(service);
  }
  const owners = new Map<number, OwnerColumns>();
  const windows = machine.platform === 'win32';
  const kernelOwner = kernelOwners(facts, { processes, servicesOf });
  const withRelays = sections.processes.data.some(({ relays }) => relays !== undefined && relays.length > 0);
  const portProxies = sections.portProxies?.data ?? [];

  /** An owner that has ended: whatever it started since the socket was bound may have inherited it. */
  function orphan(pid: number, heirs: readonly number[], created: string | null): OwnerColumns {
    const texts = heirs.map((heir) => (processes.has(heir) ? processText(processes.get(heir)!) : `process ${heir}`));
    const gone = `ImageName: Gone: process ${pid} has ended`;
    if (texts.length === 0)
      return { ...nothingKnown, OwnerKind: 'Orphan', Owner: `ended process ${pid}`, Reason: [gone] };
    const confidence = created === null ? 'low' : texts.length === 1 ? 'high' : 'medium';
    const when = created === null ? 'it' : 'after the socket was bound it';
    const shown = texts.length > 4 ? `${texts.slice(0, 4).join(', ')} and ${texts.length - 4} more` : texts.join(', ');
    return {
      ...nothingKnown,
      OwnerKind: 'Orphan',
      Owner: `ended process ${pid}, ${texts.length === 1 ? `probably inherited by ${shown}` : `inherited by one of ${shown}`}`,
      Reason: [
        gone,
        `Holders: Gone: ${when} started ${texts.join(', ')}, which may have inherited the socket (confidence: ${confidence})`,
      ],
    };
  }

  function describe(pid: number, socket: Socket): OwnerColumns {
    const process = processes.get(pid);
    if (process === undefined) {
      return sections.processes.status === 'ok'
        ? orphan(pid, socket.heirs ?? [], socket.created)
        : {
            ...nothingKnown,
            Owner: `process ${pid}`,
            Reason: [
              `ImageName: ${sections.processes.status === 'notAsked' ? `NotAsked: ${sections.processes.reason ?? 'processes were not asked for'}` : `Failed: ${sections.processes.reason ?? 'the list of processes is not whole'}`}`,
            ],
          };
    }
    const parent = process.parent === null ? undefined : processes.get(process.parent);
    return {
      ImageName: process.imageName,
      Path: process.path,
      CommandLine: process.commandLine,
      UserName: process.user,
      ...describeProcess(process, servicesOf.get(pid) ?? []),
      ParentProcess: process.parent,
      ParentImageName: parent?.imageName ?? null,
      StartTime: process.startTime,
      Reason: reasons(process.refusals),
      ...(options.live && pid > 4 && pid <= 0x7fffffff ? { Id: pid } : {}),
    };
  }

  /** What is behind one socket of a process, where that is not the same for all of its sockets; null when there is nothing special. */
  function behind(socket: Socket, pid: number): Partial<OwnerColumns> | null {
    const process = processes.get(pid);
    if (process === undefined) return null;
    if (portProxies.length > 0 && servicesOf.get(pid)?.some(({ name }) => name.toLowerCase() === 'iphlpsvc')) {
      const rule = portProxyOf(portProxies, socket);
      if (rule !== undefined)
        return {
          OwnerKind: 'Relay',
          Owner: `portproxy to ${targetText(rule)} (iphlpsvc, ${insideText(process)})`,
          Services: ['iphlpsvc'],
        };
    }
    if (withRelays) {
      for (const holder of socket.holders.length > 1 ? socket.holders : [pid]) {
        const one = processes.get(holder);
        const relay = one === undefined ? undefined : relayOf(one, socket);
        if (relay !== undefined)
          return {
            OwnerKind: 'Relay',
            Owner: `${relay.name}${relay.target === null ? '' : ` to ${relay.target}`} (${insideText(one!)})`,
          };
      }
    }
    if (socket.service !== undefined)
      return { OwnerKind: 'Service', Owner: `${socket.service} (${insideText(process)})`, Services: [socket.service] };
    return null;
  }

  function ownerOf(socket: Socket): OwnerColumns {
    if (socket.state === 'TimeWait')
      return { ...nothingKnown, OwnerKind: 'Kernel', Owner: 'nobody: a closed connection (TIME_WAIT)' };
    if (socket.kernel) return { ...nothingKnown, ...(windows ? { ImageName: 'System' } : {}), ...kernelOwner(socket) };
    if (socket.pid === null)
      return { ...nothingKnown, UserName: socket.user, Owner: isUnfound(socket) ? unfoundText(socket) : null };
    let owner = owners.get(socket.pid);
    if (owner === undefined) {
      owner = describe(socket.pid, socket);
      // Of an ended process each socket has heirs of its own.
      if (processes.has(socket.pid)) owners.set(socket.pid, owner);
    }
    const special =
      socket.service !== undefined || withRelays || portProxies.length > 0 ? behind(socket, socket.pid) : null;
    if (special !== null) return { ...owner, ...special };
    if (socket.holders.length > 1 && owner.Owner !== null) {
      return { ...owner, Owner: `${owner.Owner} and ${socket.holders.length - 1} more` };
    }
    return owner;
  }

  return sockets.map((socket): Endpoint => {
    const owner = ownerOf(socket);
    const own = reasons(socket.refusals);
    // Assembled by name, not by spread: this runs for every one of 100,000 sockets.
    const row: { -readonly [K in keyof Endpoint]: Endpoint[K] } = {
      Protocol: socket.protocol,
      AddressScope: addressScope(socket.localAddress),
      LocalAddress: socket.localAddress,
      LocalPort: socket.localPort,
      RemoteAddress: socket.remoteAddress,
      RemotePort: socket.remotePort,
      State: socket.state,
      OwningProcess: socket.pid,
      ImageName: owner.ImageName,
      Path: owner.Path,
      CommandLine: owner.CommandLine,
      UserName: owner.UserName,
      Services: owner.Services,
      ParentProcess: owner.ParentProcess,
      ParentImageName: owner.ParentImageName,
      StartTime: owner.StartTime,
      CreationTime: socket.created,
      PortRange: portClass(socket.localPort),
      PortService: options.serviceName === null ? null : options.serviceName(socket.localPort, socket.protocol),
      OwnerKind: owner.OwnerKind,
      Owner: owner.Owner,
      Holders: owner.Holders ?? (socket.holders.length > 1 ? socket.holders : null),
      Reason: own === null ? owner.Reason : owner.Reason === null ? own : [...own, ...owner.Reason],
      ComputerName: machine.name,
      RemoteHostName: null,
      FirewallStatus: null,
      FirewallRules: null,
    };
    if (owner.Id !== undefined) row.Id = owner.Id;
    return row;
  });
}
