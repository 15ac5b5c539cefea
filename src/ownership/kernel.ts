import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { FieldRefusal, HttpQueue, Sections, Service, Socket } from '../facts/model/facts.ts';
import { kernelListener } from '../facts/gather/kernel-listeners.ts';
import { holdsPort } from '../facts/model/question.ts';
import { isLacking } from '../facts/model/section.ts';
import { addressScope, withoutScope } from '../ports/address.ts';
import {
  insideText,
  processText,
  type AttributeSocket,
  type Attribution,
  type Known,
  type ProcessName,
} from './attribution.ts';

const systemPid = 4;
/** URLs that only one service registers: they identify it among the services in a shared process. */
const knownUrls: readonly (readonly [RegExp, string])[] = [
  [/^\/wsman\//i, 'WinRM'],
  [/^\/116b50eb-ece2-41ac-8429-9f9e963361b7\//i, 'PeerDistSvc'],
  [/^\/sra_\{ba195980-cd49-458b-9e23-c84ee0adcd75\}\//i, 'SstpSvc'],
  [/^\/kdcproxy\//i, 'KPSSVC'],
  [/^\/adfs\//i, 'adfssrv'],
  [/^\/wmpnssv4\//i, 'WMPNetworkSvc'],
];

interface Registration {
  readonly queue: HttpQueue;
  readonly secure: boolean;
  readonly path: string;
  readonly order: number;
}

/** The HTTP.sys registrations for a port: all, and by address, where null means every address. */
interface PortRegistrations {
  readonly all: Registration[];
  readonly byAddress: Map<string | null, Registration[]>;
}

/** All HTTP.sys registrations, by port. */
function registrations(queues: readonly HttpQueue[]): Map<number, PortRegistrations> {
  const byPort = new Map<number, PortRegistrations>();
  for (const queue of queues) {
    for (const url of queue.urls) {
      const prefix = urlPrefix(url);
      if (prefix === null) continue;
      const { port, secure, address, path } = prefix;
      const known: PortRegistrations = byPort.get(port) ?? { all: [], byAddress: new Map() };
      byPort.set(port, known);
      const one = { queue, secure, path, order: known.all.length };
      known.all.push(one);
      const same = known.byAddress.get(address);
      if (same === undefined) known.byAddress.set(address, [one]);
      else same.push(one);
    }
  }
  return byPort;
}

const registered = new WeakMap<readonly HttpQueue[], ReadonlyMap<number, PortRegistrations>>();

/** The registrations for the address and port of a socket. */
function serving(
  queues: readonly HttpQueue[],
  { protocol, localAddress, localPort }: Pick<Socket, 'protocol' | 'localAddress' | 'localPort'>,
): Registration[] {
  let byPort = registered.get(queues);
  if (byPort === undefined) registered.set(queues, (byPort = registrations(queues)));
  const { all = [], byAddress } = byPort.get(localPort) ?? {};
  const own =
    addressScope(localAddress) === 'Any'
      ? all
      : [null, withoutScope(localAddress)]
          .flatMap((address) => byAddress?.get(address) ?? [])
          .sort((a, b) => a.order - b.order);
  // UDP carries only HTTP/3, which is always encrypted.
  return own.filter(({ secure }) => protocol === 'TCP' || secure);
}

/** The queues that serve a socket of the System process. */
export function queuesBehind(queues: readonly HttpQueue[], socket: Socket): HttpQueue[] {
  return [...new Set(serving(queues, socket).map(({ queue }) => queue))];
}

/** The services that serve a queue in one process: the one that netsh reports, the only one, the one with this URL, or all. */
function servicesBehind(paths: readonly string[], { servicesOf }: Known) {
  const byUrls = knownUrls.filter(([pattern]) => paths.some((path) => pattern.test(path))).map(([, name]) => name);
  const byPid = new Map<number, readonly string[]>();
  return ({ pid, service }: HttpQueue['processes'][number]): readonly string[] => {
    if (service !== null) return [service];
    let found = byPid.get(pid);
    if (found === undefined) {
      const names = (servicesOf.get(pid) ?? []).map(({ name }) => name);
      const byUrl = names.length < 2 ? undefined : byUrls.find((name) => names.includes(name));
      byPid.set(pid, (found = byUrl === undefined ? names : [byUrl]));
    }
    return found;
  };
}

/**
 * The service whose own program started a process that ends with it: RSHostingService of SQL Server Reporting Services starts
 * the programs that serve its URLs. Null for a host of services, which starts arbitrary programs.
 */
export function startingService(
  pid: number,
  { processes, servicesOf }: Pick<Known, 'processes' | 'servicesOf'>,
): Service | null {
  const parent = processes.get(pid)?.parent ?? null;
  const [service, ...others] = parent === null ? [] : (servicesOf.get(parent) ?? []);
  const isHost = /^svchost\.exe$/i.test(processes.get(parent ?? -1)?.imageName ?? '');
  return service === undefined || others.length > 0 || service.shared || isHost ? null : service;
}

/** Describes one queue, with the services behind it. */
function describeQueue(
  queue: HttpQueue,
  paths: readonly string[],
  known: Known,
): { text: string; services: readonly string[] } {
  const named = (pid: number): ProcessName => known.processes.get(pid) ?? { pid, imageName: null };
  const image = (pid: number): string => insideText(named(pid));
  const { name, controller, processes } = queue;
  const manager = (controller === null ? [] : (known.servicesOf.get(controller) ?? [])).map((service) => service.name);
  const iis = ['W3SVC', 'WAS'].find((service) => manager.includes(service));
  if (processes.length === 0) {
    const by =
      controller === null
        ? ''
        : ` (managed by ${[...(iis === undefined ? manager : [iis]), image(controller)].join(', ')})`;
    const what = iis === undefined ? 'a queue without a process' : 'an idle IIS application pool';
    return { text: `${name === null ? '' : `${name}, `}${what}${by}`, services: iis === undefined ? manager : [iis] };
  }
  const servicesOf = servicesBehind(paths, known);
  const served = processes.map((process) => ({ pid: process.pid, names: servicesOf(process) }));
  const behind = ({ pid, names }: (typeof served)[number]): readonly string[] =>
    names.length > 0 || iis !== undefined
      ? names
      : [startingService(pid, known)?.name].filter((name) => name !== undefined);
  const services = [...new Set([...served.flatMap(behind), ...(iis === undefined ? [] : [iis])])];
  const service = (names: readonly string[]): string =>
    names.length > 1 ? `one of ${names.join(', ')}` : (names[0] ?? '');
  if (name !== null)
    return {
      text: `${name} (${served.flatMap(({ pid, names }) => [...(names.length === 0 ? [] : [service(names)]), image(pid)]).join(', ')})`,
      services,
    };
  const each = served.map(({ pid, names }) =>
    names.length === 0 ? processText(named(pid)) : `${service(names)} (${image(pid)})`,
  );
  return { text: each.join(', '), services };
}

/** A closed connection, which no longer has a process. */
export const closedConnection: AttributeSocket = () => (socket) =>
  socket.state === 'TimeWait' ? { kind: 'Kernel', owner: 'nobody: a closed connection (TIME_WAIT)' } : null;

/** Why the kernel holds a socket: for a part of its own, or as a connection without a process (not yet, or no longer). */
function linuxText(socket: Socket): string {
  const { kernelPart, state } = socket;
  if (kernelPart !== undefined) return `Linux kernel: ${kernelPart}`;
  if (holdsPort(socket)) return 'Linux kernel';
  if (state === null) return 'nobody: a closed socket';
  if (state === 'SynReceived' || state === 'Established' || state === 'CloseWait')
    return `nobody yet: a connection that is not accepted (${state})`;
  return `nobody: a closed connection (${state})`;
}

export const linuxKernel: AttributeSocket = ({ windows }) =>
  windows ? null : (socket) => (socket.kernel ? { kind: 'Kernel', owner: linuxText(socket) } : null);

const system = 'System';

/** A part of the Windows kernel that is known by its port, if its service or driver runs. */
export const windowsDriver: AttributeSocket = ({ facts, windows }) => {
  if (!windows) return null;
  const { services, drivers } = facts.sections;
  const running = new Set<string>();
  for (const { name, state } of [...services.data, ...(drivers?.data ?? [])])
    if (state === 'Running') running.add(name.toLowerCase());
  return (socket) => {
    const listener = socket.kernel ? kernelListener(socket.protocol, socket.localPort) : null;
    const confirmed = listener?.services.find((name) => running.has(name.toLowerCase()));
    return confirmed === undefined
      ? null
      : {
          kind: 'Kernel',
          owner: `${listener!.what}: ${confirmed} (System ${systemPid})`,
          services: [confirmed],
          imageName: system,
        };
  };
};

/** The queues of HTTP.sys behind a socket, as one owner. */
function describeQueues(registrations: readonly Registration[], known: Known): Attribution | null {
  const paths = Map.groupBy(registrations, ({ queue }) => queue);
  if (paths.size === 0) return null;
  const parts = [...paths].map(([queue, own]) => {
    const places = own.map(({ path }) => path);
    const { text, services } = describeQueue(queue, places, known);
    return { text: paths.size > 1 && places[0] !== '/' ? `${text} at ${places[0]}` : text, services };
  });
  const services = [...new Set(parts.flatMap((part) => part.services))];
  const pids = new Set([...paths.keys()].flatMap((queue) => queue.processes.map(({ pid }) => pid)));
  return {
    kind: 'HttpSys',
    owner: `HTTP.sys: ${parts.map(({ text }) => text).join('; ')}`,
    services: services.length === 0 ? null : services,
    holders: pids.size === 0 ? null : [systemPid, ...pids],
    imageName: system,
  };
}

/** The programs whose URLs HTTP.sys serves on the port. */
export const httpSys: AttributeSocket = (known) => {
  const queues = known.facts.sections.httpQueues?.data ?? [];
  if (!known.windows || queues.length === 0) return null;
  // A busy port has thousands of connections with the same owner.
  const described = new Map<string, Attribution | null>();
  return (socket) => {
    if (!socket.kernel) return null;
    const key = `${socket.protocol} ${socket.localPort} ${socket.localAddress}`;
    let found = described.get(key);
    if (found === undefined) described.set(key, (found = describeQueues(serving(queues, socket), known)));
    return found;
  };
};

/** Why it is unknown whether HTTP.sys is behind a socket of the kernel; empty if it is known. */
function untoldQueues(queues: Sections['httpQueues']): FieldRefusal[] {
  if (queues === undefined || !isLacking(queues)) return [];
  const { needs, reason } = queues;
  return [
    {
      field: 'Owner',
      code: needs === null ? 'Failed' : 'AccessDenied',
      text: `cannot tell whether HTTP.sys is behind it: ${reason ?? 'the reason is unknown'}`,
      needs,
    },
  ];
}

export const windowsKernel: AttributeSocket = ({ facts, windows }) => {
  if (!windows) return null;
  const untold = untoldQueues(facts.sections.httpQueues);
  const kernel = `Windows kernel (System ${systemPid})`;
  return ({ kernel: isKernel, protocol, localPort }) => {
    if (!isKernel) return null;
    const listener = kernelListener(protocol, localPort);
    return {
      kind: 'Kernel',
      owner: listener === null ? kernel : `${kernel}, by its port probably ${listener.what}`,
      imageName: system,
      refusals: protocol === 'UDP' ? [] : untold,
    };
  };
};
