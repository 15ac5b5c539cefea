import { noCounter, uint64 } from './socket-record.ts';
import { viewOf } from './windows-memory.ts';
import { layouts } from './windows-sockets.ts';
import { addressScope } from '../../ports/address.ts';

/** The statistics of one connection. */
export interface ConnectionCounters {
  readonly sent: number;
  readonly received: number;
  /** In microseconds. */
  readonly roundTrip: number;
  readonly retransmits: number;
  /** Why some are missing; null if none are. */
  readonly reason: string | null;
}

/**
 * A record of the child process: an error for each kind of statistics, the statistics themselves, and what it switched on.
 * https://learn.microsoft.com/windows/win32/api/tcpestats/ns-tcpestats-tcp_estats_data_rod_v0
 * https://learn.microsoft.com/windows/win32/api/tcpestats/ns-tcpestats-tcp_estats_path_rod_v0
 */
export const statisticsLayout = {
  dataError: 0,
  pathError: 4,
  data: 8,
  dataSize: 96,
  path: 104,
  pathSize: 160,
  own: 264,
  size: 268,
} as const;
const { dataError, pathError, data, path, own, size } = statisticsLayout;
/** In TCP_ESTATS_DATA_ROD_v0. DataBytesOut and DataBytesIn would count what was sent again, too. */
const [thruBytesAcked, thruBytesReceived] = [72, 88];
/** In TCP_ESTATS_PATH_ROD_v0; times are in milliseconds. */
const [packetsRetransmitted, smoothedRtt, countRtt] = [20, 108, 128];

/** The error of a connection whose statistics are not collected, although switching them on succeeded. */
export const notCollected = 0xffff_ffff;

/** Why Windows does not give the statistics of a connection. */
function errorText(error: number): string {
  switch (error) {
    case 5:
      return 'Windows gives statistics only to administrators (needs an elevated (administrator) session)';
    case 50:
    case 120:
    case 1168:
      return 'Windows has no statistics for this connection';
    case notCollected:
      return 'Windows does not collect statistics for this connection';
    default:
      return `Windows reported error ${error} for the statistics of this connection`;
  }
}

/** Decodes the record of a connection. Where there is an error, the rest is random. */
export function decodeStatistics(bytes: Uint8Array, index: number): ConnectionCounters | null {
  const at = index * size;
  if (at + size > bytes.length) return null;
  const view = viewOf(bytes);
  const errors = [view.getUint32(at + dataError, true), view.getUint32(at + pathError, true)] as const;
  const [hasData, hasPath] = [errors[0] === 0, errors[1] === 0];
  const hasRtt = hasPath && view.getUint32(at + path + countRtt, true) > 0;
  const error = errors.find((one) => one !== 0);
  return {
    sent: hasData ? uint64(view, at + data + thruBytesAcked) : noCounter,
    received: hasData ? uint64(view, at + data + thruBytesReceived) : noCounter,
    roundTrip: hasRtt ? view.getUint32(at + path + smoothedRtt, true) * 1000 : noCounter,
    retransmits: hasPath ? view.getUint32(at + path + packetsRetransmitted, true) : noCounter,
    reason: error === undefined ? null : errorText(error),
  };
}

/** Which kinds of statistics the child process has switched on for the connection of a record, as bits; 0 for none. */
export function switchedOn(bytes: Uint8Array, index: number): number {
  const at = index * size + own;
  return at + 4 > bytes.length ? 0 : viewOf(bytes).getUint32(at, true);
}

/** Whether a row of a table of TCP sockets is a connection of this machine with itself, by its local address. */
export function isLoopbackRow(table: 'tcp4' | 'tcp6', row: Uint8Array): boolean {
  const { address, local } = layouts[table];
  return addressScope(address(row, viewOf(row), local)) === 'Loopback';
}

/**
 * The key of a connection for its statistics, MIB_TCPROW or MIB_TCP6ROW, from its row with an owner.
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcprow_lh
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcp6row
 */
export function connectionRow(table: 'tcp4' | 'tcp6', row: Uint8Array): Uint8Array {
  if (table === 'tcp4') return row.slice(0, 20);
  const key = new Uint8Array(52);
  key.set(row.subarray(48, 52), 0);
  key.set(row.subarray(0, 48), 4);
  return key;
}
