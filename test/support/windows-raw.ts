// What Windows would say, built from the documented layouts: the tests' own writing of them, apart from src/.
// Rows: https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcprow_owner_module and its sisters.
import { isIPv4 } from 'node:net';
import type { SocketTable } from '../../src/facts/decode/windows-sockets.ts';
import type { ProcessDetails } from '../../src/facts/decode/windows-processes.ts';
import type { MachineDetails } from '../../src/facts/decode/windows-machine.ts';
import { recordedSource, type RawEntry, type RawSource } from '../../src/system/raw.ts';

export interface Row {
  local: string;
  port: number;
  remote?: string;
  remotePort?: number;
  state?: number;
  pid: number;
  created?: bigint;
  tag?: number;
  scope?: number;
}

/** The 4 or 16 bytes of an address. */
export function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  const [head = '', tail] = text.split('::');
  const groups = (part: string) =>
    Buffer.from(
      part
        .split(':')
        .map((group) => group.padStart(group === '' ? 0 : 4, '0'))
        .join(''),
      'hex',
    );
  const bytes = Buffer.alloc(16);
  groups(head).copy(bytes);
  if (tail !== undefined) groups(tail).copy(bytes, 16 - groups(tail).length);
  return bytes;
}

function writePort(row: Buffer, offset: number, port: number): void {
  // Garbage in the upper half, as real tables have it.
  row.writeUInt32LE(0xbeef0000, offset);
  row.writeUInt16BE(port, offset);
}

function writeRow(table: SocketTable, values: Row): Buffer {
  const { local, port, remote = '0.0.0.0', remotePort = 0, state = 2, pid, created = 0n, tag = 0, scope = 0 } = values;
  const v6 = (text: string) => addressBytes(text === '0.0.0.0' ? '::' : text);
  switch (table) {
    case 'tcp4': {
      const row = Buffer.alloc(160);
      row.writeUInt32LE(state, 0);
      addressBytes(local).copy(row, 4);
      writePort(row, 8, port);
      addressBytes(remote).copy(row, 12);
      writePort(row, 16, remotePort);
      row.writeUInt32LE(pid, 20);
      row.writeBigUInt64LE(created, 24);
      row.writeUInt32LE(tag, 32);
      return row;
    }
    case 'tcp6': {
      const row = Buffer.alloc(192);
      v6(local).copy(row, 0);
      row.writeUInt32LE(scope, 16);
      writePort(row, 20, port);
      v6(remote).copy(row, 24);
      row.writeUInt32LE(scope, 40);
      writePort(row, 44, remotePort);
      row.writeUInt32LE(state, 48);
      row.writeUInt32LE(pid, 52);
      row.writeBigUInt64LE(created, 56);
      row.writeUInt32LE(tag, 64);
      return row;
    }
    case 'udp4': {
      const row = Buffer.alloc(160);
      addressBytes(local).copy(row, 0);
      writePort(row, 4, port);
      row.writeUInt32LE(pid, 8);
      row.writeBigUInt64LE(created, 16);
      row.writeUInt32LE(tag, 32);
      return row;
    }
    case 'udp6': {
      const row = Buffer.alloc(176);
      v6(local).copy(row, 0);
      row.writeUInt32LE(scope, 16);
      writePort(row, 20, port);
      row.writeUInt32LE(pid, 24);
      row.writeBigUInt64LE(created, 32);
      row.writeUInt32LE(tag, 48);
      return row;
    }
  }
}

/** A table of rows, the first at offset 8. */
export function socketTable(table: SocketTable, rows: readonly Row[]): Buffer {
  const header = Buffer.alloc(8, 0xcc);
  header.writeUInt32LE(rows.length, 0);
  return Buffer.concat([header, ...rows.map((row) => writeRow(table, row))]);
}

/**
 * A table of bound sockets: MIB_TCPTABLE2 or MIB_TCP6TABLE2, the first row at offset 4.
 * https://learn.microsoft.com/windows/win32/api/tcpmib/ns-tcpmib-mib_tcprow2
 */
export function boundTable(table: 'bound4' | 'bound6', rows: readonly Row[]): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(rows.length, 0);
  const parts = rows.map(({ local, port, pid, scope = 0 }) => {
    const row = Buffer.alloc(table === 'bound4' ? 28 : 56);
    addressBytes(local).copy(row, table === 'bound4' ? 4 : 0);
    if (table === 'bound6') row.writeUInt32LE(scope, 16);
    writePort(row, table === 'bound4' ? 8 : 20, port);
    row.writeUInt32LE(pid, table === 'bound4' ? 20 : 48);
    return row;
  });
  return Buffer.concat([header, ...parts]);
}

/** HCN_PORT_RANGE_ENTRY, one after another: protocol (1 TCP, 2 UDP, 3 both), first and last port. */
export function guestPorts(entries: readonly (readonly [protocol: number, start: number, end: number])[]): Buffer {
  return Buffer.concat(
    entries.map(([protocol, start, end]) => {
      const entry = Buffer.alloc(64, 0xcc);
      entry.writeUInt32LE(protocol, 32);
      entry.writeUInt16LE(start, 60);
      entry.writeUInt16LE(end, 62);
      return entry;
    }),
  );
}

export interface Entry {
  pid: number;
  parent?: number;
  name: string;
  created?: bigint;
  threads?: number;
}

export const base = 0x7ff6_0000_1000n;

/**
 * SYSTEM_PROCESS_INFORMATION as read at `base`: each entry with its threads (SYSTEM_THREAD_INFORMATION, 80 bytes) and name behind it.
 * https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntquerysysteminformation
 */
export function processList(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [];
  let offset = 0;
  entries.forEach(({ pid, parent = 0, name, created = 0n, threads = 1 }, i) => {
    const text = Buffer.from(`${name}\0`, 'utf16le');
    const nameAt = 256 + threads * 80;
    const size = i === entries.length - 1 ? nameAt + text.length : Math.ceil((nameAt + text.length) / 8) * 8;
    const entry = Buffer.alloc(size);
    entry.writeUInt32LE(i === entries.length - 1 ? 0 : size, 0);
    entry.writeUInt32LE(threads, 4);
    entry.writeBigUInt64LE(created, 32);
    if (name !== '') {
      entry.writeUInt16LE(text.length - 2, 56);
      entry.writeUInt16LE(text.length, 58);
      entry.writeBigUInt64LE(base + BigInt(offset + nameAt), 64);
    }
    entry.writeBigUInt64LE(BigInt(pid), 80);
    entry.writeBigUInt64LE(BigInt(parent), 88);
    text.copy(entry, nameAt);
    parts.push(entry);
    offset += size;
  });
  return Buffer.concat(parts);
}

export interface ServiceEntry {
  name: string;
  display: string;
  pid: number;
  type?: number;
  state?: number;
}

/** One answer of EnumServicesStatusEx in a buffer of `length` bytes that was at `base`: the names grow down from its end. */
export function servicePage(services: readonly ServiceEntry[], length: number): Buffer {
  const page = Buffer.alloc(length);
  let end = length;
  const place = (text: string): bigint => {
    const bytes = Buffer.from(`${text}\0`, 'utf16le');
    end -= bytes.length;
    bytes.copy(page, end);
    return base + BigInt(end);
  };
  services.forEach(({ name, display, pid, type = 0x10, state = 4 }, i) => {
    const entry = i * 56;
    page.writeBigUInt64LE(place(name), entry);
    page.writeBigUInt64LE(place(display), entry + 8);
    page.writeUInt32LE(type, entry + 16);
    page.writeUInt32LE(state, entry + 20);
    page.writeUInt32LE(pid, entry + 44);
  });
  return page;
}

/** `2026-01-02T03:04:05.1234567Z` as a FILETIME. */
export function filetime(text: string): bigint {
  const [, second, fraction = '0'] = /^(.*?)(?:\.(\d+))?Z$/.exec(text)!;
  return (BigInt(Date.parse(`${second}Z`)) + 11_644_473_600_000n) * 10_000n + BigInt(fraction.padEnd(7, '0'));
}

export const at = '2026-01-02T03:04:06.000Z';

/** A machine: everything not given is there and empty. */
export interface World {
  machine?: Partial<MachineDetails>;
  sockets?: Partial<Record<SocketTable, readonly Row[]>>;
  processes?: readonly Entry[];
  services?: readonly ServiceEntry[];
  details?: Readonly<Record<number, Partial<ProcessDetails>>>;
  /** Entries as they are, over what the rest gives. */
  raw?: Readonly<Record<string, Omit<RawEntry, 'at'>>>;
}

/** A recording of a machine. */
export function windows(world: World): RawSource {
  const entries = new Map<string, RawEntry>();
  const machine: MachineDetails = {
    name: { value: 'BOX' },
    release: { value: '10.0.26100' },
    architecture: { value: 'x64' },
    elevated: { value: 'true' },
    ...world.machine,
  };
  entries.set('machine', { at, text: JSON.stringify(machine) });
  for (const table of ['tcp4', 'tcp6', 'udp4', 'udp6'] as const) {
    entries.set(table, { at, bytes: socketTable(table, world.sockets?.[table] ?? []) });
  }
  entries.set('processes', { at, bytes: processList(world.processes ?? []), meta: { base: base.toString(16) } });
  for (const { pid, name, created = 0n } of world.processes ?? []) {
    const details: ProcessDetails = {
      created: { value: String(created) },
      path: { value: `C:\\bin\\${name}` },
      user: { value: 'BOX\\ann' },
      realUser: null,
      commandLine: { value: `"C:\\bin\\${name}" --run` },
      ...world.details?.[pid],
    };
    entries.set(`process/${pid}`, { at, text: JSON.stringify(details) });
  }
  const services = world.services ?? [];
  entries.set('services', { at, bytes: servicePage(services, 4096), meta: { pages: `${base.toString(16)}:4096:${services.length}` } });
  for (const [name, entry] of Object.entries(world.raw ?? {})) entries.set(name, { at, ...entry });
  return recordedSource({ platform: 'win32', entries });
}
