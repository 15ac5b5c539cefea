import { noCounter, uint64, type SocketRecord } from './socket-record.ts';
import { holdingStates, LISTEN } from './linux-tables.ts';
import { diagHeader, diagMessage, NLMSG_DONE, padded, visitDiag } from './sock-diag.ts';
import type { Decoded } from './windows-memory.ts';

const INET_DIAG_INFO = 2;
const INET_DIAG_SKMEMINFO = 7;
/** SK_MEMINFO_DROPS (linux/sock_diag.h), the ninth number. */
const dropsAt = 32;
/** struct tcp_info (linux/tcp.h): its older versions are shorter. */
export const tcpInfo = { rtt: 68, totalRetrans: 100, bytesAcked: 120, bytesReceived: 128 } as const;

/** Whether a TCP socket has no connection, whose counters would all be 0. */
const isIdle = (state: number): boolean => holdingStates.TCP.includes(state);

/** The cookie of a socket. Beyond 2^53, which no kernel reaches by counting, it is a text. */
export function cookie(view: DataView, offset: number): number | string {
  const high = view.getUint32(offset + 4, true);
  return high < 0x20_0000
    ? high * 0x1_0000_0000 + view.getUint32(offset, true)
    : view.getBigUint64(offset, true).toString();
}

/** Where the attribute of this type has its value: start and length; length 0 if there is none. */
const found = { start: 0, length: 0 };
export function findAttribute(view: DataView, from: number, end: number, type: number): typeof found {
  found.length = 0;
  for (let at = from; at + 4 <= end;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) break;
    if (view.getUint16(at + 2, true) === type) {
      found.start = at + 4;
      found.length = length - 4;
      break;
    }
    at += (length + 3) & ~3;
  }
  return found;
}

/** A number that depends on both ports and addresses of a message. */
function endsHash(view: DataView, at: number): number {
  let hash = 0;
  for (let offset = at + 4; offset < at + 40; offset += 4)
    hash = (Math.imul(hash, 31) + view.getUint32(offset, true)) | 0;
  return hash;
}

/** Reads the counters of a TCP socket from struct tcp_info, as far as this kernel has them. */
function tcpRecord(view: DataView, start: number, end: number): SocketRecord {
  const at = start + diagHeader;
  const state = view.getUint8(at + 1);
  const info = findAttribute(view, at + diagMessage, end, INET_DIAG_INFO);
  const length = isIdle(state) ? 0 : info.length;
  const from = info.start;
  const roundTrip = length >= tcpInfo.rtt + 4 ? view.getUint32(from + tcpInfo.rtt, true) : noCounter;
  return {
    id: cookie(view, at + 44),
    state,
    localPort: view.getUint16(at + 4),
    ends: endsHash(view, at),
    holder: view.getUint32(at + 68, true),
    receiveQueue: view.getUint32(at + 56, true),
    sendQueue: view.getUint32(at + 60, true),
    sent: length >= tcpInfo.bytesAcked + 8 ? uint64(view, from + tcpInfo.bytesAcked) : noCounter,
    received: length >= tcpInfo.bytesReceived + 8 ? uint64(view, from + tcpInfo.bytesReceived) : noCounter,
    // 0: nothing was measured yet.
    roundTrip: roundTrip === 0 ? noCounter : roundTrip,
    retransmits: length >= tcpInfo.totalRetrans + 4 ? view.getUint32(from + tcpInfo.totalRetrans, true) : noCounter,
    drops: noCounter,
    start,
    end,
  };
}

function udpRecord(view: DataView, start: number, end: number): SocketRecord {
  const at = start + diagHeader;
  const memory = findAttribute(view, at + diagMessage, end, INET_DIAG_SKMEMINFO);
  return {
    id: cookie(view, at + 44),
    state: view.getUint8(at + 1),
    localPort: view.getUint16(at + 4),
    ends: endsHash(view, at),
    holder: view.getUint32(at + 68, true),
    receiveQueue: view.getUint32(at + 56, true),
    sendQueue: view.getUint32(at + 60, true),
    sent: noCounter,
    received: noCounter,
    roundTrip: noCounter,
    retransmits: noCounter,
    drops: memory.length >= dropsAt + 4 ? view.getUint32(memory.start + dropsAt, true) : noCounter,
    start,
    end,
  };
}

/**
 * Parses the sockets of a sock_diag answer like decodeDiag, without their addresses, and with the counters of their
 * attributes.
 */
export function decodeDiagRecords(protocol: 'TCP' | 'UDP', bytes: Uint8Array): Decoded<SocketRecord[]> {
  const data: SocketRecord[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const record = protocol === 'TCP' ? tcpRecord : udpRecord;
  const flaw = visitDiag(view, (start, end) => void data.push(record(view, start, end)));
  return { data, flaw };
}

/** A sock_diag answer that consists of some of the sockets of another one. */
export function pickDiag(bytes: Uint8Array, records: readonly SocketRecord[]): Uint8Array {
  const size = records.reduce((sum, { start, end }) => sum + padded(end - start), 0);
  const picked = new Uint8Array(size + diagHeader + 4);
  let at = 0;
  for (const { start, end } of records) {
    picked.set(bytes.subarray(start, end), at);
    at += padded(end - start);
  }
  const view = new DataView(picked.buffer);
  view.setUint32(at, diagHeader + 4, true);
  view.setUint16(at + 4, NLMSG_DONE, true);
  return picked;
}

/** A line of /proc/net/tcp, tcp6, udp, or udp6, as far as it is used; `drops` is only in the files of UDP. */
const procNetLine =
  /^ *\d+: +(?<local>(?:[0-9A-F]{8}|[0-9A-F]{32}):(?<port>[0-9A-F]{4})) +(?<remote>(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}) +(?<state>[0-9A-F]{2}) +(?<send>[0-9A-F]{8}):(?<receive>[0-9A-F]{8}) +\S+ +\S+ +(?<uid>\d{1,10}) +\S+ +(?<inode>\d{1,10})(?: +\S+ +\S+ +(?<drops>\d{1,10}) *$)?/i;

function procNetRecord(protocol: 'TCP' | 'UDP', line: string, start: number): SocketRecord | null {
  const fields = procNetLine.exec(line)?.groups;
  if (fields === undefined || Math.max(Number(fields['uid']), Number(fields['inode'])) > 0xffff_ffff) return null;
  const { local = '', remote = '', drops } = fields;
  const [state, inode] = [parseInt(fields['state']!, 16), Number(fields['inode'])];
  return {
    id: inode === 0 ? `${local} ${remote}` : `${inode}`,
    state,
    localPort: parseInt(fields['port']!, 16),
    ends: `${local} ${remote}`,
    holder: inode,
    receiveQueue: parseInt(fields['receive']!, 16),
    // The file has no backlog.
    sendQueue: protocol === 'TCP' && state === LISTEN ? noCounter : parseInt(fields['send']!, 16),
    sent: noCounter,
    received: noCounter,
    roundTrip: noCounter,
    retransmits: noCounter,
    drops: protocol === 'UDP' && drops !== undefined ? Number(drops) : noCounter,
    start,
    end: start + line.length,
  };
}

/** The lines of a file of /proc/net as records: an inode identifies a socket, and without one, its ends do. */
export function decodeProcNetRecords(protocol: 'TCP' | 'UDP', text: string): SocketRecord[] {
  const data: SocketRecord[] = [];
  let start = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const record = index === 0 ? null : procNetRecord(protocol, line, start);
    if (record !== null) data.push(record);
    start += line.length + 1;
  }
  return data;
}

/** A file of /proc/net that consists of some of the lines of another one. */
export function pickProcNet(text: string, records: readonly SocketRecord[]): string {
  const header = text.slice(0, text.indexOf('\n') + 1);
  return header + records.map(({ start, end }) => `${text.slice(start, end)}\n`).join('');
}
