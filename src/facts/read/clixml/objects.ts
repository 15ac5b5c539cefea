import type { FieldRefusal, Socket } from '../../model/facts.ts';
import { tcpStateName } from '../../decode/windows-sockets.ts';
import type { Collection } from './collection.ts';
import { instantOf, isObject, numberOf, type Fields } from './fields.ts';
import { ClixmlError } from '../../../clixml/text.ts';
import type { ClixmlObject } from '../../../clixml/values.ts';

const largestPid = 0xffffffff;
/** The System process, which owns the kernel's threads. */
const system = 4;
const stateNumbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100];
const stateByName = new Map(stateNumbers.map((number) => [tcpStateName(number)?.toLowerCase(), tcpStateName(number)]));

/** Reads a state from its number or its name. */
function stateOf(object: ClixmlObject, fields: Fields): Socket['state'] {
  const number = numberOf(object, 'state', 255);
  return number === null
    ? (stateByName.get(fields.text(object, 'state')?.toLowerCase()) ?? null)
    : tcpStateName(number);
}

/** Reads the local end, which every socket has. */
export function localEnd(object: ClixmlObject, fields: Fields): Pick<Socket, 'localAddress' | 'localPort'> {
  const localAddress = fields.address(object, 'localaddress');
  const localPort = numberOf(object, 'localport', 65_535);
  if (localAddress === null || localPort === null) {
    throw new ClixmlError(
      `is not read: a socket in it has no valid ${localAddress === null ? 'LocalAddress' : 'LocalPort'}`,
    );
  }
  return { localAddress, localPort };
}

/** Adds a socket from Get-NetTCPConnection or Get-NetUDPEndpoint. */
export function collectSocket(object: ClixmlObject, tcp: boolean, fields: Fields, collection: Collection): void {
  const local = localEnd(object, fields);
  const state = tcp ? stateOf(object, fields) : null;
  // Such a row is not a socket on a port.
  if (state === 'Closed' && local.localPort === 0) return;
  const refusals: FieldRefusal[] = [];
  if (tcp && state === null)
    refusals.push({ field: 'State', code: 'NotAsked', text: 'the file has no state that is known', needs: null });
  const remoteAddress = tcp && state !== 'Listen' && state !== 'Bound' ? fields.address(object, 'remoteaddress') : null;
  const owner = numberOf(object, 'owningprocess', largestPid);
  const nobody = owner === 0 && state === 'TimeWait';
  const told = owner !== null && (owner !== 0 || nobody);
  if (!told) {
    refusals.push(
      owner === 0
        ? {
            field: 'OwningProcess',
            code: 'NotSupported',
            text: 'Windows does not report which process owns it',
            needs: null,
          }
        : { field: 'OwningProcess', code: 'NotAsked', text: 'it is not in the file', needs: null },
    );
  }
  collection.addSocket({
    protocol: tcp ? 'TCP' : 'UDP',
    ...local,
    remoteAddress,
    remotePort: remoteAddress === null ? null : numberOf(object, 'remoteport', 65_535),
    state,
    pid: told ? owner : null,
    holders: owner === null || owner === 0 ? [] : [owner],
    created: instantOf(object, 'creationtime'),
    user: null,
    kernel: nobody || owner === system,
    refusals,
  });
  // Users often add it with Select-Object.
  const imageName = fields.text(object, 'processname');
  if (owner !== null && owner !== 0 && imageName !== null) collection.addProcess({ pid: owner, imageName });
}

function pidOf(object: ClixmlObject, name: string): number {
  const pid = numberOf(object, name, largestPid);
  if (pid === null) throw new ClixmlError('is not read: a process in it has no valid id');
  return pid;
}

/** Returns undefined if the property does not exist. */
function textIfThere(object: ClixmlObject, name: string, fields: Fields): string | null | undefined {
  return name in object.properties ? fields.text(object, name) : undefined;
}

function instantIfThere(object: ClixmlObject, name: string): string | null | undefined {
  return name in object.properties ? instantOf(object, name) : undefined;
}

/**
 * Adds a process from Get-Process. Its names have no `.exe`; the path, if there is one, does. A property that
 * Get-Process could not read is not in the file, so it counts as empty unless Select-Object may have dropped it.
 */
export function collectProcess(object: ClixmlObject, fields: Fields, collection: Collection): void {
  const selected = /(?:^|\.)Selected\./i.test(object.typeNames[0] ?? '');
  const path = textIfThere(object, 'path', fields) ?? (selected ? undefined : null);
  if (path?.startsWith('/')) collection.linux = true;
  const parent = object.properties['parent'];
  collection.addProcess({
    pid: pidOf(object, 'id'),
    imageName: path?.split(/[\\/]/).at(-1) || (fields.text(object, 'processname') ?? fields.text(object, 'name')),
    path,
    commandLine: textIfThere(object, 'commandline', fields),
    user: textIfThere(object, 'username', fields),
    // PowerShell 7 provides the process that it found under the parent's ID.
    parent: isObject(parent) ? numberOf(parent, 'id', largestPid) : undefined,
    startTime: instantIfThere(object, 'starttime') ?? (selected ? undefined : null),
  });
}

/** Adds a process from Get-CimInstance Win32_Process. */
export function collectCimProcess(object: ClixmlObject, fields: Fields, collection: Collection): void {
  collection.release ??= fields.text(object, 'windowsversion');
  collection.addProcess({
    pid: pidOf(object, 'processid'),
    imageName: fields.text(object, 'name'),
    path: textIfThere(object, 'executablepath', fields),
    commandLine: textIfThere(object, 'commandline', fields),
    parent: 'parentprocessid' in object.properties ? numberOf(object, 'parentprocessid', largestPid) : undefined,
    startTime: instantIfThere(object, 'creationdate'),
  });
}

/** Adds a service from Get-CimInstance Win32_Service. */
export function collectService(object: ClixmlObject, fields: Fields, collection: Collection): void {
  const name = fields.text(object, 'name');
  const pid = numberOf(object, 'processid', largestPid);
  if (name === null || pid === null)
    throw new ClixmlError(`is not read: a service in it has no valid ${name === null ? 'Name' : 'ProcessId'}`);
  const type = fields.text(object, 'servicetype');
  collection.addService({
    name,
    displayName: fields.text(object, 'displayname'),
    pid,
    // Get-Service writes "Start Pending" as StartPending.
    state: fields.text(object, 'state')?.replaceAll(' ', '') ?? 'Unknown',
    shared: type === null ? null : /share/i.test(type),
  });
}
