import { release } from 'node:os';
import { errorCode, messageOf } from '../../io/errors.ts';
import { parseBinaryName } from '../../facts/gather/binaries.ts';
import type { MachineDetails } from '../../facts/decode/windows-machine.ts';
import type { ProcessDetails } from '../../facts/decode/windows-processes.ts';
import { tcpState, type SocketTable } from '../../facts/decode/windows-sockets.ts';
import { portProxyTables } from '../../facts/decode/windows-portproxy.ts';
import type { Told } from '../../facts/decode/windows-told.ts';
import type { SourceName } from '../../facts/sources.ts';
import type { RawEntry, RawHint, RawSource } from '../../system/raw.ts';
import { interfaceAddresses } from '../addresses.ts';
import { sha256 } from '../hash.ts';
import { engineEntry, hasToBeAsked, waitedFor } from '../waited-for.ts';
import { accountName, elevated, enableDebugPrivilege, processAccount, realSid } from './advapi32.ts';
import { askApart, ownCommand } from './apart.ts';
import { Refused } from './errors.ts';
import { firewallPolicy } from './firewall.ts';
import { ipListenList, urlReservations } from './httpapi.ts';
import { socketTable } from './iphlpapi.ts';
import { access, computerName, creationTime, imagePath, nativeArchitecture, withProcess } from './kernel32.ts';
import { netsh } from './netsh.ts';
import { commandLine, imagePathOf, processList, workingDirectory } from './ntdll.ts';
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

/** Opens a process to inspect it; if access is denied, retries with the debug privilege, if this process holds it. */
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

/** Whether an account is one that Windows creates for elevated programs, by its name. */
const isForElevation = (account: string): boolean => /(?:^|\\)ADMIN_/i.test(account);

function realUser(handle: bigint): Told | null {
  const account = told(() => {
    const sid = realSid(handle);
    return sid === null ? '' : accountName(sid);
  });
  return 'value' in account && account.value === '' ? null : account;
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('\\') + 1);

function wantsCommandLine({ commandLine: asked, commandLineOf }: RawHint, path: Told): boolean {
  if (asked === true || commandLineOf === undefined || !('value' in path)) return asked === true;
  return commandLineOf(fileName(path.value));
}

/**
 * The working directory of a process; empty for Windows components, which work in Windows folders, and whose memory is
 * not read because security software takes this for an attack, such as on lsass.exe.
 */
function directoryOf(pid: number, { commandLineOf }: RawHint, path: Told): Told {
  const ofWindows =
    'value' in path && /^[a-z]:\\Windows\\/i.test(path.value) && commandLineOf?.(fileName(path.value)) !== true;
  return ofWindows ? { value: '' } : told(() => workingDirectory(pid));
}

function processDetails(pid: number, hint: RawHint): ProcessDetails {
  const details = (handle: bigint): ProcessDetails => {
    const path = told(() => imagePath(handle));
    const user = told(() => processAccount(handle));
    return {
      created: told(() => String(creationTime(handle))),
      path,
      user,
      realUser: 'value' in user && isForElevation(user.value) ? realUser(handle) : null,
      commandLine: wantsCommandLine(hint, path) ? told(() => commandLine(pid, handle)) : null,
      ...(hint.workingDirectory === true ? { workingDirectory: directoryOf(pid, hint, path) } : {}),
    };
  };
  try {
    return lookAt(pid, details);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { refusal } = error;
    // Every user can read the path in another way.
    const path = refusal.code === 'AccessDenied' ? told(() => imagePathOf(pid)) : { refusal };
    return {
      created: { refusal },
      path,
      user: { refusal },
      realUser: null,
      commandLine: wantsCommandLine(hint, path) ? { refusal } : null,
      ...(hint.workingDirectory === true ? { workingDirectory: { refusal } } : {}),
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
    const code = errorCode(error);
    throw new Refused(
      code === 'EPERM' || code === 'EACCES' ? 'AccessDenied' : code === 'ENOENT' ? 'Gone' : 'Failed',
      code === 'ENOENT' ? 'the file does not exist' : messageOf(error),
    );
  }
}

function wantedSockets({ states }: RawHint): 'listeners' | 'all' {
  return states?.every((state) => state === tcpState.listen) === true ? 'listeners' : 'all';
}

/** The netsh queries; stored exclusions are those that persist across restarts. */
const portQuestions = {
  dynamicports: (protocol: string) => ['dynamicportrange', protocol],
  excludedports: (protocol: string) => ['excludedportrange', protocol],
  persistentports: (protocol: string) => ['excludedportrange', protocol, 'persistent'],
} as const;

const portProxyKey = 'SYSTEM\\CurrentControlSet\\Services\\PortProxy';

/** Queries netsh for the ports of an address family and a protocol: `ipv4/tcp`. */
function askPorts(kind: keyof typeof portQuestions, rest: string | null): Answer | null {
  const [, family, protocol] = /^(ipv4|ipv6)\/(tcp|udp)$/.exec(rest ?? '') ?? [];
  if (family === undefined || protocol === undefined) return null;
  return netsh('interface', family, 'show', ...portQuestions[kind](protocol));
}

function services(name: 'services' | 'drivers'): Answer {
  const { bytes, pages } = activeServices(name);
  return { bytes, meta: { pages } };
}

const sockets = (table: SocketTable, hint: RawHint): Answer => ({ bytes: socketTable(table, wantedSockets(hint)) });

const portProxies = (): Answer => ({
  text: JSON.stringify(
    Object.fromEntries(portProxyTables.map((table) => [table, registryTexts(`${portProxyKey}\\${table}\\tcp`)])),
  ),
});

/** A query, with the command that starts this program again. */
interface Asked {
  readonly rest: string | null;
  readonly hint: RawHint;
  readonly command: readonly string[] | null;
}

/** Answers by the first part of an entry's name; null if the rest of the name is invalid. */
const withRest = {
  process: ({ rest, hint }) =>
    rest !== null && /^\d{1,9}$/.test(rest) ? { text: JSON.stringify(processDetails(Number(rest), hint)) } : null,
  sha256({ rest }) {
    const binary = parseBinaryName(`sha256/${rest}`);
    return binary === null ? null : { text: fileHash(binary.path) };
  },
  dynamicports: ({ rest }) => askPorts('dynamicports', rest),
  excludedports: ({ rest }) => askPorts('excludedports', rest),
  persistentports: ({ rest }) => askPorts('persistentports', rest),
  engine: ({ rest }) => {
    const [found, , user] = engineEntry.exec(rest ?? '') ?? [];
    return found !== undefined && user === undefined ? hasToBeAsked : null;
  },
} satisfies Partial<Record<SourceName<'win32'>, (asked: Asked) => Answer | null>>;

/** Answers by the whole name. */
const whole: Readonly<Record<Exclude<SourceName<'win32'>, keyof typeof withRest>, (asked: Asked) => Answer>> = {
  machine: () => ({ text: JSON.stringify(machineDetails()) }),
  addresses: () => ({ text: JSON.stringify(interfaceAddresses()) }),
  tcp4: ({ hint }) => sockets('tcp4', hint),
  tcp6: ({ hint }) => sockets('tcp6', hint),
  udp4: ({ hint }) => sockets('udp4', hint),
  udp6: ({ hint }) => sockets('udp6', hint),
  bound4: ({ command }) => askApart('bound4', command),
  bound6: ({ command }) => askApart('bound6', command),
  servicetags: ({ command }) => askApart('servicetags', command),
  guestports: ({ command }) => askApart('guestports', command),
  processes() {
    const { bytes, base } = processList();
    return { bytes, meta: { base } };
  },
  services: () => services('services'),
  drivers: () => services('drivers'),
  httpsys: () => netsh('http', 'show', 'servicestate', 'view=requestq', 'verbose=yes'),
  urlacl() {
    const { bytes, pages } = urlReservations();
    return { bytes, meta: { pages } };
  },
  iplisten: () => ({ bytes: ipListenList() }),
  portproxy: portProxies,
  firewall: () => ({ text: JSON.stringify(firewallPolicy()) }),
  signers: ({ hint }) => ({
    text: systemTool(powershellCall('Windows PowerShell', signersScript, signersInput(hint.paths ?? []))),
  }),
};

export const answers: Readonly<Record<SourceName<'win32'>, (asked: Asked) => Answer | null>> = {
  ...whole,
  ...withRest,
};

function answer(name: string, hint: RawHint, command: readonly string[] | null): Answer {
  const slash = name.indexOf('/');
  const [first, rest] = slash < 0 ? [name, null] : [name.slice(0, slash), name.slice(slash + 1)];
  const known = Object.hasOwn(answers, first) && (rest === null || Object.hasOwn(withRest, first));
  const found = known ? answers[first as SourceName<'win32'>]({ rest, hint, command }) : null;
  if (found === null) throw new Refused('NotSupported', `Windows has no source ${name}`);
  return found;
}

/**
 * This Windows machine as a source of raw entries, which src/facts/sources.ts describes.
 *
 * `command` starts this program again, for the child process.
 * Reading a process of another user enables SeDebugPrivilege for this process, if it is held.
 */
export function windowsSource(command = ownCommand()): RawSource {
  const read = (name: string, hint: RawHint = {}): RawEntry => {
    const at = new Date().toISOString();
    try {
      return { at, ...answer(name, hint, command) };
    } catch (error) {
      if (error instanceof Refused) return { at, refusal: error.refusal };
      throw error;
    }
  };
  return {
    platform: 'win32',
    read,
    ask: (name) => waitedFor(name, read, async (_first, engine) => (await import('./engines.ts')).containers(engine)),
  };
}
