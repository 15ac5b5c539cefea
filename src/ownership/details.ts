import type { Detail } from '../facts/model/question.ts';
import type { Endpoint } from '../schema/endpoint.ts';

/** The sockets themselves tell it, or an option that asks for it. */
const ofSocket: readonly Detail[] = [];

/** What has to be asked of a machine before a column of an Endpoint can be filled. */
const detailOf: Readonly<Record<keyof Omit<Endpoint, 'Id'>, readonly Detail[]>> = {
  Protocol: ofSocket,
  AddressScope: ofSocket,
  LocalAddress: ofSocket,
  LocalPort: ofSocket,
  RemoteAddress: ofSocket,
  RemotePort: ofSocket,
  State: ofSocket,
  OwningProcess: ['owner'],
  ImageName: ['owner'],
  // A host of services is called by its service.
  Application: ['owner', 'services'],
  Path: ['owner', 'path'],
  CommandLine: ['owner', 'commandLine'],
  WorkingDirectory: ['owner', 'workingDirectory'],
  UserName: ['owner', 'user'],
  Services: ['owner', 'services'],
  ParentProcess: ['owner', 'parent'],
  ParentImageName: ['owner', 'parent'],
  StartTime: ['owner'],
  CreationTime: ofSocket,
  PortRange: ofSocket,
  PortService: ofSocket,
  OwnerKind: ['owner', 'services'],
  Owner: ['owner', 'services'],
  // Behind HTTP.sys the processes that serve it.
  Holders: ['owner', 'services'],
  Reason: ['owner'],
  ComputerName: ofSocket,
  RemoteHostName: ofSocket,
  Project: ['owner', 'services', 'workingDirectory'],
  Supervisor: ['owner', 'path', 'services', 'parent', 'ancestors', 'restarts', 'restartPolicies'],
  Ancestors: ['owner', 'path', 'services', 'parent', 'ancestors', 'restarts'],
  FirewallStatus: ofSocket,
  FirewallRules: ofSocket,
};

/** The details that these columns need. */
export function detailsFor(columns: readonly string[]): ReadonlySet<Detail> {
  return new Set(columns.flatMap((column) => detailOf[column as keyof typeof detailOf] ?? ofSocket));
}
