import type { SocketTable } from '../../facts/decode/windows-sockets.ts';
import { Refused, refused, win32 } from './errors.ts';
import { systemLibrary } from './ffi.ts';

// https://learn.microsoft.com/windows/win32/api/iphlpapi/nf-iphlpapi-getextendedtcptable
// https://learn.microsoft.com/windows/win32/api/iphlpapi/nf-iphlpapi-getextendedudptable
const signature = {
  arguments: ['pointer', 'pointer', 'int32', 'uint32', 'int32', 'uint32'],
  return: 'uint32',
} as const;
const iphlpapi = systemLibrary('iphlpapi.dll', { GetExtendedTcpTable: signature, GetExtendedUdpTable: signature });

const family = { tcp4: 2, tcp6: 23, udp4: 2, udp6: 23 } as const;
const tcpOwnerModule = { listeners: 6, all: 8 } as const;
const udpOwnerModule = 2;

/** Holds about 1,600 rows: enough for most machines, so that one call is sufficient. */
const firstSize = 256 * 1024;
const attempts = 10;

/** The bytes of a table with owners (`MIB_…TABLE_OWNER_MODULE`), undecoded. */
export function socketTable(table: SocketTable, which: 'all' | 'listeners'): Buffer {
  const tcp = table.startsWith('tcp');
  const name = tcp ? 'GetExtendedTcpTable' : 'GetExtendedUdpTable';
  const call = iphlpapi[name];
  const size = Buffer.alloc(4);
  let length = firstSize;
  for (let i = 0; i < attempts; i++) {
    // Zeroed, because the call leaves gaps, and their contents could end up in a recording.
    const buffer = Buffer.alloc(length);
    size.writeUInt32LE(length);
    const error = call(buffer, size, 0, family[table], tcp ? tcpOwnerModule[which] : udpOwnerModule, 0);
    const needed = size.readUInt32LE();
    if (error === 0) return buffer.subarray(0, Math.min(needed, length));
    if (error !== win32.insufficientBuffer) throw refused(name, error);
    // The table may have grown again before the next call.
    length = Math.max(length, needed + (needed >>> 3)) + 64 * 1024;
  }
  throw new Refused('Failed', `the ${table} table grew faster than it could be read`);
}
