import type { Socket } from '../model/facts.ts';
import { ipv4Text, ipv6Text } from '../../ports/address.ts';
import { filetimeAt, viewOf, type Decoded } from './windows-memory.ts';

export type SocketTable = 'tcp4' | 'tcp6' | 'udp4' | 'udp6';

/** A row of a socket table, unchanged. */
export interface SocketRow {
  readonly protocol: 'TCP' | 'UDP';
  readonly localAddress: string;
  readonly localPort: number;
  /** Empty, and the port is 0, if the table has no remote address; meaningless for listeners. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** MIB_TCP_STATE; 0 for UDP. */
  readonly state: number;
  /** 0 if Windows does not report it, for example for TIME_WAIT. */
  readonly pid: number;
  /** When the socket was bound. */
  readonly created: string | null;
  /** The tag of the owning service in a shared process; 0 if there is none. */
  readonly serviceTag: number;
}

interface Layout {
  readonly protocol: 'TCP' | 'UDP';
  readonly address: (bytes: Uint8Array, view: DataView, offset: number) => string;
  readonly size: number;
  readonly local: number;
  readonly localPort: number;
  readonly remote: number | null;
  readonly remotePort: number;
  readonly state: number | null;
  readonly pid: number;
  readonly created: number;
  readonly serviceTag: number;
}

const ipv4 = (bytes: Uint8Array, _view: DataView, offset: number) => ipv4Text(bytes, offset);
// Only link-local (fe80), site-local (fec0), and multicast (ff) addresses need a scope. The documentation says that the
// scope ID is in network byte order, but it is the interface index: .NET and System Informer treat it that way.
const ipv6 = (bytes: Uint8Array, view: DataView, offset: number) =>
  ipv6Text(bytes, offset, bytes[offset]! >= 0xfe ? view.getUint32(offset + 16, true) : 0);

/**
 * The rows of the four OWNER_MODULE tables, by C alignment on 64-bit Windows. Each ends with OwningModuleInfo[16],
 * whose first member is the service tag.
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcprow_owner_module
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcp6row_owner_module
 * https://learn.microsoft.com/windows/win32/api/udpmib/ns-udpmib-mib_udprow_owner_module
 * https://learn.microsoft.com/windows/win32/api/udpmib/ns-udpmib-mib_udp6row_owner_module
 */
export const layouts: Readonly<Record<SocketTable, Layout>> = {
  tcp4: {
    protocol: 'TCP',
    address: ipv4,
    size: 160,
    state: 0,
    local: 4,
    localPort: 8,
    remote: 12,
    remotePort: 16,
    pid: 20,
    created: 24,
    serviceTag: 32,
  },
  tcp6: {
    protocol: 'TCP',
    address: ipv6,
    size: 192,
    local: 0,
    localPort: 20,
    remote: 24,
    remotePort: 44,
    state: 48,
    pid: 52,
    created: 56,
    serviceTag: 64,
  },
  udp4: {
    protocol: 'UDP',
    address: ipv4,
    size: 160,
    state: null,
    local: 0,
    localPort: 4,
    remote: null,
    remotePort: 0,
    pid: 8,
    created: 16,
    serviceTag: 32,
  },
  udp6: {
    protocol: 'UDP',
    address: ipv6,
    size: 176,
    state: null,
    local: 0,
    localPort: 20,
    remote: null,
    remotePort: 0,
    pid: 24,
    created: 32,
    serviceTag: 48,
  },
};
const firstRow = 8;

/**
 * Returns the rows of a table that `keep` accepts, in table order. Ports are 1 to 65535; the state is MIB_TCP_STATE (0
 * for UDP).
 */
export function decodeSockets(
  table: SocketTable,
  bytes: Uint8Array,
  keep: (port: number, state: number) => boolean,
): Decoded<SocketRow[]> {
  const layout = layouts[table];
  const data: SocketRow[] = [];
  if (bytes.length < 4) return { data, flaw: `the ${table} table has no header` };
  const view = viewOf(bytes);
  const declared = view.getUint32(0, true);
  const present = Math.max(0, Math.floor((bytes.length - firstRow) / layout.size));
  for (let i = 0; i < Math.min(declared, present); i++) {
    const row = firstRow + i * layout.size;
    // Network byte order in the low half; the high half is undefined.
    const localPort = view.getUint16(row + layout.localPort, false);
    const state = layout.state === null ? 0 : view.getUint32(row + layout.state, true);
    if (!keep(localPort, state)) continue;
    data.push({
      protocol: layout.protocol,
      localAddress: layout.address(bytes, view, row + layout.local),
      localPort,
      remoteAddress: layout.remote === null ? '' : layout.address(bytes, view, row + layout.remote),
      remotePort: layout.remote === null ? 0 : view.getUint16(row + layout.remotePort, false),
      state,
      pid: view.getUint32(row + layout.pid, true),
      created: filetimeAt(view, row + layout.created),
      serviceTag: view.getUint32(row + layout.serviceTag, true),
    });
  }
  return {
    data,
    flaw: declared > present ? `the ${table} table is cut off: it has ${present} of ${declared} rows` : null,
  };
}

/**
 * The rows of MIB_TCPTABLE2 and MIB_TCP6TABLE2, in which Windows reports TCP sockets that are bound but not listening.
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcprow2
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcp6row2
 */
export const boundLayouts = {
  bound4: { size: 28, address: ipv4, local: 4, port: 8, pid: 20 },
  bound6: { size: 56, address: ipv6, local: 0, port: 20, pid: 48 },
} as const;
export type BoundTable = keyof typeof boundLayouts;

/** Returns the rows of a table of bound sockets that `keep` accepts. */
export function decodeBoundSockets(
  table: BoundTable,
  bytes: Uint8Array,
  keep: (port: number) => boolean,
): Decoded<SocketRow[]> {
  const layout = boundLayouts[table];
  const data: SocketRow[] = [];
  if (bytes.length < 4) return { data, flaw: `the ${table} table has no header` };
  const view = viewOf(bytes);
  const declared = view.getUint32(0, true);
  const present = Math.floor((bytes.length - 4) / layout.size);
  for (let i = 0; i < Math.min(declared, present); i++) {
    const row = 4 + i * layout.size;
    const localPort = view.getUint16(row + layout.port, false);
    if (!keep(localPort)) continue;
    data.push({
      protocol: 'TCP',
      localAddress: layout.address(bytes, view, row + layout.local),
      localPort,
      remoteAddress: '',
      remotePort: 0,
      state: tcpState.bound,
      pid: view.getUint32(row + layout.pid, true),
      created: null,
      serviceTag: 0,
    });
  }
  return {
    data,
    flaw: declared > present ? `the ${table} table is cut off: it has ${present} of ${declared} rows` : null,
  };
}

/** MIB_TCP_STATE, with the names of Get-NetTCPConnection. */
const stateNames: Readonly<Record<number, Exclude<Socket['state'], null>>> = {
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
export const tcpState = { closed: 1, listen: 2, timeWait: 11, bound: 100 } as const;

/** Returns the name of a state; null for an unknown number. */
export function tcpStateName(state: number): Exclude<Socket['state'], null> | null {
  return stateNames[state] ?? null;
}
