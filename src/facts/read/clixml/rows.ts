import { recordedApplication } from '../../decode/application/application.ts';
import type { Container } from '../../model/facts.ts';
import { parseRefusal } from '../../model/refusal.ts';
import { holdsPort } from '../../model/question.ts';
import type { Collection } from './collection.ts';
import { instantOf, numberOf, numbersOf, type Fields } from './fields.ts';
import { localEnd } from './objects.ts';
import { tcpStateName } from '../../decode/windows-sockets.ts';
import { ClixmlError } from '../../../clixml/text.ts';
import type { ClixmlObject } from '../../../clixml/values.ts';

const largestPid = 0xffffffff;
/** The columns that say something of the process, not of the socket. */
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

/** A Linux row's services: containers are `runtime:id`, everything else is a unit. */
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

/** One of our own rows (PortOwner.Endpoint), as Export-Clixml or `--format clixml` saved it. */
export function tellRow(object: ClixmlObject, fields: Fields, collection: Collection): void {
  const { protocol } = object.properties;
  if (protocol !== 'TCP' && protocol !== 'UDP') throw new ClixmlError('is not read: a row in it has no valid Protocol');
  const stateText = fields.text(object, 'state');
  const state =
    protocol === 'TCP' && stateText !== null && states.has(stateText)
      ? (stateText as ReturnType<typeof tcpStateName>)
      : null;
  const pid = numberOf(object, 'owningprocess', largestPid);
  const kind = fields.text(object, 'ownerkind');
  const services = fields.texts(object, 'services');
  if (isLinux(object, services, fields)) collection.linux = true;
  const holders = numbersOf(object, 'holders', largestPid);
  const refusals = fields
    .texts(object, 'reason')
    .map(parseRefusal)
    .filter((refusal) => refusal !== null);
  const owner = fields.text(object, 'owner');
  const kernelPart = owner === null ? undefined : /^Linux kernel: (.+)$/s.exec(owner)?.[1];
  const remotePort = numberOf(object, 'remoteport', 65_535);
  // An older version took what nobody was seen to have for the kernel's.
  const unshown =
    kind === 'Kernel' &&
    kernelPart === undefined &&
    owner?.startsWith('Linux kernel') === true &&
    holdsPort({ protocol, state, remotePort });
  if (unshown)
    refusals.push({
      field: 'OwningProcess',
      code: 'Failed',
      text: `no process was seen to have it, and the saved row says only ${owner}`,
      needs: null,
    });
  const inKernel = !unshown && (kind === 'Kernel' || kind === 'HttpSys');
  // Of the queues of HTTP.sys a row keeps only the words.
  if (kind === 'HttpSys' && owner !== null)
    refusals.push({ field: 'Owner', code: 'NotSupported', text: `the saved row says ${owner}`, needs: 'a snapshot' });
  // Where a row names one service, it is the one that has the socket.
  const only = !collection.linux && !inKernel && services.length === 1 ? services[0] : undefined;
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
    refusals: refusals.filter(({ field }) => !processFields.has(field)),
    ...(only === undefined ? {} : { service: only }),
    ...(kernelPart === undefined || !inKernel ? {} : { kernelPart }),
  });
  if (pid === null || pid === 0 || inKernel) return;
  // Which of them has the socket is as open as it was for the row; a row does not tell how they run.
  if (!collection.linux)
    for (const name of services)
      collection.addService({ name, displayName: null, pid, state: 'Unknown', shared: services.length > 1 });
  if (kind === 'Relay' && owner !== null)
    collection.addRelay(pid, {
      name: owner.replace(/ \([^()]*\)$/, ''),
      listenPort: numberOf(object, 'localport', 65_535),
      target: null,
    });
  if (collection.inRows.has(pid)) return;
  if (kind === 'Orphan') {
    collection.ended.add(pid);
    return;
  }
  const imageName = fields.text(object, 'imagename');
  // Nothing was known of it but its number.
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
  });
  const parentImageName = fields.text(object, 'parentimagename');
  if (parent !== null && parentImageName !== null) collection.addProcess({ pid: parent, imageName: parentImageName });
}
