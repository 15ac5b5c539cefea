/** Parses what the system's own tools report about sockets, regardless of the system's language. */
import { comparableHost, withoutScope } from '../ports/address.ts';

/** A socket as listed by a tool. */
export interface ToolSocket {
  readonly protocol: 'TCP' | 'UDP';
  readonly local: string;
  /** Null for UDP and listeners. */
  readonly remote: string | null;
  /** A name from Get-NetTCPConnection; null if the tool does not report the state, or only in the system's language. */
  readonly state: string | null;
  /** Null if the tool does not report them. */
  readonly pids: readonly number[] | null;
}

/** An address without its scope and a port, in the form used for comparison. */
export function comparableEndpoint(address: string, port: string | number): string {
  return `${comparableHost(withoutScope(address.replace(/^\[|\]$/g, '')))}:${port}`;
}

/**
 * Normalizes `[::1]:80`, `127.0.0.53%lo:53`, or `*:80`; null for anything else. `*` is any address of either family.
 */
function splitEndpoint(text: string): string | null {
  const match = /^(.+):(\d{1,5}|\*)$/.exec(text);
  if (match === null) return null;
  return comparableEndpoint(match[1] === '*' ? '::' : match[1]!, match[2]!);
}

const ssStates: Readonly<Record<string, string>> = {
  LISTEN: 'Listen',
  ESTAB: 'Established',
  'SYN-SENT': 'SynSent',
  'SYN-RECV': 'SynReceived',
  'FIN-WAIT-1': 'FinWait1',
  'FIN-WAIT-2': 'FinWait2',
  'CLOSE-WAIT': 'CloseWait',
  CLOSING: 'Closing',
  'LAST-ACK': 'LastAck',
  'TIME-WAIT': 'TimeWait',
  UNCONN: 'Closed',
};

/** Parses `ss -H -tuanp`: network, state, two queues, local, remote, processes. */
export function parseSs(text: string): ToolSocket[] {
  const sockets: ToolSocket[] = [];
  // The name of a process can contain a line break: a line that does not start like a socket continues the previous
  // one.
  for (const line of text.split(/\n(?=(?:tcp|udp)\s+\S+\s+\d+\s+\d+\s)/)) {
    const match = /^(tcp|udp)\s+(\S+)\s+\d+\s+\d+\s+(\S+)\s+(\S+)\s*(.*)$/s.exec(line);
    if (match === null) continue;
    const [, network, state = '', local = '', remote = '', processes = ''] = match;
    const [here, there] = [splitEndpoint(local), splitEndpoint(remote)];
    if (here === null || there === null) continue;
    const protocol = network === 'tcp' ? 'TCP' : 'UDP';
    const listens = state === 'LISTEN';
    sockets.push({
      protocol,
      local: here,
      remote: protocol === 'UDP' || listens ? null : there,
      state: protocol === 'UDP' ? null : (ssStates[state] ?? state),
      pids: [...new Set([...processes.matchAll(/,pid=(\d+),fd=\d+/g)].map((pid) => Number(pid[1])))],
    });
  }
  return sockets;
}

/** Process 0 means no owner: netstat shows it for TIME_WAIT. */
const owners = (pid: number): readonly number[] => (pid === 0 ? [] : [pid]);

/** Parses `netstat -ano`, using only parts that do not depend on the language, which excludes the states. */
export function parseNetstat(text: string): ToolSocket[] {
  const sockets: ToolSocket[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    const [protocol = '', local = '', remote = ''] = words;
    const pid = /^\d+$/.test(words.at(-1) ?? '') ? Number(words.at(-1)) : null;
    const [here, there] = [splitEndpoint(local), splitEndpoint(remote)];
    if (!/^(TCP|UDP)$/.test(protocol) || pid === null || here === null || there === null || words.length < 4) continue;
    const listens = /:[0*]$/.test(there);
    sockets.push({
      protocol: protocol as 'TCP' | 'UDP',
      local: here,
      remote: protocol === 'UDP' || listens ? null : there,
      state: null,
      pids: owners(pid),
    });
  }
  return sockets;
}

/** The states of MSFT_NetTCPConnection; Bound is specific to Get-NetTCPConnection. */
const cimStates: Readonly<Record<string, string>> = {
  1: 'Closed',
  2: 'Listen',
  3: 'SynSent',
  4: 'SynReceived',
  5: 'Established',
  6: 'FinWait1',
  7: 'FinWait2',
  8: 'CloseWait',
  9: 'Closing',
  10: 'LastAck',
  11: 'TimeWait',
  12: 'DeleteTCB',
  100: 'Bound',
};

/** Parses lines of ConvertTo-Csv: of Get-NetTCPConnection with its state as a number, or of Get-NetUDPEndpoint. */
export function parseCim(protocol: 'TCP' | 'UDP', text: string): ToolSocket[] {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('"'))
    .map((line) => line.slice(1, -1).split('","'));
  const [head = [], ...body] = rows;
  const column = (name: string): number => head.indexOf(name);
  const [address, port, remoteAddress, remotePort, state, pid] = [
    'LocalAddress',
    'LocalPort',
    'RemoteAddress',
    'RemotePort',
    'State',
    'OwningProcess',
  ].map(column) as [number, number, number, number, number, number];
  return body
    .filter((row) => row.length === head.length && /^\d+$/.test(row[port] ?? ''))
    .map((row): ToolSocket => {
      const name = cimStates[row[state] ?? ''] ?? null;
      const connected = protocol === 'TCP' && name !== 'Listen' && name !== 'Bound';
      return {
        protocol,
        local: comparableEndpoint(row[address]!, row[port]!),
        remote: connected ? comparableEndpoint(row[remoteAddress]!, row[remotePort]!) : null,
        state: name,
        pids: owners(Number(row[pid])),
      };
    });
}
