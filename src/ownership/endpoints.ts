import type { Facts, FieldRefusal, Process, Service, Socket } from '../facts/facts.ts';
import { portClass } from '../ports/classes.ts';
import type { Endpoint } from '../schema/endpoint.ts';
import { addressScope } from './address.ts';

/** Looks a registered name up; given from outside because the registry is large and seldom wanted. */
export type ServiceName = (port: number, protocol: 'TCP' | 'UDP') => string | null;

/** What is said of an owner, the same for all of its sockets. */
type OwnerColumns = Pick<
  Endpoint,
  | 'ImageName' | 'Path' | 'CommandLine' | 'UserName' | 'Services' | 'ParentProcess' | 'ParentImageName'
  | 'StartTime' | 'OwnerKind' | 'Owner' | 'Reason' | 'Id'
>;

const nothingKnown = {
  ImageName: null, Path: null, CommandLine: null, UserName: null, Services: null, ParentProcess: null,
  ParentImageName: null, StartTime: null, OwnerKind: 'Unknown', Owner: null, Reason: null,
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
function describeProcess(process: Process, services: readonly Service[]): Pick<Endpoint, 'OwnerKind' | 'Owner' | 'Services'> {
  const text = processText(process);
  const names = services.map((service) => service.name);
  const inside = text.replace(' (', ' ').replace(/\)$/, '');
  if (process.container !== null) {
    const container = `${process.container.runtime}:${shortId(process.container.id)}`;
    const all = process.unit === null ? [container] : [container, process.unit];
    return { OwnerKind: 'Service', Owner: `${process.container.runtime} container ${shortId(process.container.id)} (${inside})`, Services: all };
  }
  if (names.length > 1) return { OwnerKind: 'Service', Owner: `one of ${names.join(', ')} (${inside})`, Services: names };
  if (names.length === 1) return { OwnerKind: 'Service', Owner: `${names[0]} (${inside})`, Services: names };
  if (process.unit !== null) {
    const kind = process.unit.endsWith('.service') ? 'Service' : 'Process';
    return { OwnerKind: kind, Owner: kind === 'Service' ? `${process.unit} (${inside})` : text, Services: [process.unit] };
  }
  return { OwnerKind: 'Process', Owner: text, Services: null };
}

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

  function describe(pid: number): OwnerColumns {
    const process = processes.get(pid);
    if (process === undefined) {
      return sections.processes.status === 'ok'
        ? { ...nothingKnown, OwnerKind: 'Orphan', Owner: `ended process ${pid}`, Reason: [`ImageName: Gone: process ${pid} has ended`] }
        : { ...nothingKnown, Owner: `process ${pid}`, Reason: [`ImageName: ${sections.processes.status === 'notAsked' ? 'NotAsked: processes were not asked for' : `Failed: ${sections.processes.reason ?? 'the list of processes is not whole'}`}`] };
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

  function ownerOf(socket: Socket): OwnerColumns {
    if (socket.state === 'TimeWait') return { ...nothingKnown, OwnerKind: 'Kernel', Owner: 'nobody: a closed connection (TIME_WAIT)' };
    if (socket.kernel) return { ...nothingKnown, ...(windows ? { ImageName: 'System' } : {}), OwnerKind: 'Kernel', Owner: windows ? 'Windows kernel (System 4)' : 'Linux kernel' };
    if (socket.pid === null) return { ...nothingKnown, UserName: socket.user };
    let owner = owners.get(socket.pid);
    if (owner === undefined) owners.set(socket.pid, (owner = describe(socket.pid)));
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
      Holders: socket.holders.length > 1 ? socket.holders : null,
      Reason: own === null ? owner.Reason : owner.Reason === null ? own : [...own, ...owner.Reason],
      ComputerName: machine.name,
      RemoteHostName: null,
    };
    if (owner.Id !== undefined) row.Id = owner.Id;
    return row;
  });
}
