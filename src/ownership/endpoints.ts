import { programName } from '../facts/decode/application/application.ts';
import type { Container, Facts, FieldRefusal, Process, Socket } from '../facts/model/facts.ts';
import { portClass } from '../ports/classes.ts';
import { addressScope } from '../ports/address.ts';
import { knownOf, type Attribution, type Known } from './attribution.ts';
import { attributeProcess, attributor } from './attributions.ts';
import type { Ancestor } from '../schema/ancestor.ts';
import type { OwnedEndpoint } from './owned.ts';

/** Looks up a registered name; passed in because the registry is large and rarely needed. */
export type ServiceName = (port: number, protocol: 'TCP' | 'UDP') => string | null;

/** Concatenates two lists; does not copy a list if the other is empty. */
function joined(first: readonly FieldRefusal[], second: readonly FieldRefusal[]): readonly FieldRefusal[] {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}

/** The values that rows take from a process, the same for all of its sockets. */
interface Owner {
  readonly process: Process;
  readonly parentImageName: string | null;
  readonly attribution: Attribution;
  readonly supervisor: string | null;
  readonly ancestors: readonly Ancestor[] | null;
  readonly application: string | null;
  /** Whether its service describes it better than its file. */
  readonly hostsServices: boolean;
  /** Whether Stop-Process can take it: not a part of the system, and a valid ID. */
  readonly isStoppable: boolean;
}

function ownerOf(process: Process, known: Known, tree: Tree | null): Owner {
  const { pid, parent, imageName } = process;
  return {
    process,
    parentImageName: parent === null ? null : (known.processes.get(parent)?.imageName ?? null),
    attribution: attributeProcess(process, known),
    supervisor: tree === null ? null : tree.supervisorOf(process, known),
    ancestors: tree === null ? null : tree.ancestorsOf(process, known),
    application: process.application ?? (imageName === null ? null : programName(imageName)),
    hostsServices: /^svchost(?:\.exe)?$/i.test(imageName ?? ''),
    isStoppable: pid > 4 && pid <= 0x7fffffff,
  };
}

/** The name of an owner: for a host of services, the one that owns the socket. */
function applicationOf({ application, hostsServices }: Owner, { services }: Attribution): string | null {
  return hostsServices && services?.length === 1 ? services[0]! : application;
}

/** What would restart it: for a port forwarded to a container, what restarts the container. */
function supervisorOf({ supervisor }: Owner, { container }: Socket, tree: Tree | null): string | null {
  return tree === null || container === undefined ? supervisor : tree.containerRestarter(container);
}

/** Represents a missing process: all its values are null. */
const noProcess: Process = {
  pid: 0,
  imageName: null,
  path: null,
  commandLine: null,
  user: null,
  parent: null,
  startTime: null,
  unit: null,
  container: null,
  refusals: [],
};

/** Includes a field for the text of the refusals from the start, because adding it later makes every row slow. */
type Assembled = { -readonly [K in keyof OwnedEndpoint]: OwnedEndpoint[K] } & { Reason: null };

/** Finds the ancestors of an owner: src/ownership/origin.ts, which is only loaded on demand. */
export interface Tree {
  readonly ancestorsOf: (process: Process, known: Known) => readonly Ancestor[];
  readonly supervisorOf: (process: Process, known: Known) => string | null;
  readonly containerRestarter: (container: Container) => string;
}

interface EndpointOptions {
  readonly live: boolean;
  readonly serviceName: ServiceName | null;
  /** The reader's home folder, if owners are shown with their working directory. */
  readonly home?: string | null;
  /** Finds the ancestors of an owner, if requested. */
  readonly tree?: Tree | null;
}

/** Turns facts into endpoints, one for each socket, in order. */
export function endpoints(
  facts: Facts,
  sockets: readonly Socket[],
  { live, serviceName, home = null, tree = null }: EndpointOptions,
): OwnedEndpoint[] {
  const known = knownOf(facts, { live, home });
  const attribute = attributor(known);
  const owners = new Map(facts.sections.processes.data.map((process) => [process.pid, ownerOf(process, known, tree)]));
  const { name: computer } = facts.machine;
  return sockets.map((socket): OwnedEndpoint => {
    // No process owns a socket of the kernel, whatever ID the system reports.
    const ownerless = socket.pid === null || socket.kernel || socket.state === 'TimeWait';
    const owner = ownerless ? undefined : owners.get(socket.pid!);
    const process = owner === undefined ? noProcess : owner.process;
    const attribution =
      owner === undefined
        ? attribute.withoutProcess(socket)
        : attribute.withProcess(socket, process, owner.attribution);
    const refusals = joined(socket.refusals, process.refusals);
    // Assembled by name, not by spread: this runs for every one of 100,000 sockets.
    const row: Assembled = {
      Protocol: socket.protocol,
      AddressScope: addressScope(socket.localAddress),
      LocalAddress: socket.localAddress,
      LocalPort: socket.localPort,
      RemoteAddress: socket.remoteAddress,
      RemotePort: socket.remotePort,
      State: socket.state,
      OwningProcess: socket.pid,
      ImageName: process.imageName ?? attribution.imageName ?? null,
      Application: owner === undefined ? null : applicationOf(owner, attribution),
      Path: process.path,
      CommandLine: process.commandLine,
      WorkingDirectory: process.workingDirectory ?? null,
      UserName: process.user ?? attribution.userName ?? null,
      Services: attribution.services ?? null,
      ParentProcess: process.parent,
      ParentImageName: owner === undefined ? null : owner.parentImageName,
      StartTime: process.startTime,
      CreationTime: socket.created,
      PortRange: portClass(socket.localPort),
      PortService: serviceName === null ? null : serviceName(socket.localPort, socket.protocol),
      OwnerKind: attribution.kind,
      Owner: attribution.owner,
      Holders: attribution.holders ?? (socket.holders.length > 1 ? socket.holders : null),
      Reason: null,
      ComputerName: computer,
      RemoteHostName: null,
      Project: process.saved?.project ?? null,
      Supervisor: owner === undefined ? null : supervisorOf(owner, socket, tree),
      Ancestors: owner === undefined ? null : owner.ancestors,
      FirewallStatus: null,
      FirewallRules: null,
      refusals: attribution.refusals === undefined ? refusals : joined(refusals, attribution.refusals),
    };
    if (process.realUser !== undefined) row.realUser = process.realUser;
    if (live && owner !== undefined && owner.isStoppable) row.Id = socket.pid;
    return row;
  });
}
