import { decodeDiagRecords, decodeProcNetRecords, pickDiag, pickProcNet } from '../facts/decode/linux-counters.ts';
import { decodeHolders, decodeStarted, tcpState } from '../facts/decode/linux-sockets.ts';
import { diagTables, holdingStates, procTables } from '../facts/decode/linux-tables.ts';
import type { RawSource } from '../system/raw.ts';
import { noCounter, type SocketRecord } from '../facts/decode/socket-record.ts';
import type { ListRequest, Lister, Lists, SocketList } from './lists.ts';

type Protocol = 'TCP' | 'UDP';

/** include/net/tcp_states.h */
const ESTABLISHED = 1;
const SYN_RECV = 3;
const FIN_WAIT2 = 5;
const TIME_WAIT = 6;
const CLOSE_WAIT = 8;
const NEW_SYN_RECV = 12;
const waiting = new Set([ESTABLISHED, SYN_RECV, CLOSE_WAIT, NEW_SYN_RECV]);
/** The kernel has counters only for connections that it has a whole socket for. */
const withoutSocket = new Set([TIME_WAIT, NEW_SYN_RECV]);
const withoutCounters = new Set([...withoutSocket, ...holdingStates.TCP]);

const noBytes = 'Linux does not count the bytes of a UDP socket';

/** Why a socket has no counters although counters were requested. */
function missing(protocol: Protocol, { state, received, retransmits }: SocketRecord): string | null {
  if (protocol === 'UDP') return noBytes;
  // Once its program has closed it, a connection may be in this state without a socket.
  const isLeft = state === FIN_WAIT2 && retransmits === noCounter;
  return received !== noCounter || isLeft || withoutCounters.has(state)
    ? null
    : 'this kernel does not count the bytes of a connection';
}

interface Found {
  readonly lists: SocketList[];
  /** Why sockets may be missing. */
  readonly flaws: string[];
  /** The names of the lists with flaws. */
  readonly incomplete: string[];
}

function diagLists(source: RawSource, protocol: Protocol, { counters, holding: only }: ListRequest): Found {
  const lists: SocketList[] = [];
  const flaws: string[] = [];
  const incomplete: string[] = [];
  const reasonOf: SocketList['reasonOf'] = (record) => (counters ? missing(protocol, record) : null);
  for (const name of diagTables[protocol]) {
    const { at, bytes, refusal } = source.read(name, {
      counters,
      ...(only ? { states: holdingStates[protocol] } : {}),
    });
    const decoded = bytes === undefined ? null : decodeDiagRecords(protocol, bytes);
    const flaw = decoded === null ? (refusal?.text ?? 'the answer is not readable') : decoded.flaw;
    if (flaw !== null) {
      flaws.push(`${name}: ${flaw}`);
      incomplete.push(name);
    }
    if (decoded === null) continue;
    const pick: SocketList['pick'] = (records) => ({ at, bytes: pickDiag(bytes!, records) });
    lists.push({ name, protocol, records: decoded.data, pick, reasonOf });
  }
  return { lists, flaws, incomplete };
}

function procLists(source: RawSource, protocol: Protocol, reason: string): Found {
  const lists: SocketList[] = [];
  const flaws: string[] = [];
  const incomplete: string[] = [];
  const reasonOf: SocketList['reasonOf'] = ({ state }) =>
    protocol === 'TCP' && withoutSocket.has(state) ? null : reason;
  for (const name of procTables[protocol]) {
    const { at, text, refusal } = source.read(name);
    if (text === undefined) {
      // If the kernel has no IPv6, this file and such sockets do not exist.
      if (!(name.endsWith('6') && refusal?.code === 'NotSupported' && lists.length > 0)) {
        flaws.push(`${name}: ${refusal?.text ?? 'the answer is not readable'}`);
        incomplete.push(name);
      }
      continue;
    }
    const pick: SocketList['pick'] = (records) => ({ at, text: pickProcNet(text, records) });
    lists.push({ name, protocol, records: decodeProcNetRecords(protocol, text), pick, reasonOf });
  }
  return { lists, flaws, incomplete };
}

/** For each protocol: null if sock_diag worked, otherwise why /proc/net is read instead. */
type Used = Map<Protocol, string | null>;

/**
 * Lists the sockets of a protocol, from sock_diag or, if that fails, from /proc/net, as gathering does. Both have other
 * numbers for the same sockets, so that the one that worked first is kept.
 */
function listsOf(
  source: RawSource,
  protocol: Protocol,
  { request, used }: { request: ListRequest; used: Used },
): Found {
  const before = used.get(protocol);
  if (typeof before === 'string') return procLists(source, protocol, before);
  const diag = diagLists(source, protocol, request);
  if (diag.flaws.length === 0) used.set(protocol, null);
  if (diag.flaws.length === 0 || before === null) return diag;
  const reason = `the counters are in sock_diag, which failed: ${diag.flaws[0]}`;
  const proc = procLists(source, protocol, reason);
  if (proc.lists.length > 0) {
    used.set(protocol, reason);
    return proc;
  }
  return {
    lists: diag.lists,
    flaws: [...diag.flaws, ...proc.flaws],
    incomplete: [...diag.incomplete, ...proc.incomplete],
  };
}

/** Lists the sockets of a live or recorded Linux machine. `clock` never jumps. */
export function linuxLister(source: RawSource, clock: () => number): Lister {
  const used: Used = new Map();
  return {
    list(request): Lists {
      const at = clock();
      const found = request.protocols.map((protocol) => listsOf(source, protocol, { request, used }));
      return {
        at,
        lists: found.flatMap(({ lists }) => lists),
        gaps: found.flatMap(({ flaws }) => flaws),
        incomplete: new Set(found.flatMap(({ incomplete }) => incomplete)),
      };
    },
    stateName: (protocol, { state, localPort }) => (protocol === 'TCP' ? tcpState(state, localPort) : null),
    isHolding: (protocol, { state }) => holdingStates[protocol].includes(state),
    holding(inodes) {
      const entry = source.read('holders', { inodes });
      const started = decodeStarted(entry.meta?.['started']);
      // Most sockets have one holder, and most holders hold several.
      const alone = new Map<number, string>();
      const one = (pid: number): string => {
        let text = alone.get(pid);
        if (text === undefined) alone.set(pid, (text = `${pid}:${started.get(pid) ?? ''}`));
        return text;
      };
      const byInode = decodeHolders(entry.bytes ?? new Uint8Array(0), inodes);
      return {
        name: 'holders',
        entry,
        of(inode) {
          const pids = byInode.get(inode);
          if (pids === undefined) return undefined;
          return pids.length === 1
            ? one(pids[0]!)
            : [...new Set(pids)]
                .sort((a, b) => a - b)
                .map(one)
                .join(' ');
        },
      };
    },
    isWaiting: ({ holder, state }) => holder === 0 && waiting.has(state),
    counters: null,
    names: [...Object.values(diagTables), ...Object.values(procTables)].flat(),
    alsoGiven: new Map(),
    close() {},
  };
}
