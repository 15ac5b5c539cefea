import { addressBytes, scopeOf, withoutScope } from '../../../ports/address.ts';
import type { RawEntry } from '../../../system/raw.ts';
import { boundLayouts, layouts, tcpState, type SocketTable } from '../../decode/windows-sockets.ts';

/*
 * Packs the output of cmdlets and tools into the tables of the Windows interfaces, so that the decoders are the same as
 * for a local query.
 */

/** A socket reported by a collector. */
export interface CollectedSocket {
  readonly protocol: 'TCP' | 'UDP';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** MIB_TCP_STATE; 0 for UDP. */
  readonly state: number;
  readonly pid: number;
  /** FILETIME; 0 if unknown. */
  readonly created: bigint;
}

interface Ends {
  readonly bytes: Uint8Array;
  readonly scope: number;
}

/** Returns the bytes of an address and its interface number; null if it is not an address. */
function endOf(address: string): Ends | null {
  const bytes = addressBytes(withoutScope(address));
  const scope = Number(scopeOf(address) ?? 0);
  return bytes === null
    ? null
    : { bytes, scope: Number.isInteger(scope) && scope > 0 && scope <= 0xffff_ffff ? scope : 0 };
}

interface Row {
  readonly socket: CollectedSocket;
  readonly local: Ends;
  readonly remote: Ends | null;
}

/** `unread` rows are declared, but missing. */
function socketTable(table: SocketTable, rows: readonly Row[], unread: number): Uint8Array {
  const layout = layouts[table];
  const first = 8;
  const bytes = Buffer.alloc(first + rows.length * layout.size);
  bytes.writeUInt32LE(rows.length + unread, 0);
  rows.forEach(({ socket, local, remote }, index) => {
    const at = first + index * layout.size;
    bytes.set(local.bytes, at + layout.local);
    if (local.bytes.length === 16) bytes.writeUInt32LE(local.scope, at + layout.local + 16);
    bytes.writeUInt16BE(socket.localPort, at + layout.localPort);
    if (layout.remote !== null && remote !== null && remote.bytes.length === local.bytes.length) {
      bytes.set(remote.bytes, at + layout.remote);
      if (remote.bytes.length === 16) bytes.writeUInt32LE(remote.scope, at + layout.remote + 16);
      bytes.writeUInt16BE(socket.remotePort, at + layout.remotePort);
    }
    if (layout.state !== null) bytes.writeUInt32LE(socket.state, at + layout.state);
    bytes.writeUInt32LE(socket.pid, at + layout.pid);
    bytes.writeBigUInt64LE(socket.created, at + layout.created);
  });
  return bytes;
}

function boundTable(table: keyof typeof boundLayouts, rows: readonly Row[]): Uint8Array {
  const { size, local: place, port, pid } = boundLayouts[table];
  const bytes = Buffer.alloc(4 + rows.length * size);
  bytes.writeUInt32LE(rows.length, 0);
  rows.forEach(({ socket, local }, index) => {
    const at = 4 + index * size;
    bytes.set(local.bytes, at + place);
    if (local.bytes.length === 16) bytes.writeUInt32LE(local.scope, at + place + 16);
    bytes.writeUInt16BE(socket.localPort, at + port);
    bytes.writeUInt32LE(socket.pid, at + pid);
  });
  return bytes;
}

/** Packs the tables of sockets, by the names of their entries. Null is a socket that could not be read. */
export function socketTables(
  sockets: Readonly<Record<'TCP' | 'UDP', readonly (CollectedSocket | null)[]>>,
): Map<string, Uint8Array> {
  const rows: Record<'tcp4' | 'tcp6' | 'udp4' | 'udp6' | 'bound4' | 'bound6', Row[]> = {
    tcp4: [],
    tcp6: [],
    udp4: [],
    udp6: [],
    bound4: [],
    bound6: [],
  };
  const unread = { TCP: 0, UDP: 0 };
  for (const protocol of ['TCP', 'UDP'] as const)
    for (const socket of sockets[protocol]) {
      const local = socket === null ? null : endOf(socket.localAddress);
      if (socket === null || local === null) {
        unread[protocol]++;
        continue;
      }
      const family = local.bytes.length === 4 ? 4 : 6;
      const kind = socket.protocol === 'UDP' ? 'udp' : socket.state === tcpState.bound ? 'bound' : 'tcp';
      rows[`${kind}${family}`].push({ socket, local, remote: endOf(socket.remoteAddress) });
    }
  const tables = new Map<string, Uint8Array>();
  // The table of an unread socket is unknown; one that is incomplete makes the sockets incomplete.
  for (const [table, missing] of [
    ['tcp4', unread.TCP],
    ['tcp6', 0],
    ['udp4', unread.UDP],
    ['udp6', 0],
  ] as const)
    tables.set(table, socketTable(table, rows[table], missing));
  for (const table of ['bound4', 'bound6'] as const) tables.set(table, boundTable(table, rows[table]));
  return tables;
}

export interface CollectedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** FILETIME; 0 if unknown. */
  readonly created: bigint;
}

/** The most characters in a process name. */
const longestName = 255;

/** Packs a SYSTEM_PROCESS_INFORMATION for each process, followed by its name. */
export function processTable(processes: readonly CollectedProcess[]): Pick<RawEntry, 'bytes' | 'meta'> {
  const size = 256 + 2 * longestName + 2;
  const bytes = Buffer.alloc(processes.length * size);
  processes.forEach(({ pid, parent, name, created }, index) => {
    const at = index * size;
    bytes.writeUInt32LE(index === processes.length - 1 ? 0 : size, at);
    bytes.writeBigUInt64LE(created, at + 32);
    const length = bytes.write(name.slice(0, longestName), at + 256, 'utf16le');
    bytes.writeUInt16LE(length, at + 56);
    bytes.writeBigUInt64LE(BigInt(at + 256), at + 64);
    bytes.writeUInt32LE(pid, at + 80);
    bytes.writeUInt32LE(parent, at + 88);
  });
  return { bytes, meta: { base: '0' } };
}

/** Packs structures with pointers to texts that follow them, given the size, the contents and the pointer offsets. */
function withTexts<T>(
  items: readonly T[],
  size: number,
  texts: readonly (readonly [offset: number, text: (item: T) => string])[],
  fill: (bytes: Buffer, at: number, item: T) => void,
): Buffer {
  const behind: Buffer[] = [];
  let end = items.length * size;
  const table = Buffer.alloc(end);
  items.forEach((item, index) => {
    const at = index * size;
    fill(table, at, item);
    for (const [offset, text] of texts) {
      const content = Buffer.from(`${text(item)}\0`, 'utf16le');
      table.writeBigUInt64LE(BigInt(end), at + offset);
      behind.push(content);
      end += content.length;
    }
  });
  return Buffer.concat([table, ...behind]);
}

export interface CollectedService {
  readonly name: string;
  readonly displayName: string;
  readonly pid: number;
  /** dwCurrentState. */
  readonly state: number;
  readonly shared: boolean;
}

/** Packs an ENUM_SERVICE_STATUS_PROCESSW for each service. */
export function serviceTable(services: readonly CollectedService[]): Pick<RawEntry, 'bytes' | 'meta'> {
  const bytes = withTexts(
    services,
    56,
    [
      [0, ({ name }) => name.slice(0, 256)],
      [8, ({ displayName }) => displayName.slice(0, 256)],
    ],
    (table, at, { pid, state, shared }) => {
      table.writeUInt32LE(shared ? 0x20 : 0x10, at + 16);
      table.writeUInt32LE(state, at + 20);
      table.writeUInt32LE(pid, at + 44);
    },
  );
  return { bytes, meta: { pages: `0:${bytes.length}:${services.length}` } };
}

/** Packs an HTTP_SERVICE_CONFIG_URLACL_SET for each URL. */
export function urlTable(urls: readonly (readonly [url: string, sddl: string])[]): Pick<RawEntry, 'bytes' | 'meta'> {
  const pages = urls.map((one) =>
    withTexts(
      [one],
      16,
      [
        [0, ([url]) => url],
        [8, ([, sddl]) => sddl],
      ],
      () => {},
    ),
  );
  return { bytes: Buffer.concat(pages), meta: { pages: pages.map(({ length }) => `0:${length}`).join(' ') } };
}

/** Packs an HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY. */
export function listenTable(addresses: readonly string[]): Pick<RawEntry, 'bytes'> {
  const found = addresses.map(endOf).filter((one) => one !== null);
  const bytes = Buffer.alloc(8 + found.length * 128);
  bytes.writeUInt32LE(found.length, 0);
  found.forEach(({ bytes: address, scope }, index) => {
    const at = 8 + index * 128;
    bytes.writeUInt16LE(address.length === 4 ? 2 : 23, at);
    bytes.set(address, at + (address.length === 4 ? 4 : 8));
    if (address.length === 16) bytes.writeUInt32LE(scope, at + 24);
  });
  return { bytes };
}
