import { release } from 'node:os';
import { parseBinaryName } from '../../facts/gather/binaries.ts';
import type { MachineDetails } from '../../facts/decode/windows-machine.ts';
import type { ProcessDetails } from '../../facts/decode/windows-processes.ts';
import { tcpState, type SocketTable } from '../../facts/decode/windows-sockets.ts';
import { portProxyTables } from '../../facts/decode/windows-portproxy.ts';
import type { Told } from '../../facts/decode/windows-told.ts';
import type { RawEntry, RawHint, RawSource } from '../../system/raw.ts';
import { sha256 } from '../hash.ts';
import { elevated, enableDebugPrivilege, processAccount } from './advapi32.ts';
import { askApart, isAskedApart, ownCommand } from './apart.ts';
import { Refused } from './errors.ts';
import { firewallPolicy } from './firewall.ts';
import { ipListenList, urlReservations } from './httpapi.ts';
import { socketTable } from './iphlpapi.ts';
import { access, computerName, creationTime, imagePath, nativeArchitecture, withProcess } from './kernel32.ts';
import { netsh } from './netsh.ts';
import { commandLine, imagePathOf, processList } from './ntdll.ts';
import { registryTexts } from './registry.ts';
import { activeServices } from './services.ts';
import { signersInput, signersScript } from './signers-script.ts';
import { powershellCall, systemTool } from './system-tool.ts';

type Answer = Omit<RawEntry, 'at'>;

function told(ask: () => string): Told {
  try {
    return { value: ask() };
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    throw error;
  }
}

let privileged: boolean | undefined;

/** Opens a process to look at it; when that is denied, once more with the debug privilege, if this process may have it. */
function lookAt<T>(pid: number, look: (handle: bigint) => T): T {
  try {
    return withProcess(pid, access.queryLimited, look);
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.code !== 'AccessDenied' || privileged !== undefined) throw error;
    privileged = enableDebugPrivilege();
    if (!privileged) throw error;
    return withProcess(pid, access.queryLimited, look);
  }
}

function processDetails(pid: number, hint: RawHint): ProcessDetails {
  const details = (handle: bigint): ProcessDetails => ({
    created: told(() => String(creationTime(handle))),
    path: told(() => imagePath(handle)),
    user: told(() => processAccount(handle)),
    commandLine: hint.commandLine === true ? told(() => commandLine(pid, handle)) : null,
  });
  try {
    return lookAt(pid, details);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { refusal } = error;
    // The path is told to everybody, by another way.
    const path = refusal.code === 'AccessDenied' ? told(() => imagePathOf(pid)) : { refusal };
    return {
      created: { refusal },
      path,
      user: { refusal },
      commandLine: hint.commandLine === true ? { refusal } : null,
    };
  }
}

function machineDetails(): MachineDetails {
  return {
    name: told(computerName),
    release: { value: release() },
    architecture: told(nativeArchitecture),
    elevated: told(() => String(elevated())),
  };
}

function fileHash(path: string): string {
  try {
    return sha256(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Refused(
      code === 'EPERM' || code === 'EACCES' ? 'AccessDenied' : code === 'ENOENT' ? 'Gone' : 'Failed',
      code === 'ENOENT' ? 'there is no such file' : message,
    );
  }
}

function wantedSockets({ states }: RawHint): 'listeners' | 'all' {
  return states?.every((state) => state === tcpState.listen) === true ? 'listeners' : 'all';
}

/** What netsh is asked; the stored exclusions are those that come back after a restart. */
const portQuestions = {
  dynamicports: (protocol: string) => ['dynamicportrange', protocol],
  excludedports: (protocol: string) => ['excludedportrange', protocol],
  persistentports: (protocol: string) => ['excludedportrange', protocol, 'persistent'],
} as const;

const portProxyKey = 'SYSTEM\\CurrentControlSet\\Services\\PortProxy';

const tables: readonly string[] = ['tcp4', 'tcp6', 'udp4', 'udp6'] satisfies SocketTable[];

function answer(name: string, hint: RawHint, command: readonly string[] | null): Answer {
  if (tables.includes(name)) return { bytes: socketTable(name as SocketTable, wantedSockets(hint)) };
  if (isAskedApart(name)) return askApart(name, command);
  const pid = /^process\/(\d{1,9})$/.exec(name)?.[1];
  if (pid !== undefined) return { text: JSON.stringify(processDetails(Number(pid), hint)) };
  const binary = parseBinaryName(name);
  if (binary !== null) return { text: fileHash(binary.path) };
  const [, kind, family, protocol] =
    /^(dynamicports|excludedports|persistentports)\/(ipv4|ipv6)\/(tcp|udp)$/.exec(name) ?? [];
  if (kind !== undefined && family !== undefined && protocol !== undefined) {
    return netsh('interface', family, 'show', ...portQuestions[kind as keyof typeof portQuestions](protocol));
  }
  switch (name) {
    case 'machine':
      return { text: JSON.stringify(machineDetails()) };
    case 'processes': {
      const { bytes, base } = processList();
      return { bytes, meta: { base } };
    }
    case 'services':
    case 'drivers': {
      const { bytes, pages } = activeServices(name);
      return { bytes, meta: { pages } };
    }
    case 'httpsys':
      return netsh('http', 'show', 'servicestate', 'view=requestq', 'verbose=yes');
    case 'urlacl': {
      const { bytes, pages } = urlReservations();
      return { bytes, meta: { pages } };
    }
    case 'firewall':
      return { text: JSON.stringify(firewallPolicy()) };
    case 'signers':
      return { text: systemTool(powershellCall('Windows PowerShell', signersScript, signersInput(hint.paths ?? []))) };
    case 'iplisten':
      return { bytes: ipListenList() };
    case 'portproxy':
      return {
        text: JSON.stringify(
          Object.fromEntries(portProxyTables.map((table) => [table, registryTexts(`${portProxyKey}\\${table}\\tcp`)])),
        ),
      };
    default:
      throw new Refused('NotSupported', `Windows has no source ${name}`);
  }
}

/**
 * This Windows machine, live. What it answers to:
 *
 * | name | what | meta |
 * |---|---|---|
 * | `machine` | JSON text: `MachineDetails` | |
 * | `tcp4`, `tcp6` | bytes: MIB_TCPTABLE_OWNER_MODULE, MIB_TCP6TABLE_OWNER_MODULE; only listeners when `hint.states` has no other | |
 * | `udp4`, `udp6` | bytes: MIB_UDPTABLE_OWNER_MODULE, MIB_UDP6TABLE_OWNER_MODULE | |
 * | `processes` | bytes: SYSTEM_PROCESS_INFORMATION | `base`: the address they were read at, in hex |
 * | `process/PID` | JSON text: `ProcessDetails`; the command line only with `hint.commandLine` | |
 * | `services`, `drivers` | bytes: ENUM_SERVICE_STATUS_PROCESSW of those that are not stopped | `pages`: see decodeServices |
 * | `httpsys` | bytes: the request queues of HTTP.sys, as netsh printed them | `codePage` |
 * | `urlacl` | bytes: HTTP_SERVICE_CONFIG_URLACL_SET, one after another | `pages`: see decodeUrlReservations |
 * | `iplisten` | bytes: HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY | |
 * | `firewall` | JSON text: the policy of this machine and that of group policy, see decodeWindowsFirewall | |
 * | `portproxy` | JSON text: for each of the four tables its registry values as [name, text] | |
 * | `dynamicports/ipv4/tcp` … `dynamicports/ipv6/udp` | bytes: what netsh printed | `codePage` |
 * | `excludedports/…`, `persistentports/…`, the same four each | bytes: what netsh printed | `codePage` |
 * | `bound4`, `bound6` | bytes: MIB_TCPTABLE2, MIB_TCP6TABLE2 of bound sockets, by a child process | |
 * | `servicetags` | JSON text: `Told` by `PID:TAG`, see decodeServiceTags; by a child process | |
 * | `guestports` | bytes: HCN_PORT_RANGE_ENTRY, one after another, by a child process | |
 * | `sha256/PID/PATH` | text: the SHA-256 of the executable, in hex | |
 * | `signers` | text: who signed the files of `hint.paths`, see decodeSigners; by Windows PowerShell | |
 *
 * `command` starts this program once more, for the child process.
 * Reading a process that another user owns turns on SeDebugPrivilege for this process, where it is held.
 */
export function windowsSource(command = ownCommand()): RawSource {
  return {
    platform: 'win32',
    read(name, hint = {}) {
      const at = new Date().toISOString();
      try {
        return { at, ...answer(name, hint, command) };
      } catch (error) {
        if (error instanceof Refused) return { at, refusal: error.refusal };
        throw error;
      }
    },
  };
}
