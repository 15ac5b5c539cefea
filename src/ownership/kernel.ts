import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { Facts, HttpQueue, Process, Service, Socket } from '../facts/model/facts.ts';
import { kernelListener } from '../facts/gather/kernel-listeners.ts';
import { holdsPort } from '../facts/model/question.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { addressScope } from './address.ts';

/** What is said of a socket that the kernel holds. `Holders`: System, then the processes that serve its URLs. */
export type KernelOwner = Pick<Endpoint, 'OwnerKind' | 'Owner' | 'Services' | 'Holders' | 'Reason'>;

const system = 4;
/** URLs that one service alone registers: they choose among the services of a shared process. */
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

/** What is registered with HTTP.sys for a port: all of it, and by address, where null is every address. */
interface PortRegistrations {
  readonly all: Registration[];
  readonly byAddress: Map<string | null, Registration[]>;
}

/** Everything registered with HTTP.sys, by port. */
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

/** What is registered for the address and the port of a socket. */
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
      : [null, localAddress.replace(/%.*$/s, '')]
          .flatMap((address) => byAddress?.get(address) ?? [])
          .sort((a, b) => a.order - b.order);
  // Over UDP there is HTTP/3 alone, which is always encrypted.
  return own.filter(({ secure }) => protocol === 'TCP' || secure);
}

/** The queues that serve a socket of the System process. */
export function queuesBehind(queues: readonly HttpQueue[], socket: Socket): HttpQueue[] {
  return [...new Set(serving(queues, socket).map(({ queue }) => queue))];
}

interface Context {
  readonly processes: ReadonlyMap<number, Process>;
  readonly servicesOf: ReadonlyMap<number, readonly Service[]>;
}

/** The services that serve a queue by one process: the one that netsh tells, the only one, the one whose URL it is, or all. */
function servicesBehind(paths: readonly string[], { servicesOf }: Context) {
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

/** One queue in words, and the services behind it. */
function describeQueue(
  queue: HttpQueue,
  paths: readonly string[],
  context: Context,
): { text: string; services: readonly string[] } {
  const image = (pid: number): string => {
    const name = context.processes.get(pid)?.imageName ?? null;
    return name === null ? `process ${pid}` : `${name} ${pid}`;
  };
  const { name, controller, processes } = queue;
  const manager = (controller === null ? [] : (context.servicesOf.get(controller) ?? [])).map(
    (service) => service.name,
  );
  const iis = ['W3SVC', 'WAS'].find((service) => manager.includes(service));
  if (processes.length === 0) {
    const by =
      controller === null
        ? ''
        : ` (managed by ${[...(iis === undefined ? manager : [iis]), image(controller)].join(', ')})`;
    const what = iis === undefined ? 'a queue without a process' : 'an idle IIS application pool';
    return { text: `${name === null ? '' : `${name}, `}${what}${by}`, services: iis === undefined ? manager : [iis] };
  }
  const servicesOf = servicesBehind(paths, context);
  const served = processes.map((process) => ({ pid: process.pid, names: servicesOf(process) }));
  const services = [...new Set([...served.flatMap(({ names }) => names), ...(iis === undefined ? [] : [iis])])];
  const service = (names: readonly string[]): string =>
    names.length > 1 ? `one of ${names.join(', ')}` : (names[0] ?? '');
  if (name !== null)
    return {
      text: `${name} (${served.flatMap(({ pid, names }) => [...(names.length === 0 ? [] : [service(names)]), image(pid)]).join(', ')})`,
      services,
    };
  const each = served.map(({ pid, names }) =>
    names.length === 0
      ? image(pid).replace(/^(.*) (\d+)$/, (all, program: string) =>
          program === 'process' ? all : `${program} (${pid})`,
        )
      : `${service(names)} (${image(pid)})`,
  );
  return { text: each.join(', '), services };
}

/** What the kernel has a socket for: a part of its own, or a connection that no process has (yet, or any more). */
function linuxOwner(socket: Socket): string {
  const { kernelPart, state } = socket;
  if (kernelPart !== undefined) return `Linux kernel: ${kernelPart}`;
  if (holdsPort(socket)) return 'Linux kernel';
  if (state === null) return 'nobody: a closed socket';
  if (state === 'SynReceived' || state === 'Established' || state === 'CloseWait')
    return `nobody yet: a connection that is not accepted (${state})`;
  return `nobody: a closed connection (${state})`;
}

/** Who is behind the sockets that the kernel itself holds, as far as the facts go. */
export function kernelOwners({ machine, sections }: Facts, context: Context): (socket: Socket) => KernelOwner {
  const windows = machine.platform === 'win32';
  const kernel = 'Windows kernel (System 4)';
  const queues = sections.httpQueues;
  const running = new Set<string>();
  for (const { name, state } of [...sections.services.data, ...(sections.drivers?.data ?? [])])
    if (state === 'Running') running.add(name.toLowerCase());
  const known = new Map<string, KernelOwner>();

  function behindHttp(socket: Socket): KernelOwner | null {
    const wanted = serving(queues?.data ?? [], socket);
    const paths = new Map<HttpQueue, string[]>();
    for (const { queue, path } of wanted) {
      const own = paths.get(queue);
      if (own === undefined) paths.set(queue, [path]);
      else own.push(path);
    }
    if (paths.size === 0) return null;
    const parts = [...paths].map(([queue, own]) => {
      const { text, services } = describeQueue(queue, own, context);
      return { text: paths.size > 1 && own[0] !== '/' ? `${text} at ${own[0]}` : text, services };
    });
    const services = [...new Set(parts.flatMap((part) => part.services))];
    const pids = new Set([...paths.keys()].flatMap((queue) => queue.processes.map(({ pid }) => pid)));
    return {
      OwnerKind: 'HttpSys',
      Owner: `HTTP.sys: ${parts.map(({ text }) => text).join('; ')}`,
      Services: services.length === 0 ? null : services,
      Holders: pids.size === 0 ? null : [system, ...pids],
      Reason: null,
    };
  }

  function describe(socket: Socket): KernelOwner {
    const listener = windows ? kernelListener(socket.protocol, socket.localPort) : null;
    const confirmed = listener?.services.find((name) => running.has(name.toLowerCase()));
    const plain = { OwnerKind: 'Kernel', Services: null, Holders: null, Reason: null } as const;
    if (!windows) return { ...plain, Owner: linuxOwner(socket) };
    if (listener !== null && confirmed !== undefined)
      return { ...plain, Owner: `${listener.what}: ${confirmed} (System 4)`, Services: [confirmed] };
    const http = behindHttp(socket);
    if (http !== null) return http;
    const untold =
      queues === undefined || queues.status === 'ok' || queues.status === 'notAsked' || socket.protocol === 'UDP';
    const needs = queues?.needs ?? null;
    const reason = untold
      ? null
      : [
          `Owner: ${needs === null ? 'Failed' : 'AccessDenied'}: whether HTTP.sys is behind it could not be told: ${queues.reason}${needs === null ? '' : ` (needs ${needs})`}`,
        ];
    return {
      ...plain,
      Owner: listener === null ? kernel : `${kernel}, by its port probably ${listener.what}`,
      Reason: reason,
    };
  }

  return (socket) => {
    const key = `${socket.protocol} ${socket.localPort} ${socket.localAddress} ${socket.state} ${socket.kernelPart ?? ''}`;
    let owner = known.get(key);
    if (owner === undefined) known.set(key, (owner = describe(socket)));
    return owner;
  };
}
