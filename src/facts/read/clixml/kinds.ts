import type { ClixmlObject } from '../../../clixml/values.ts';

/** The kind of an object: the cmdlet or class that it comes from. */
export type Kind = 'tcp' | 'udp' | 'process' | 'cimProcess' | 'cimService' | 'endpoint';

/** The properties to read, in lower case. */
export const wantedProperties: ReadonlySet<string> = new Set([
  // Get-NetTCPConnection, Get-NetUDPEndpoint
  'localaddress',
  'localport',
  'remoteaddress',
  'remoteport',
  'state',
  'owningprocess',
  'creationtime',
  'protocol',
  // Get-Process
  'id',
  'processname',
  'path',
  'starttime',
  'username',
  'commandline',
  'parent',
  'machinename',
  // Win32_Process
  'processid',
  'name',
  'executablepath',
  'parentprocessid',
  'creationdate',
  'csname',
  'windowsversion',
  // Win32_Service
  'displayname',
  'servicetype',
  'systemname',
  // Any CIM or WMI object, and objects from PowerShell remoting
  'pscomputername',
  '__classmetadata',
  'servername',
  '__server',
  // Our own rows
  'imagename',
  'application',
  'workingdirectory',
  'services',
  'parentprocess',
  'parentimagename',
  'ancestors',
  'supervisor',
  'project',
  'role',
  'ownerkind',
  'owner',
  'holders',
  'reason',
  'computername',
]);

const cim = String.raw`^(?:Microsoft\.Management\.Infrastructure\.CimInstance|System\.Management\.ManagementObject)#(?:.*[\\/])?`;
const byType: readonly (readonly [RegExp, Kind])[] = [
  [new RegExp(`${cim}MSFT_NetTCPConnection$`, 'i'), 'tcp'],
  [new RegExp(`${cim}MSFT_NetUDPEndpoint$`, 'i'), 'udp'],
  [new RegExp(`${cim}Win32_Process$`, 'i'), 'cimProcess'],
  [new RegExp(`${cim}Win32_Service$`, 'i'), 'cimService'],
  [/^System\.Diagnostics\.Process$/i, 'process'],
  [/^PortOwner\.Endpoint$/i, 'endpoint'],
];

/** Strips the prefixes of remoting, an earlier import and Select-Object from a type name. */
export function plainType(name: string): string {
  return name.replace(/^(?:(?:Deserialized|Selected)\.)+/i, '');
}

/** Returns the kind of objects with these types; null if the types do not show it. */
export function kindOfTypes(typeNames: readonly string[]): Kind | null {
  for (const name of typeNames) {
    const plain = plainType(name);
    for (const [pattern, kind] of byType) if (pattern.test(plain)) return kind;
  }
  return null;
}

const bags =
  /^(?:System\.Management\.Automation\.PSCustomObject|Microsoft\.Management\.Infrastructure\.CimInstance|System\.Management\.ManagementObject)$/i;
const processOnly = ['executablepath', 'commandline', 'parentprocessid', 'creationdate'];
const serviceOnly = ['displayname', 'servicetype', 'state'];

/**
 * Returns the kind of an object from Select-Object, which loses its class name, by its properties. Null if they are
 * ambiguous, such as between TCP and UDP.
 */
export function kindOfProperties({ typeNames, properties }: ClixmlObject): Kind | null {
  const type = plainType(typeNames[0] ?? '');
  if (!bags.test(type)) return null;
  const hasAny = (names: readonly string[]): boolean => names.some((name) => name in properties);
  if ('localaddress' in properties && 'localport' in properties && 'owningprocess' in properties) {
    if (hasAny(['state', 'remoteaddress', 'remoteport'])) return 'tcp';
    const { protocol } = properties;
    return protocol === 'TCP' ? 'tcp' : protocol === 'UDP' ? 'udp' : null;
  }
  // Custom objects with a ProcessId are common and can come from anywhere.
  if (!('processid' in properties) || /PSCustomObject$/i.test(type)) return null;
  if (hasAny(processOnly)) return 'cimProcess';
  return 'name' in properties && hasAny(serviceOnly) ? 'cimService' : null;
}
