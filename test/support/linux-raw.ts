// What Linux would say, built from its documented layouts: the tests' own writing of them, apart from src/.
// Messages: https://man7.org/linux/man-pages/man7/sock_diag.7.html
import { isIPv4 } from 'node:net';
import { recordedSource, type RawEntry, type RawSource, type Refusal } from '../../src/system/raw.ts';
import { addressBytes } from './windows-raw.ts';

export const at = '2026-01-02T03:04:05.678Z';

export interface DiagRow {
  local?: string;
  port: number;
  remote?: string;
  remotePort?: number;
  /** The kernel's number; Listen (10) when it is not given. */
  state?: number;
  inode?: number;
  uid?: number;
  device?: number;
  /** Identifies the socket; its inode when it is not given. */
  cookie?: number | bigint;
  /** Bytes in its queues; a listener: connections that wait, and the maximum. */
  queues?: readonly [receive: number, send: number];
  /** struct tcp_info, as far as a kernel has it. */
  info?: Uint8Array;
  /** UDP: dropped packets. */
  drops?: number;
}

/** struct tcp_info (linux/tcp.h), cut to the length that a kernel has. */
export function tcpInfo(
  { sent = 0, received = 0, roundTrip = 0, retransmits = 0 }: { sent?: number; received?: number; roundTrip?: number; retransmits?: number },
  length = 280,
): Uint8Array {
  const bytes = Buffer.alloc(280);
  bytes.writeUInt32LE(roundTrip, 68);
  bytes.writeUInt32LE(retransmits, 100);
  bytes.writeBigUInt64LE(BigInt(sent), 120);
  bytes.writeBigUInt64LE(BigInt(received), 128);
  return bytes.subarray(0, length);
}

/** A netlink message: header and payload, padded to 4 bytes. */
export function netlink(type: number, payload: Uint8Array): Buffer {
  const message = Buffer.alloc((16 + payload.length + 3) & ~3);
  message.writeUInt32LE(16 + payload.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(2, 6);
  message.set(payload, 16);
  return message;
}

export const done = netlink(3, Buffer.alloc(4));

/** struct inet_diag_msg with an attribute behind it, as real ones have. */
export function diagMessage(row: DiagRow, type = 20): Buffer {
  const { local = '127.0.0.1', port, remote, remotePort = 0, state = 10, inode = 0, uid = 0, device = 0, queues = [0, 0] } = row;
  const message = Buffer.alloc(72 + 8);
  const four = isIPv4(local);
  message[0] = four ? 2 : 10;
  message[1] = state;
  message.writeUInt16BE(port, 4);
  message.writeUInt16BE(remotePort, 6);
  message.set(addressBytes(local), 8);
  message.set(addressBytes(remote ?? (four ? '0.0.0.0' : '::')), 24);
  message.writeUInt32LE(device, 40);
  message.writeBigUInt64LE(BigInt(row.cookie ?? inode), 44);
  message.writeUInt32LE(queues[0], 56);
  message.writeUInt32LE(queues[1], 60);
  message.writeUInt32LE(uid, 64);
  message.writeUInt32LE(inode, 68);
  message.writeUInt16LE(5, 72);
  message.writeUInt16LE(8, 74);
  const memory = new Uint8Array(new Uint32Array([0, 0, 0, 0, 0, 0, 0, 0, row.drops ?? 0]).buffer);
  return netlink(type, Buffer.concat([message, ...(row.info === undefined ? [] : [attribute(2, row.info)]), ...(row.drops === undefined ? [] : [attribute(7, memory)])]));
}

export function diag(rows: readonly DiagRow[], end: Uint8Array = done, usual: Partial<DiagRow> = {}): Uint8Array {
  return Buffer.concat([...rows.map((row) => diagMessage(Object.assign({}, usual, row))), end]);
}

/** An interface: its number, its name, and what it is a part of. */
export type LinkRow = readonly [number: number, name: string, more?: { readonly master?: number; readonly kind?: string }];

/** struct nlattr. */
function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

/** RTM_NEWLINK messages: https://man7.org/linux/man-pages/man7/rtnetlink.7.html */
export function links(rows: readonly LinkRow[], end: Uint8Array = done): Uint8Array {
  const messages = rows.map(([number, name, { master, kind } = {}]) => {
    const info = Buffer.alloc(16);
    info.writeInt32LE(number, 4);
    return netlink(
      16,
      Buffer.concat([
        info,
        attribute(3, Buffer.from(`${name}\0`)),
        ...(master === undefined ? [] : [attribute(10, new Uint8Array(new Uint32Array([master]).buffer))]),
        // IFLA_LINKINFO, with the mark of a nested attribute.
        ...(kind === undefined ? [] : [attribute(0x8000 + 18, attribute(1, Buffer.from(`${kind}\0`)))]),
      ]),
    );
  });
  return Buffer.concat([...messages, end]);
}

/** pid, inode, pid, inode … */
export function holderBytes(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(numbers).buffer);
}

export interface ProcessRow {
  name?: string;
  parent?: number;
  ticks?: number;
  uid?: number;
  exe?: string;
  cgroup?: string;
  cmdline?: string;
  cwd?: string;
  application?: string;
  refused?: Record<string, Refusal['code']>;
}

/** /proc/PID/stat: the fields up to the start time, and a few more. */
export function statText(pid: number, { name = 'server', parent = 1, ticks = 100 }: ProcessRow): string {
  return `${pid} (${name}) S ${parent} ${pid} ${pid} 0 -1 4194560 9 8 7 6 5 4 3 2 20 0 1 0 ${ticks} 4096 55\n`;
}

export function processText(pid: number, row: ProcessRow = {}): string {
  const { uid = 0, exe = '/usr/sbin/server', cgroup = '0::/\n', cmdline, cwd, application, refused = {} } = row;
  return JSON.stringify({ stat: statText(pid, row), uid, exe, cgroup, cmdline, cwd, application, refused });
}

export interface World {
  tcp?: readonly DiagRow[];
  udp4?: readonly DiagRow[];
  udp6?: readonly DiagRow[];
  holders?: readonly number[];
  /** Why not every process could be looked into. */
  limit?: Refusal;
  processes?: Readonly<Record<number, ProcessRow>>;
  /** Entries that replace the ones made of the above. */
  raw?: Readonly<Record<string, Omit<RawEntry, 'at'>>>;
}

/** A source that answers with what a world has. */
export function linux(world: World): RawSource {
  const entries = new Map<string, RawEntry>();
  const put = (name: string, entry: Omit<RawEntry, 'at'>): void => void entries.set(name, { at, ...entry });
  put('machine', { text: JSON.stringify({ name: 'box', release: '6.18.0', architecture: 'x64', elevated: true }) });
  put('diag/tcp', { bytes: diag(world.tcp ?? []) });
  put('diag/udp4', { bytes: diag(world.udp4 ?? [], done, { state: 7 }) });
  put('diag/udp6', { bytes: diag(world.udp6 ?? [], done, { state: 7, local: '::' }) });
  put('holders', { bytes: holderBytes(world.holders ?? []), ...(world.limit === undefined ? {} : { refusal: world.limit }) });
  put('boot', { text: JSON.stringify({ stat: 'btime 1767322800', hertz: 100 }) });
  put('users', { text: 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/var/www:/bin/false\n' });
  put('ranges', { text: JSON.stringify({ ip_local_port_range: '32768\t60999', ip_local_reserved_ports: '8080,9000-9010', ip_unprivileged_port_start: '1024' }) });
  for (const [pid, row] of Object.entries(world.processes ?? {})) put(`process/${pid}`, { text: processText(Number(pid), row) });
  for (const [name, entry] of Object.entries(world.raw ?? {})) put(name, entry);
  return recordedSource({ platform: 'linux', entries });
}
