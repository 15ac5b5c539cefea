import { canonicalAddress } from '../../../ports/address.ts';
import { moreRights, type RawEntry, type RawEnvelope, type Refusal } from '../../../system/raw.ts';
import { profileKeys, type WindowsFirewall } from '../../decode/windows-firewall.ts';
import type { MachineDetails } from '../../decode/windows-machine.ts';
import { portProxyTables } from '../../decode/windows-portproxy.ts';
import type { ProcessDetails } from '../../decode/windows-processes.ts';
import type { Told } from '../../decode/windows-told.ts';
import { csvRows } from './csv.ts';
import { nothing, textEntry, unasked, type Part, type Parts } from './text.ts';
import {
  listenTable,
  processTable,
  serviceTable,
  socketTables,
  urlTable,
  type CollectedProcess,
  type CollectedService,
  type CollectedSocket,
} from './windows-tables.ts';

/** Node's names of architectures. */
const architectures: Readonly<Record<string, string>> = { AMD64: 'x64', ARM64: 'arm64', x86: 'ia32' };

/** Parses a decimal number up to `most`; null if invalid. */
function numberOf(text: string | undefined, most = 0xffff_ffff): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : null;
}

const instantOf = (text: string | undefined): bigint =>
  text !== undefined && /^\d{1,18}$/.test(text) ? BigInt(text) : 0n;

const rowsOf = (part: Part | undefined): string[][] => (part === undefined ? [] : csvRows(part.lines));

/** Returns the refusal of a section: `unasked` if the section is missing, null if it has data. */
const refusalOf = (part: Part | undefined): Refusal | null => (part === undefined ? unasked : part.refusal);

/** Sockets, with null for each line that cannot be read. */
type ReadSockets = readonly (CollectedSocket | null)[];

const withText = (row: readonly string[]): boolean => row.some((text) => text !== '');

function tcpSockets(part: Part | undefined): ReadSockets {
  return rowsOf(part)
    .filter(withText)
    .map((row) => {
      const [localAddress = '', local, remoteAddress = '', remote, stateText, process, time] = row;
      const [localPort, remotePort] = [numberOf(local, 0xffff), numberOf(remote || '0', 0xffff)];
      const [state, pid] = [numberOf(stateText), numberOf(process)];
      if (localPort === null || remotePort === null || state === null || pid === null) return null;
      const created = instantOf(time);
      return { protocol: 'TCP', localAddress, localPort, remoteAddress, remotePort, state, pid, created };
    });
}

function udpSockets(part: Part | undefined): ReadSockets {
  return rowsOf(part)
    .filter(withText)
    .map(([localAddress = '', local, process, time]) => {
      const [localPort, pid] = [numberOf(local, 0xffff), numberOf(process)];
      if (localPort === null || pid === null) return null;
      const created = instantOf(time);
      return { protocol: 'UDP', localAddress, localPort, remoteAddress: '', remotePort: 0, state: 0, pid, created };
    });
}

/** The state names of netstat in English. */
const netstatStates: Readonly<Record<string, number>> = {
  CLOSED: 1,
  LISTENING: 2,
  SYN_SENT: 3,
  SYN_RECEIVED: 4,
  ESTABLISHED: 5,
  FIN_WAIT_1: 6,
  FIN_WAIT_2: 7,
  CLOSE_WAIT: 8,
  CLOSING: 9,
  LAST_ACK: 10,
  TIME_WAIT: 11,
  DELETE_TCB: 12,
  BOUND: 100,
};
/** A netstat state in another language; Windows does not use this number. */
const unnamedState = 255;

/** Parses `[fe80::1%4]:80`, `0.0.0.0:445`, `*:*`. */
function netstatEnd(text: string): { address: string; port: number } | null {
  const match = /^\[?([0-9a-f.:%]+?)\]?:(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  return match === null || port > 0xffff ? null : { address: match[1]!, port };
}

/**
 * Parses the output of `netstat -ano` in any language: a listening socket has no remote end, whatever its state is
 * called.
 */
function netstatSockets(part: Part | undefined, wanted: 'TCP' | 'UDP'): ReadSockets {
  return (part ?? nothing).lines.flatMap((line): ReadSockets => {
    const fields = line.trim().split(/\s+/);
    const [protocol, localText = '', remoteText = ''] = fields;
    const [local, pid] = [netstatEnd(localText), numberOf(fields.at(-1))];
    if (protocol !== wanted) return [];
    if (local === null || pid === null) return [null];
    const remote = netstatEnd(remoteText);
    const common = { localAddress: local.address, localPort: local.port, pid, created: 0n };
    if (protocol === 'UDP') return [{ protocol, ...common, remoteAddress: '', remotePort: 0, state: 0 }];
    const word = fields.slice(3, -1).join(' ').toUpperCase();
    const named = Object.hasOwn(netstatStates, word) ? netstatStates[word]! : unnamedState;
    const isOpen = remote === null || remote.port === 0;
    const state = named === unnamedState && isOpen ? 2 : named === unnamedState && pid === 0 ? 11 : named;
    return [{ protocol, ...common, remoteAddress: remote?.address ?? '', remotePort: remote?.port ?? 0, state }];
  });
}

function socketEntries(parts: Parts, at: string): [string, RawEntry][] {
  const [tcp, udp, netstat] = [parts.get('cim/tcp'), parts.get('cim/udp'), parts.get('netstat')];
  const other = { TCP: netstatSockets(netstat, 'TCP'), UDP: netstatSockets(netstat, 'UDP') };
  const refusals = { TCP: refusalOf(tcp), UDP: refusalOf(udp) };
  const byNetstat = netstat !== undefined && netstat.refusal === null && other.TCP.length + other.UDP.length > 0;
  const sockets = {
    TCP: refusals.TCP === null ? tcpSockets(tcp) : other.TCP,
    UDP: refusals.UDP === null ? udpSockets(udp) : other.UDP,
  };
  return [...socketTables(sockets)].map(([name, bytes]): [string, RawEntry] => {
    const refusal = refusals[name.startsWith('udp') ? 'UDP' : 'TCP'];
    return [name, refusal === null || byNetstat ? { at, bytes } : { at, refusal }];
  });
}

/** A process from CIM, or else from Get-Process, which hides other users' paths and times from an ordinary user. */
interface ProcessRow extends CollectedProcess {
  readonly path: string;
  readonly commandLine: string;
}

function processRows(parts: Parts): ProcessRow[] {
  const part = parts.get('cim/processes');
  if (refusalOf(part) === null)
    return rowsOf(part).flatMap(([process, parent, name = '', path = '', created, commandLine = '']) => {
      const pid = numberOf(process);
      if (pid === null) return [];
      return [{ pid, parent: numberOf(parent) ?? 0, name, path, created: instantOf(created), commandLine }];
    });
  return rowsOf(parts.get('processes')).flatMap(([process, name = '', path = '', created]) => {
    const pid = numberOf(process);
    // Get-Process strips the .exe extension of every Windows program.
    const file = pid !== null && pid > 4 && !/\.[a-z]{3}$/i.test(name) ? `${name}.exe` : name;
    return pid === null ? [] : [{ pid, parent: 0, name: file, path, created: instantOf(created), commandLine: '' }];
  });
}

/** Returns why a detail that only CIM provides is missing. */
function withoutCim({ code, text }: Refusal): Refusal {
  const why = { code: 'Failed', text: `the collector was refused Win32_Process: ${text}` } as const;
  return code === 'AccessDenied' ? { ...why, needs: moreRights.win32 } : why;
}

function processEntries(parts: Parts, at: string): [string, RawEntry][] {
  const rows = processRows(parts);
  const refusal = refusalOf(parts.get('cim/processes'));
  if (rows.length === 0)
    return [['processes', { at, refusal: refusal ?? { code: 'Failed', text: 'it contains no processes' } }]];
  const accounts = parts.get('accounts');
  const users = new Map(rowsOf(accounts).map(([pid = '', user = '']) => [pid, user]));
  const denied: Refusal = { code: 'AccessDenied', text: 'access is denied' };
  const told = (value: string, otherwise: Refusal): Told => (value === '' ? { refusal: otherwise } : { value });
  // If CIM failed, Windows did not refuse this one detail: CIM refused all of them.
  const missing: Refusal = refusal === null ? denied : withoutCim(refusal);
  // If no process has a command line, command lines were not requested.
  const withLines = rows.some(({ commandLine }) => commandLine !== '');
  return [
    ['processes', { at, ...processTable(rows) }],
    ...rows.map(({ pid, created, path, commandLine }): [string, RawEntry] => {
      const details: ProcessDetails = {
        created: created === 0n ? { refusal: denied } : { value: String(created) },
        path: told(path, missing),
        user: told(
          users.get(String(pid)) ?? '',
          accounts?.refusal == null ? denied : { ...accounts.refusal, needs: moreRights.win32 },
        ),
        realUser: null,
        commandLine: withLines ? told(commandLine, missing) : null,
      };
      return [`process/${pid}`, { at, text: JSON.stringify(details) }];
    }),
  ];
}

const serviceStates: Readonly<Record<string, number>> = {
  Stopped: 1,
  'Start Pending': 2,
  'Stop Pending': 3,
  Running: 4,
  'Continue Pending': 5,
  'Pause Pending': 6,
  Paused: 7,
};

function serviceEntry(part: Part | undefined, at: string): RawEntry {
  const refusal = refusalOf(part);
  if (refusal !== null) return { at, refusal };
  const services = rowsOf(part).flatMap(
    ([name = '', displayName = '', process, state = '', type = '']): CollectedService[] => {
      const pid = numberOf(process);
      const number = Object.hasOwn(serviceStates, state) ? serviceStates[state]! : 0;
      if (pid === null || name === '' || state === 'Stopped') return [];
      return [{ name, displayName, pid, state: number, shared: /share/i.test(type) }];
    },
  );
  return { at, ...serviceTable(services) };
}

function netshEntry(part: Part | undefined, at: string): RawEntry {
  const refusal = refusalOf(part);
  return refusal === null
    ? { at, bytes: Buffer.from(part!.lines.map((line) => `${line}\r\n`).join('')), meta: { codePage: 65001 } }
    : { at, refusal };
}

/** Parses `netsh http show urlacl` in any language: a URL follows a colon, and its descriptor follows SDDL. */
function urlEntry(part: Part | undefined, at: string): RawEntry {
  const refusal = refusalOf(part);
  if (refusal !== null) return { at, refusal };
  const urls: [string, string][] = [];
  for (const line of part!.lines) {
    const start = line.search(/[:\uff1a]\s*https?:\/\/\S/i);
    const url = start < 0 ? undefined : /^[:\uff1a]\s*(\S+)$/.exec(line.slice(start).trimEnd())?.[1];
    if (url !== undefined) urls.push([url, '']);
    const sddl = /^\s*SDDL\s*[:\uff1a]\s*(\S+)\s*$/.exec(line)?.[1];
    const last = urls.at(-1);
    if (sddl !== undefined && last !== undefined) last[1] = sddl;
  }
  return { at, ...urlTable(urls) };
}

function listenEntry(part: Part | undefined, at: string): RawEntry {
  const refusal = refusalOf(part);
  return refusal === null
    ? { at, ...listenTable(part!.lines.map((line) => line.trim()).filter((line) => canonicalAddress(line) !== null)) }
    : { at, refusal };
}

function portProxies(lines: readonly string[]): string {
  const rows = csvRows(lines);
  return JSON.stringify(
    Object.fromEntries(
      portProxyTables.map((table) => [
        table,
        rows.filter(([own]) => own === table).map(([, name, text]) => [name, text]),
      ]),
    ),
  );
}

function firewall(lines: readonly string[]): string {
  const rows = csvRows(lines);
  const numbers = (kind: string, key: string): [string, number][] =>
    rows.flatMap(([own, part, name = '', value]) => {
      const number = own === kind && part === key ? numberOf(value) : null;
      return number === null ? [] : [[name, number]];
    });
  const policy = (kind: string) => ({
    rules: rows
      .filter(([own, part]) => own === kind && part === 'FirewallRules')
      .map(([, , name = '', rule = '']): [string, string] => [name, rule]),
    profiles: Object.fromEntries(
      Object.values(profileKeys).map((key) => [
        key,
        Object.fromEntries([
          ...numbers(kind, key),
          // Group policy has used this name for the private profile since Windows 7.
          ...(kind === 'group' && key === profileKeys.Private ? numbers(kind, 'PrivateProfile') : []),
        ]),
      ]),
    ),
  });
  const told: WindowsFirewall = { local: policy('local'), group: policy('group') };
  return JSON.stringify(told);
}

function addresses(lines: readonly string[]): string {
  return JSON.stringify(
    csvRows(lines).flatMap(([text = '', name = '']) => {
      const address = canonicalAddress(text);
      return address === null ? [] : [{ address, interface: name }];
    }),
  );
}

/**
 * Returns the refusal for guest ports. Without the Host Network Service, which Hyper-V and containers install, no ports
 * are reserved for guests.
 */
function guestPortsRefusal(services: Part | undefined): Refusal {
  const names = rowsOf(services).map(([name]) => name?.toLowerCase());
  return refusalOf(services) === null && names.length > 0 && !names.includes('hns')
    ? { code: 'NotSupported', text: 'there is no host network service' }
    : { code: 'Failed', text: 'a collector cannot ask which ports are reserved for virtual machines' };
}

function machineText(machine: ReadonlyMap<string, string>): string {
  const told = (name: string): Told => {
    const value = machine.get(name);
    return value === undefined || value === '' ? { refusal: unasked } : { value };
  };
  const architecture = machine.get('architecture') ?? '';
  const details: MachineDetails = {
    name: told('name'),
    release: told('release'),
    architecture: { value: architectures[architecture] ?? architecture.toLowerCase() },
    elevated: told('elevated'),
  };
  return JSON.stringify(details);
}

/** Converts the output of a collector on Windows to the entries of src/facts/sources.ts. */
export function windowsEnvelope(parts: Parts, machine: ReadonlyMap<string, string>, at: string): RawEnvelope {
  const entries = new Map<string, RawEntry>([
    ['machine', { at, text: machineText(machine) }],
    ...socketEntries(parts, at),
    ...processEntries(parts, at),
    ['services', serviceEntry(parts.get('cim/services'), at)],
    ['drivers', serviceEntry(parts.get('cim/drivers'), at)],
    ['httpsys', netshEntry(parts.get('httpsys'), at)],
    ['urlacl', urlEntry(parts.get('urlacl'), at)],
    ['iplisten', listenEntry(parts.get('iplisten'), at)],
    ['portproxy', textEntry(at, parts.get('portproxy'), portProxies)],
    ['firewall', textEntry(at, parts.get('firewall'), firewall)],
    ['addresses', textEntry(at, parts.get('addresses'), addresses)],
    // No cmdlet or tool provides them.
    ['servicetags', { at, refusal: { code: 'NotSupported', text: 'a collector cannot query that' } }],
    ['guestports', { at, refusal: guestPortsRefusal(parts.get('cim/services')) }],
  ]);
  for (const kind of ['dynamicports', 'excludedports', 'persistentports'])
    for (const family of ['ipv4', 'ipv6'])
      for (const protocol of ['tcp', 'udp']) {
        const name = `${kind}/${family}/${protocol}`;
        entries.set(name, netshEntry(parts.get(name), at));
      }
  return { platform: 'win32', entries };
}
