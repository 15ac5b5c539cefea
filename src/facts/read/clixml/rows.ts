import { recordedApplication } from '../../decode/application/application.ts';
import type { Container, FieldRefusal, Socket } from '../../model/facts.ts';
import { parseRefusal } from '../../model/refusal.ts';
import { holdsPort } from '../../model/question.ts';
import type { Collection, ToldProcess } from './collection.ts';
import { instantOf, isObject, numberOf, numbersOf, type Fields } from './fields.ts';
import { localEnd } from './objects.ts';
import { tcpStateName } from '../../decode/windows-sockets.ts';
import { ClixmlError } from '../../../clixml/text.ts';
import type { ClixmlObject } from '../../../clixml/values.ts';

const largestPid = 0xffffffff;
/** The columns that describe the process, not the socket. */
const processFields: ReadonlySet<string> = new Set([
  'ImageName',
  'Path',
  'CommandLine',
  'WorkingDirectory',
  'UserName',
  'Services',
  'ParentProcess',
  'ParentImageName',
  'StartTime',
  'Container',
  'Unit',
]);
const states: ReadonlySet<string> = new Set(
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100].map((state) => tcpStateName(state) ?? ''),
);

/** Splits a Linux row's services: containers are `runtime:id`, everything else is a unit. */
function linuxServices(services: readonly string[]): { unit: string | null; container: Container | null } {
  const container = services.map((service) => /^([a-z][\w-]*):(.+)$/s.exec(service)).find((match) => match !== null);
  return {
    unit: services.find((service) => !/^[a-z][\w-]*:./s.test(service)) ?? null,
    container: container == null ? null : { runtime: container[1]!, id: container[2]! },
  };
}

function isLinux(object: ClixmlObject, services: readonly string[], fields: Fields): boolean {
  const { owner } = object.properties;
  return (
    (fields.text(object, 'path')?.startsWith('/') ?? false) ||
    (typeof owner === 'string' && /^Linux kernel(?:$|[,:])/.test(owner)) ||
    services.some((service) => /\.(?:service|scope|slice|socket)$/.test(service))
  );
}

/** The values that several functions read from a row. */
interface Row {
  readonly object: ClixmlObject;
  readonly fields: Fields;
  readonly pid: number | null;
  readonly kind: string | null;
  readonly owner: string | null;
  readonly services: readonly string[];
  readonly refusals: readonly FieldRefusal[];
}

function protocolOf({ properties: { protocol } }: ClixmlObject): 'TCP' | 'UDP' {
  if (protocol !== 'TCP' && protocol !== 'UDP') throw new ClixmlError('is not read: a row in it has no valid Protocol');
  return protocol;
}

function stateOf(object: ClixmlObject, fields: Fields, protocol: 'TCP' | 'UDP'): Socket['state'] {
  const text = fields.text(object, 'state');
  return protocol === 'TCP' && text !== null && states.has(text) ? (text as ReturnType<typeof tcpStateName>) : null;
}

/** Returns the part of the Linux kernel that a row names; undefined if none. */
const kernelPartOf = ({ owner }: Row): string | undefined =>
  owner === null ? undefined : /^Linux kernel: (.+)$/s.exec(owner)?.[1];

/**
 * Whether a row attributes a socket to the kernel without evidence: an older version did so for every socket without a
 * visible holder.
 */
function isUnshown(row: Row, ends: Pick<Socket, 'protocol' | 'state' | 'remotePort'>): boolean {
  const { kind, owner } = row;
  return (
    kind === 'Kernel' &&
    kernelPartOf(row) === undefined &&
    owner?.startsWith('Linux kernel') === true &&
    holdsPort(ends)
  );
}

/** Returns refusals for values that the saved row cannot prove. */
function leftOpen({ kind, owner }: Row, unshown: boolean): FieldRefusal[] {
  const found: FieldRefusal[] = [];
  if (unshown)
    found.push({
      field: 'OwningProcess',
      code: 'Failed',
      text: `no process was seen to have it, and the saved row says only ${owner}`,
      needs: null,
    });
  // A row keeps only the text of an HTTP.sys queue.
  if (kind === 'HttpSys' && owner !== null)
    found.push({ field: 'Owner', code: 'NotSupported', text: `the saved row says ${owner}`, needs: 'a snapshot' });
  return found;
}

/** Adds the socket of a row and returns whether the kernel owns it. */
function tellSocket(row: Row, collection: Collection): boolean {
  const { object, fields, pid, kind, services } = row;
  const protocol = protocolOf(object);
  const state = stateOf(object, fields, protocol);
  const remotePort = numberOf(object, 'remoteport', 65_535);
  const unshown = isUnshown(row, { protocol, state, remotePort });
  const inKernel = !unshown && (kind === 'Kernel' || kind === 'HttpSys');
  const holders = numbersOf(object, 'holders', largestPid);
  // If a row names exactly one service, that service owns the socket.
  const only = !collection.linux && !inKernel && services.length === 1 ? services[0] : undefined;
  const kernelPart = kernelPartOf(row);
  collection.addSocket({
    protocol,
    ...localEnd(object, fields),
    remoteAddress: fields.address(object, 'remoteaddress'),
    remotePort,
    state,
    pid,
    holders: holders.length > 0 && !inKernel ? holders : pid === null || pid === 0 ? [] : [pid],
    created: instantOf(object, 'creationtime'),
    user: pid === null ? fields.text(object, 'username') : null,
    kernel: inKernel,
    refusals: [...row.refusals, ...leftOpen(row, unshown)].filter(({ field }) => !processFields.has(field)),
    ...(only === undefined ? {} : { service: only }),
    ...(kernelPart === undefined || !inKernel ? {} : { kernelPart }),
  });
  return inKernel;
}

/** Adds the services and the relay that a row names for its process. */
function tellRoles(
  { object, pid, kind, owner, services }: Row & { readonly pid: number },
  collection: Collection,
): void {
  // The row does not show which of them owns the socket, or how they run.
  if (!collection.linux)
    for (const name of services)
      collection.addService({ name, displayName: null, pid, state: 'Unknown', shared: services.length > 1 });
  if (kind === 'Relay' && owner !== null)
    collection.addRelay(pid, {
      name: owner.replace(/ \([^()]*\)$/, ''),
      listenPort: numberOf(object, 'localport', 65_535),
      target: null,
    });
}

/** Returns the saved texts about a process that are not null. */
function savedOf(said: {
  readonly supervisor?: string | null;
  readonly role?: string | null;
  readonly project?: string | null;
}): Pick<ToldProcess, 'saved'> {
  const saved = Object.fromEntries(Object.entries(said).filter(([, text]) => text !== null));
  return Object.keys(saved).length === 0 ? {} : { saved };
}

/** Adds the ancestors of a row's process, if present: each is the parent of the previous one. */
function tellAncestors({ properties: { ancestors } }: ClixmlObject, fields: Fields, collection: Collection): void {
  const line = (isObject(ancestors) ? (ancestors.items ?? []) : []).filter(isObject);
  const pids = line.map((one) => numberOf(one, 'processid', largestPid));
  for (const [i, one] of line.entries()) {
    const pid = pids[i]!;
    if (pid === null) continue;
    collection.addProcess({
      pid,
      imageName: fields.text(one, 'imagename'),
      application: recordedApplication(fields.text(one, 'application')),
      parent: pids[i + 1] ?? null,
      parentSure: true,
      startTime: instantOf(one, 'starttime'),
      ...savedOf({ role: fields.text(one, 'role') }),
    });
  }
}

/** Adds the process of a row, once for all rows that share it, and the name of its parent. */
function tellProcess(row: Row & { readonly pid: number }, collection: Collection): void {
  const { object, fields, pid, kind, services, refusals } = row;
  if (collection.inRows.has(pid)) return;
  if (kind === 'Orphan') {
    collection.ended.add(pid);
    return;
  }
  const imageName = fields.text(object, 'imagename');
  // Only its number was known.
  if (imageName === null && kind === 'Unknown') return;
  collection.inRows.add(pid);
  const parent = numberOf(object, 'parentprocess', largestPid);
  collection.addProcess({
    pid,
    imageName,
    path: fields.text(object, 'path'),
    commandLine: fields.text(object, 'commandline'),
    application: recordedApplication(fields.text(object, 'application')),
    workingDirectory: fields.text(object, 'workingdirectory'),
    user: fields.text(object, 'username'),
    parent,
    parentSure: true,
    startTime: instantOf(object, 'starttime'),
    refusals: refusals.filter(({ field }) => processFields.has(field)),
    ...(collection.linux ? linuxServices(services) : {}),
    ...savedOf({ supervisor: fields.text(object, 'supervisor'), project: fields.text(object, 'project') }),
  });
  tellAncestors(object, fields, collection);
  const parentImageName = fields.text(object, 'parentimagename');
  if (parent !== null && parentImageName !== null) collection.addProcess({ pid: parent, imageName: parentImageName });
}

/** Adds one of our own rows (PortOwner.Endpoint), saved by Export-Clixml or `--format clixml`. */
export function collectRow(object: ClixmlObject, fields: Fields, collection: Collection): void {
  const pid = numberOf(object, 'owningprocess', largestPid);
  const services = fields.texts(object, 'services');
  const refusals = fields
    .texts(object, 'reason')
    .map(parseRefusal)
    .filter((refusal) => refusal !== null);
  const [kind, owner] = [fields.text(object, 'ownerkind'), fields.text(object, 'owner')];
  const row = { object, fields, pid, kind, owner, services, refusals };
  if (isLinux(object, services, fields)) collection.linux = true;
  const inKernel = tellSocket(row, collection);
  if (pid === null || pid === 0 || inKernel) return;
  tellRoles({ ...row, pid }, collection);
  tellProcess({ ...row, pid }, collection);
}
