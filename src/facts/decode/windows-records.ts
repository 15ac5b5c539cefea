import { noCounter, type SocketRecord } from './socket-record.ts';
import { viewOf, type Decoded } from './windows-memory.ts';
import { layouts, type SocketTable } from './windows-sockets.ts';

const firstRow = 8;

/** Where the addresses and ports of a row are, without its state. */
const endsAt: Readonly<Record<SocketTable, readonly [start: number, end: number]>> = {
  tcp4: [4, 20],
  tcp6: [0, 48],
  udp4: [0, 8],
  udp6: [0, 24],
};

/** The upper halves of ports are undefined: they must not tell two sockets apart. */
function endsText(row: Buffer, table: SocketTable): string {
  const [start, end] = endsAt[table];
  const copy = Buffer.from(row.subarray(start, end));
  const { localPort, remote, remotePort } = layouts[table];
  for (const port of remote === null ? [localPort] : [localPort, remotePort]) copy.writeUInt16LE(0, port - start + 2);
  return copy.toString('latin1');
}

/**
 * Parses a table like decodeSockets, without its addresses. Its ends, process, and time identify a socket; the process
 * is its holder.
 */
export function decodeTableRecords(table: SocketTable, bytes: Uint8Array): Decoded<SocketRecord[]> {
  const { size, localPort, state, pid, created } = layouts[table];
  const data: SocketRecord[] = [];
  if (bytes.length < 4) return { data, flaw: `the ${table} table has no header` };
  const view = viewOf(bytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const declared = view.getUint32(0, true);
  const present = Math.max(0, Math.floor((bytes.length - firstRow) / size));
  for (let i = 0; i < Math.min(declared, present); i++) {
    const start = firstRow + i * size;
    const holder = view.getUint32(start + pid, true);
    const ends = endsText(buffer.subarray(start, start + size), table);
    data.push({
      id: `${ends}${holder} ${buffer.toString('latin1', start + created, start + created + 8)}`,
      state: state === null ? 0 : view.getUint32(start + state, true),
      localPort: view.getUint16(start + localPort, false),
      ends,
      holder,
      receiveQueue: noCounter,
      sendQueue: noCounter,
      sent: noCounter,
      received: noCounter,
      roundTrip: noCounter,
      retransmits: noCounter,
      drops: noCounter,
      start,
      end: start + size,
    });
  }
  return {
    data,
    flaw: declared > present ? `the ${table} table is cut off: it has ${present} of ${declared} rows` : null,
  };
}

/** A table that consists of some of the rows of another one. */
export function pickRows(table: SocketTable, bytes: Uint8Array, records: readonly SocketRecord[]): Uint8Array {
  const { size } = layouts[table];
  const picked = new Uint8Array(firstRow + records.length * size);
  viewOf(picked).setUint32(0, records.length, true);
  records.forEach(({ start, end }, i) => picked.set(bytes.subarray(start, end), firstRow + i * size));
  return picked;
}
