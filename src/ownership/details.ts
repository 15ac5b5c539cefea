import type { Detail } from '../facts/model/question.ts';
import type { Endpoint } from '../schema/endpoint.ts';

/** The value comes from the sockets themselves, or from an option. */
const ofSocket: readonly Detail[] = [];

/** The facts that a column of an Endpoint needs. */
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
  // A host of services is named after its service.
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
  // For HTTP.sys, the processes that serve the port.
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
