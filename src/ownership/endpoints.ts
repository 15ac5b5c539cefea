import { programName } from '../facts/decode/application/application.ts';
import type { Container, Facts, FieldRefusal, Process, Socket } from '../facts/model/facts.ts';
import { portClass } from '../ports/classes.ts';
import { addressScope } from '../ports/address.ts';
import { knownOf, type Attribution, type Known } from './attribution.ts';
import { attributeProcess, attributor } from './attributions.ts';
import type { Ancestor } from '../schema/ancestor.ts';
import type { OwnedEndpoint } from './owned.ts';

/** Looks a registered name up; given from outside because the registry is large and seldom wanted. */
export type ServiceName = (port: number, protocol: 'TCP' | 'UDP') => string | null;

/** One list of both; a list that stands alone is not copied. */
function joined(first: readonly FieldRefusal[], second: readonly FieldRefusal[]): readonly FieldRefusal[] {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}

/** What rows have from a process, the same for all of its sockets. */
interface Owner {
  readonly process: Process;
  readonly parentImageName: string | null;
  readonly attribution: Attribution;
  readonly supervisor: string | null;
  readonly ancestors: readonly Ancestor[] | null;
  readonly application: string | null;
  /** Whether its service says more of it than its file. */
  readonly hostsServices: boolean;
  /** Whether Stop-Process may have it: no part of the system, and a number that it takes. */
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

/** What an owner is called: a host of services by the one that has the socket. */
function applicationOf({ application, hostsServices }: Owner, { services }: Attribution): string | null {
  return hostsServices && services?.length === 1 ? services[0]! : application;
}

/** What would start it again: of a port that is passed on to a container, what starts that. */
function supervisorOf({ supervisor }: Owner, { container }: Socket, tree: Tree | null): string | null {
  return tree === null || container === undefined ? supervisor : tree.containerRestarter(container);
}

/** Stands for the process where there is none: all that rows have from it is null. */
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

/** With a place for the text of the refusals, which is there from the start: to add one later makes every row slow. */
type Assembled = { -readonly [K in keyof OwnedEndpoint]: OwnedEndpoint[K] } & { Reason: null };

/** What tells what led to an owner: src/ownership/origin.ts, which is only loaded when it is asked for. */
export interface Tree {
  readonly ancestorsOf: (process: Process, known: Known) => readonly Ancestor[];
  readonly supervisorOf: (process: Process, known: Known) => string | null;
  readonly containerRestarter: (container: Container) => string;
}

interface EndpointOptions {
  readonly live: boolean;
  readonly serviceName: ServiceName | null;
  /** The reader's home folder, where owners are told with their working directory. */
  readonly home?: string | null;
  /** What tells what led to an owner, where that is asked for. */
  readonly tree?: Tree | null;
}

/** The endpoints that facts give, one a socket, in the order of the sockets. */
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
    // No process has what the kernel holds, whatever number the system gives.
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
