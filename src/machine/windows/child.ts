import { readSync, writeSync } from 'node:fs';
import { tagKey } from '../../facts/decode/windows-tags.ts';
import { memoryOf, wideString } from '../../facts/decode/windows-memory.ts';
import type { Told } from '../../facts/decode/windows-told.ts';
import { errorCode } from '../../io/errors.ts';
import type { Refusal } from '../../system/raw.ts';
import { Refused, refused, win32 } from './errors.ts';
import { addressOf, systemLibrary } from './ffi.ts';
import { socketTable } from './iphlpapi.ts';
import { ownMemory, processHeap, takeHeapBlock, takeLocalText } from './kernel32.ts';
import type { ApartAnswer } from './apart.ts';
import { connectionsTask, endLine } from './connections.ts';
import { estats, type EstatsCalls } from './estats.ts';
import { uncovered } from './uncovered.ts';

const iphlpapi = systemLibrary('iphlpapi.dll', uncovered['iphlpapi.dll']);
const sechost = systemLibrary('sechost.dll', uncovered['sechost.dll']);
const computenetwork = systemLibrary('computenetwork.dll', uncovered['computenetwork.dll']);

function boundSockets(name: 'InternalGetBoundTcpEndpointTable' | 'InternalGetBoundTcp6EndpointTable'): Buffer {
  const table = Buffer.alloc(8);
  const error = iphlpapi[name](table, processHeap(), 0);
  if (error !== 0) throw refused(name, error);
  const address = table.readBigUInt64LE();
  if (address === 0n) throw new Refused('Failed', `${name} gave no table`);
  return takeHeapBlock(address);
}

/** sizeof(HCN_PORT_RANGE_ENTRY). */
const entrySize = 64;

function guestPorts(): Buffer {
  const [count, entries] = [Buffer.alloc(4), Buffer.alloc(8)];
  const result = computenetwork.HcnEnumerateGuestNetworkPortReservations(count, entries);
  if (result < 0)
    throw new Refused('Failed', `HcnEnumerateGuestNetworkPortReservations failed with ${(result >>> 0).toString(16)}`);
  const address = entries.readBigUInt64LE();
  if (address === 0n) return Buffer.alloc(0);
  try {
    return ownMemory(address, Math.min(count.readUInt32LE(), 65536) * entrySize);
  } finally {
    computenetwork.HcnFreeGuestNetworkPortReservations(address);
  }
}

/** TAG_INFO_NAME_FROM_TAG { DWORD dwPid, dwTag; DWORD eTagType; LPWSTR pszName }. */
function serviceOfTag(pid: number, tag: number): string {
  const nameFromTag = 1;
  const query = Buffer.alloc(24);
  query.writeUInt32LE(pid, 0);
  query.writeUInt32LE(tag, 4);
  const error = sechost.I_QueryTagInformation(null, nameFromTag, query);
  if (error !== 0) throw refused('I_QueryTagInformation', error);
  return takeLocalText(query.readBigUInt64LE(16));
}

const tables = {
  tcp4: { size: 160, pid: 20, tag: 32, module: 'GetOwnerModuleFromTcpEntry' },
  tcp6: { size: 192, pid: 52, tag: 64, module: 'GetOwnerModuleFromTcp6Entry' },
  udp4: { size: 160, pid: 8, tag: 32, module: 'GetOwnerModuleFromUdpEntry' },
  udp6: { size: 176, pid: 24, tag: 48, module: 'GetOwnerModuleFromUdp6Entry' },
} as const;

/** TCPIP_OWNER_MODULE_BASIC_INFO { PWCHAR pModuleName, pModulePath }, followed by the texts in the same buffer. */
function moduleOfRow(table: keyof typeof tables, row: Buffer): string {
  const basic = 0;
  const name = tables[table].module;
  const size = Buffer.alloc(4);
  const buffer = Buffer.alloc(8192);
  size.writeUInt32LE(buffer.length);
  const error = iphlpapi[name](row, basic, buffer, size);
  if (error !== 0) throw refused(name, error);
  return wideString(memoryOf(buffer, addressOf(buffer).toString(16))!, 0, 1024) ?? '';
}

/** The first nonempty answer of these functions; otherwise the first refusal, or an empty text. */
export function firstTold(asks: readonly (() => string)[]): Told {
  let refusal: Refusal | undefined;
  for (const ask of asks) {
    try {
      const value = ask();
      if (value !== '') return { value };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal ??= error.refusal;
    }
  }
  return refusal === undefined ? { value: '' } : { refusal };
}

/** The service of every tag that a socket has, by `PID:TAG`; empty if Windows reports none. */
function serviceTags(): string {
  const names: Record<string, Told> = {};
  for (const table of ['tcp4', 'tcp6', 'udp4', 'udp6'] as const) {
    const { size, pid: pidAt, tag: tagAt } = tables[table];
    const bytes = socketTable(table, 'all');
    const rows = Math.min(bytes.readUInt32LE(0), Math.floor((bytes.length - 8) / size));
    for (let i = 0; i < rows; i++) {
      const row = bytes.subarray(8 + i * size, 8 + (i + 1) * size);
      const [pid, tag] = [row.readUInt32LE(pidAt), row.readUInt32LE(tagAt)];
      const key = tagKey(pid, tag);
      if (tag === 0 || Object.hasOwn(names, key)) continue;
      names[key] = firstTold([() => serviceOfTag(pid, tag), () => moduleOfRow(table, Buffer.from(row))]);
    }
  }
  return JSON.stringify(names);
}

function answer(name: string): ApartAnswer {
  try {
    switch (name) {
      case 'bound4':
        return { bytes: boundSockets('InternalGetBoundTcpEndpointTable').toString('base64') };
      case 'bound6':
        return { bytes: boundSockets('InternalGetBoundTcp6EndpointTable').toString('base64') };
      case 'guestports':
        return { bytes: guestPorts().toString('base64') };
      case 'servicetags':
        return { text: serviceTags() };
      default:
        throw new Refused('NotSupported', `the child process has no source ${name}`);
    }
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    throw error;
  }
}

/** The error of a call; that of a call that this Windows does not have. */
function errorOf(call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (error instanceof Refused && error.refusal.code === 'NotSupported') return win32.callNotImplemented;
    throw error;
  }
}

/** The calls that give the statistics of connections, by the length of a row: MIB_TCPROW or MIB_TCP6ROW. */
const estatsCalls: EstatsCalls = {
  set: (row, type, rw) =>
    errorOf(() => {
      const set = row.length === 20 ? iphlpapi.SetPerTcpConnectionEStats : iphlpapi.SetPerTcp6ConnectionEStats;
      return set(row, type, rw, 0, rw.length, 0);
    }),
  get: (row, type, rw, rod) =>
    errorOf(() => {
      const get = row.length === 20 ? iphlpapi.GetPerTcpConnectionEStats : iphlpapi.GetPerTcp6ConnectionEStats;
      return get(row, type, rw, 0, rw.length, null, 0, 0, rod, 0, rod.length);
    }),
};

/** Answers each line of connections with a line of their statistics. */
function serveConnections(): void {
  // It ends with its input, so that it always switches off what it has switched on.
  for (const signal of ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const) process.on(signal, () => {});
  const statistics = estats(estatsCalls);
  try {
    serveLines((line) => {
      const words = line.split(' ').filter((word) => word !== '');
      const rows: Buffer[] = [];
      for (const row of words.map((word) => Buffer.from(word, 'base64')))
        // With one more byte: what a former child process has switched on.
        if (row.length % 4 === 1) statistics.adopt(row.subarray(0, -1), row.at(-1)!);
        else rows.push(row);
      return statistics.read(rows).toString('base64');
    });
  } finally {
    statistics.off();
  }
}

/** Answers each line of standard input, until it ends or says so. */
function serveLines(answerTo: (line: string) => string): void {
  const piece = Buffer.alloc(64 * 1024);
  let text = '';
  for (;;) {
    let length: number;
    try {
      length = readSync(0, piece);
    } catch (error) {
      if (errorCode(error) === 'EOF') return;
      throw error;
    }
    if (length === 0) return;
    text += piece.toString('latin1', 0, length);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      if (text.slice(0, end).trim() === endLine) return;
      writeWhole(`${answerTo(text.slice(0, end).trim())}\n`);
      text = text.slice(end + 1);
    }
  }
}

function writeWhole(text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}

/**
 * The whole task of the child process: prints raw entries by name, one line of JSON each, in order; or answers questions
 * about connections.
 */
export function answerApart(names: readonly string[]): void {
  if (names.length === 1 && names[0] === connectionsTask) return serveConnections();
  for (const name of names) writeSync(1, `${JSON.stringify(answer(name))}\n`);
}
