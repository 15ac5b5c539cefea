import { decodeTableRecords, pickRows } from '../facts/decode/windows-records.ts';
import type { SocketRecord } from '../facts/decode/socket-record.ts';
import { tcpState, tcpStateName, type SocketTable } from '../facts/decode/windows-sockets.ts';
import type { RawEntry, RawSource } from '../system/raw.ts';
import type { Lister, Lists, SocketList } from './lists.ts';

type Protocol = 'TCP' | 'UDP';

const tables: Readonly<Record<Protocol, readonly SocketTable[]>> = { TCP: ['tcp4', 'tcp6'], UDP: ['udp4', 'udp6'] };

/** Sockets that are bound but not listening take a child process for each look, and are left out. */
const leftOut: RawEntry = { at: '', refusal: { code: 'NotSupported', text: 'bound sockets are not looked at' } };

function listOf(source: RawSource, protocol: Protocol, table: SocketTable): { list?: SocketList; gap?: string } {
  const { at, bytes, refusal } = source.read(table);
  if (bytes === undefined) return { gap: `${table}: ${refusal?.text ?? 'the answer is not readable'}` };
  const { data, flaw } = decodeTableRecords(table, bytes);
  return {
    list: {
      name: table,
      protocol,
      records: data,
      pick: (records) => ({ at, bytes: pickRows(table, bytes, records) }),
      reasonOf: () => null,
    },
    ...(flaw === null ? {} : { gap: flaw }),
  };
}

/** Lists the sockets of a live or recorded Windows machine. `clock` never jumps. */
export function windowsLister(source: RawSource, clock: () => number): Lister {
  return {
    list({ protocols }): Lists {
      const at = clock();
      const found = protocols.flatMap((protocol) => tables[protocol].map((table) => listOf(source, protocol, table)));
      return {
        at,
        lists: found.flatMap(({ list }) => list ?? []),
        gaps: found.flatMap(({ gap }) => gap ?? []),
      };
    },
    stateName: (protocol, { state }: SocketRecord) => (protocol === 'TCP' ? tcpStateName(state) : null),
    isHolding: (protocol, { state }) => protocol === 'UDP' || state === tcpState.listen || state === tcpState.bound,
    holding: null,
    isWaiting: () => false,
    alsoGiven: new Map([
      ['bound4', leftOut],
      ['bound6', leftOut],
    ]),
    close() {},
  };
}
