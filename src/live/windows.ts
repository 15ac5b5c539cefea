import { noCounter, type SocketRecord } from '../facts/decode/socket-record.ts';
import { decodeTableRecords, pickRows } from '../facts/decode/windows-records.ts';
import { tcpState, tcpStateName, type SocketTable } from '../facts/decode/windows-sockets.ts';
import { connectionRow, decodeStatistics, isLoopbackRow } from '../facts/decode/windows-statistics.ts';
import { notWanted } from './look.ts';
import type { ConnectionStatistics } from '../system/live.ts';
import type { RawEntry, RawSource } from '../system/raw.ts';
import type { ListedSocket, Lister, Lists, Measurement, SocketList } from './lists.ts';

type Protocol = 'TCP' | 'UDP';

const tables: Readonly<Record<Protocol, readonly SocketTable[]>> = { TCP: ['tcp4', 'tcp6'], UDP: ['udp4', 'udp6'] };

/** Sockets that are bound but not listening take a child process for each look, and are left out. */
const leftOut: RawEntry = { at: '', refusal: { code: 'NotSupported', text: 'bound sockets are not looked at' } };

interface Listed {
  readonly name: SocketTable;
  readonly list?: SocketList;
  readonly bytes?: Uint8Array;
  readonly gap?: string;
}

function listOf(source: RawSource, protocol: Protocol, table: SocketTable): Listed {
  const { at, bytes, refusal } = source.read(table);
  if (bytes === undefined) return { name: table, gap: `${table}: ${refusal?.text ?? 'the answer is not readable'}` };
  const { data, flaw } = decodeTableRecords(table, bytes);
  return {
    name: table,
    list: {
      name: table,
      protocol,
      records: data,
      pick: (records) => ({ at, bytes: pickRows(table, bytes, records) }),
      reasonOf: () => null,
    },
    bytes,
    ...(flaw === null ? {} : { gap: flaw }),
  };
}

const none = { sent: noCounter, received: noCounter, roundTrip: noCounter, retransmits: noCounter } as const;
const without = (reason: string | null): Measurement => ({ ...none, reason });

const noBytes = 'Windows does not count the bytes of a UDP socket';
const noLoopback = 'Windows has no statistics for connections of this machine with itself';
const states = { established: 5, finWait1: 6, finWait2: 7, closeWait: 8, closing: 9, lastAck: 10 } as const;
/** The states in which a connection has statistics. */
const connected = new Set<number>(Object.values(states));

/** Why a socket has no statistics by nature; undefined if it has them. */
function natural(table: SocketTable, row: Uint8Array, { state }: SocketRecord): Measurement | undefined {
  if (table === 'udp4' || table === 'udp6') return without(noBytes);
  if (!connected.has(state)) return without(null);
  return isLoopbackRow(table, row) ? without(noLoopback) : undefined;
}

const reasonOf = (text: string, needs: string | undefined): string =>
  needs === undefined ? text : `${text} (needs ${needs})`;

/** Reads the statistics of these sockets of the last lists. */
async function measure(
  sockets: readonly ListedSocket[],
  bytes: ReadonlyMap<string, Uint8Array>,
  statistics: ConnectionStatistics | null,
): Promise<Map<SocketRecord, Measurement>> {
  const found = new Map<SocketRecord, Measurement>();
  const asked: SocketRecord[] = [];
  const rows: Uint8Array[] = [];
  for (const { list, record, isWanted } of sockets) {
    const table = list as SocketTable;
    const row = bytes.get(list)!.subarray(record.start, record.end);
    const own = natural(table, row, record);
    if (own !== undefined || !isWanted) {
      found.set(record, own ?? without(notWanted));
      continue;
    }
    asked.push(record);
    rows.push(connectionRow(table as 'tcp4' | 'tcp6', row));
  }
  // Without rows, it still has to switch off what it has switched on.
  const answer = statistics === null ? null : await statistics.read(rows);
  asked.forEach((record, i) => {
    if (answer === null) found.set(record, without('this recording has no statistics'));
    else if ('refusal' in answer) found.set(record, without(reasonOf(answer.refusal.text, answer.refusal.needs)));
    else found.set(record, decodeStatistics(answer.bytes, i) ?? without('the child process gave no statistics'));
  });
  return found;
}

/** Lists the sockets of a live or recorded Windows machine. `clock` never jumps. */
export function windowsLister(
  source: RawSource,
  { clock, statistics }: { readonly clock: () => number; readonly statistics: ConnectionStatistics | null },
): Lister {
  let bytes: ReadonlyMap<string, Uint8Array> = new Map();
  return {
    list({ protocols }): Lists {
      const at = clock();
      const found = protocols.flatMap((protocol) => tables[protocol].map((table) => listOf(source, protocol, table)));
      bytes = new Map(found.flatMap((one) => (one.list === undefined ? [] : [[one.list.name, one.bytes!]])));
      return {
        at,
        lists: found.flatMap(({ list }) => list ?? []),
        gaps: found.flatMap(({ gap }) => gap ?? []),
        incomplete: new Set(found.flatMap(({ name, gap }) => (gap === undefined ? [] : [name]))),
      };
    },
    stateName: (protocol, { state }) => (protocol === 'TCP' ? tcpStateName(state) : null),
    isHolding: (protocol, { state }) => protocol === 'UDP' || state === tcpState.listen || state === tcpState.bound,
    holding: null,
    isWaiting: () => false,
    counters: async (sockets) => measure(sockets, bytes, statistics),
    names: Object.values(tables).flat(),
    alsoGiven: new Map([
      ['bound4', leftOut],
      ['bound6', leftOut],
    ]),
    close() {},
  };
}
