import { counted } from '../io/counted.ts';
import { noCounter, type SocketRecord } from '../facts/decode/socket-record.ts';
import type { Detail } from '../facts/model/question.ts';
import type { RowFilter } from '../ownership/filter.ts';
import { isOwnerDenied, type OwnedEndpoint } from '../ownership/owned.ts';
import { portMatcher } from '../ports/expression.ts';
import type { Place } from '../ports/place.ts';
import type { LiveSource } from '../system/live.ts';
import type { RawEntry, RawSource } from '../system/raw.ts';
import type { Holding, Lister, SocketList } from './lists.ts';
import type { Counters, LiveOwner, LiveSocket, Look } from './look.ts';
import { ownersOf, remembering } from './owners.ts';

type Protocol = 'TCP' | 'UDP';

/** Which sockets to look at, and what of them. */
export interface LookRequest {
  /** Local ports; null for all. */
  readonly spans: readonly Place[] | null;
  /** In addition, the sockets of these processes. */
  readonly pids: ReadonlySet<number>;
  readonly protocols: readonly Protocol[];
  /** Whether to include connections and all other states, not only sockets that hold a port. */
  readonly all: boolean;
  /** Selects among these; null selects all. */
  readonly filter: RowFilter | null;
  /** Whether the counters of connections are wanted. Without them, a look costs less. */
  readonly counters: boolean;
  /** Whether owners are wanted. Without them, a look costs much less. */
  readonly owners: boolean;
  /** The home folder of the person who reads the answer, to show where programs run; null if there is none. */
  readonly home: string | null;
}

/** Every socket with its owner and counters. */
export const lookAtAll: LookRequest = {
  spans: null,
  pids: new Set(),
  protocols: ['TCP', 'UDP'],
  all: true,
  filter: null,
  counters: true,
  owners: true,
  home: null,
};

/** Looks at the sockets of a machine again and again. */
export interface Looker {
  /**
   * `wanted`: the keys of the connections whose statistics are wanted, such as those on the screen; without it, all that are
   * selected. It matters only where statistics have to be switched on for each connection (Windows).
   */
  look: (wanted?: ReadonlySet<string>) => Promise<Look>;
  /** Ends it: nothing stays switched on. */
  close: () => void;
}

/** The clocks of a looker; a test has its own. */
export interface Clocks {
  readonly clock: () => number;
  readonly now: () => Date;
}

/** A socket may be handed to another process. Searching all processes is expensive, so only every so many looks do. */
const looksBetweenSearches = 5;

const notQueried: LiveOwner = { pid: null, startTime: null, imageName: null, application: null, owner: 'not queried' };

/** A socket without a holder may have been closed since it was listed: only after a second search, its owner is unknown. */
type Misses = 0 | 1 | 2;
const mostMisses = 2;

/** A socket that was seen. */
interface Seen {
  readonly key: string;
  readonly protocol: Protocol;
  record: SocketRecord;
  socket: LiveSocket;
  /** What is known of it, for the filter. */
  row: OwnedEndpoint;
  isSelected: boolean;
  /** Who held it when its owner was determined. */
  holders: string | undefined;
  /** How many searches in a row found nobody who holds it: 0, 1, or more. */
  misses: Misses;
  /** The number of the last look that saw it. */
  look: number;
}

const given = (counter: number): number | null => (counter === noCounter ? null : counter);

function countersOf(record: SocketRecord): Counters {
  const { sent, received, roundTrip, retransmits, receiveQueue, sendQueue, drops } = record;
  return {
    sent: given(sent),
    received: given(received),
    roundTrip: roundTrip === noCounter ? null : roundTrip / 1000,
    retransmits: given(retransmits),
    receiveQueue: given(receiveQueue),
    sendQueue: given(sendQueue),
    drops: given(drops),
  };
}

const sameCounters = (a: SocketRecord, b: SocketRecord): boolean =>
  a.sent === b.sent &&
  a.received === b.received &&
  a.roundTrip === b.roundTrip &&
  a.retransmits === b.retransmits &&
  a.receiveQueue === b.receiveQueue &&
  a.sendQueue === b.sendQueue &&
  a.drops === b.drops;

/** The owner of an endpoint; why it is unknown, if it is. */
function ownerOf({ OwningProcess, StartTime, ImageName, Application, Owner, refusals }: OwnedEndpoint): LiveOwner {
  const why = refusals.find(({ field }) => field === 'OwningProcess')?.text;
  return {
    // Windows reports 0 for a connection that has outlived its process.
    pid: OwningProcess === 0 ? null : OwningProcess,
    startTime: StartTime,
    imageName: ImageName,
    application: Application,
    owner: Owner ?? (why === undefined ? 'unknown' : `unknown: ${why}`),
  };
}

const sameOwner = (a: LiveOwner, b: LiveOwner): boolean =>
  a.pid === b.pid && a.startTime === b.startTime && a.owner === b.owner && a.imageName === b.imageName;

const endsOf = ({ protocol, localAddress, localPort, remoteAddress, remotePort }: LiveSocket): string =>
  `${protocol} ${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;

/** States in which a connection has no file descriptor anymore; the kernel may list it as a new object. */
const closing = new Set<string | null>(['TimeWait', 'FinWait1', 'FinWait2', 'Closing', 'LastAck']);
const accepting = new Set<string | null>(['SynReceived', 'Established', 'CloseWait']);

/** Whether a socket that is listed as a new one is the rest of this connection, or what became of it when it was accepted. */
function continues(before: Seen, record: SocketRecord, state: string | null): boolean {
  if (before.socket.state === 'TimeWait' || before.protocol !== 'TCP') return false;
  if (record.holder === 0) return closing.has(state) && before.socket.remotePort !== null;
  // Without sock_diag, only the inode identifies a socket, and a connection gets one when it is accepted.
  return before.record.holder === 0 && typeof record.id === 'string' && accepting.has(before.socket.state);
}

/**
 * The key of a new socket. A number is a cookie, which the kernel never gives again; a text may be that of a later socket,
 * too, so that a number is added. On Windows, it is bytes.
 */
function keyFor(protocol: Protocol, id: number | string, memory: Memory): string {
  if (typeof id === 'number') return `${protocol} ${id}`;
  const text = /[^ -~]/.test(id) ? Buffer.from(id, 'latin1').toString('hex') : id;
  return `${protocol} ${text} #${++memory.opened}`;
}

/** A socket whose ends and owner are to be determined. */
interface Pending {
  readonly list: SocketList;
  readonly record: SocketRecord;
  /** Null: a new one. */
  readonly seen: Seen | null;
}

/** The tests that select sockets. */
interface Selection {
  /** By the number of the local port alone. */
  readonly port: (port: number) => boolean;
  /** By everything that is known. */
  readonly row: (row: OwnedEndpoint) => boolean;
}

async function selectionOf({ spans, pids, filter }: LookRequest): Promise<Selection> {
  const places = spans?.some(({ protocol, address }) => protocol !== undefined || address !== undefined) === true;
  const isThere = places ? (await import('../ports/place.ts')).placeMatcher(spans) : null;
  const onPort = portMatcher(spans);
  const hasPids = pids.size > 0;
  const test = filter === null ? null : (await import('../ownership/filter.ts')).rowFilter(filter);
  const isOf = ({ OwningProcess, Holders }: OwnedEndpoint): boolean =>
    (OwningProcess !== null && pids.has(OwningProcess)) || (Holders?.some((pid) => pids.has(pid)) ?? false);
  const isAt = ({ Protocol, LocalAddress, LocalPort }: OwnedEndpoint): boolean =>
    isThere === null ? onPort(LocalPort!) : isThere(Protocol, LocalAddress, LocalPort);
  return {
    // An empty list of ports beside processes selects none.
    port: hasPids ? () => true : onPort,
    row: (row) =>
      (hasPids ? isOf(row) || isAt(row) : isThere === null || isAt(row)) && (test === null || test(row) === true),
  };
}

const detailsOf = ({ owners, filter, pids }: LookRequest): ReadonlySet<Detail> => {
  if (!owners && filter === null && pids.size === 0) return new Set();
  return new Set<Detail>(['owner', 'services', ...(filter?.users == null ? [] : ['user' as const])]);
};

/** What a looker remembers between its looks. */
interface Memory {
  /** By list and ID. */
  readonly seen: Map<string, Map<number | string, Seen>>;
  /** The number of the current look, and of the last one that searched for holders. */
  look: number;
  searched: number;
  /** The number of sockets that got a number of their own. */
  opened: number;
  /** Those of the last look, and whether any has changed since. */
  sockets: ReadonlyMap<string, LiveSocket>;
  all: ReadonlyMap<string, LiveSocket>;
  isChanged: boolean;
  gaps: readonly string[];
}

interface Context {
  readonly request: LookRequest;
  readonly source: RawSource;
  readonly lister: Lister;
  readonly selection: Selection;
  readonly details: ReadonlySet<Detail>;
  readonly clock: () => number;
  readonly now: () => Date;
  readonly memory: Memory;
}

/** Whether an ID that is no cookie now belongs to another connection: the ends of one never change. */
function isReused({ protocol, record: before }: Seen, record: SocketRecord, lister: Lister): boolean {
  if (typeof record.id === 'number' || protocol === 'UDP' || before.ends === record.ends) return false;
  return !lister.isHolding(protocol, before);
}

/** Compares a list with what was seen: updates what has other counters or another state, and returns the rest. */
function compare(list: SocketList, { request, lister, selection, memory }: Context): Pending[] {
  const { name, protocol, records } = list;
  let known = memory.seen.get(name);
  if (known === undefined) memory.seen.set(name, (known = new Map()));
  const pending: Pending[] = [];
  for (const record of records) {
    if (!selection.port(record.localPort)) continue;
    const isHolding = lister.isHolding(protocol, record);
    // A socket without a port has only been created.
    if (record.localPort === 0 || (!isHolding && !request.all)) continue;
    let seen = known.get(record.id);
    if (seen !== undefined && isReused(seen, record, lister)) {
      // Until the end of this look, it may turn out what became of the former one.
      known.set(`former ${memory.look} ${record.id}`, seen);
      seen = undefined;
    }
    if (seen === undefined) {
      pending.push({ list, record, seen: null });
      continue;
    }
    seen.look = memory.look;
    const before = seen.record;
    seen.record = record;
    if (
      before.holder !== record.holder ||
      before.ends !== record.ends ||
      isHolding !== (seen.socket.remotePort === null)
    )
      pending.push({ list, record, seen });
    else update(seen, before, { list, lister, selection, memory });
  }
  return pending;
}

/** Updates the state and the counters of a socket whose ends and owner are the same. */
function update(
  seen: Seen,
  before: SocketRecord,
  { list, lister, selection, memory }: Pick<Context, 'lister' | 'selection' | 'memory'> & { readonly list: SocketList },
): void {
  const { record } = seen;
  const sameState = before.state === record.state;
  if (sameState && sameCounters(before, record)) return;
  if (!sameState) {
    seen.row = { ...seen.row, State: lister.stateName(seen.protocol, record) as OwnedEndpoint['State'] };
    seen.isSelected = selection.row(seen.row);
  }
  seen.socket = {
    ...seen.socket,
    state: seen.row.State,
    // Counters that are read separately are still to come.
    ...(lister.counters === null ? { counters: countersOf(record), reason: list.reasonOf(record) } : {}),
  };
  memory.isChanged = true;
}

/** The inodes or PIDs of everything that is seen, and of new sockets. */
function holdersOf({ seen }: Memory, pending: readonly Pending[]): Set<number> {
  const all = new Set<number>();
  for (const list of seen.values())
    for (const { record } of list.values()) if (record.holder !== 0) all.add(record.holder);
  for (const { record } of pending) if (record.holder !== 0) all.add(record.holder);
  return all;
}

const oneMore = (misses: Misses): Misses => (misses === 0 ? 1 : mostMisses);

/** Whether a socket has other holders now. */
function isHandedOver(seen: Seen, holders: string | undefined): boolean {
  const { misses } = seen;
  seen.misses = holders === undefined ? oneMore(misses) : 0;
  return holders === undefined ? misses < seen.misses && seen.misses === mostMisses : seen.holders !== holders;
}

/** Searches for the holders of all sockets, if there is reason to. Sockets with other holders become pending. */
function search(
  lists: readonly SocketList[],
  pending: Pending[],
  { lister, details, memory }: Context,
): Holding | null {
  if (details.size === 0 || lister.holding === null) return null;
  const isDue = memory.look - memory.searched >= looksBetweenSearches;
  if (!isDue && !pending.some(({ record }) => record.holder !== 0)) return null;
  memory.searched = memory.look;
  const holding = lister.holding(holdersOf(memory, pending));
  const already = new Set(pending.map(({ record }) => record));
  for (const list of lists)
    for (const seen of memory.seen.get(list.name)?.values() ?? [])
      if (
        seen.look === memory.look &&
        seen.record.holder !== 0 &&
        !already.has(seen.record) &&
        isHandedOver(seen, holding.of(seen.record.holder))
      )
        pending.push({ list, record: seen.record, seen });
  return holding;
}

const notListed: RawEntry = { at: '', refusal: { code: 'NotSupported', text: 'it was not listed' } };

/** Determines the ends and owners of pending sockets: the endpoints in the order of `pending`. */
async function resolve(
  lists: readonly SocketList[],
  pending: readonly Pending[],
  { holding, context }: { readonly holding: Holding | null; readonly context: Context },
): Promise<Map<SocketRecord, OwnedEndpoint>> {
  const { request, source, lister, details, now } = context;
  const wanted = new Set(pending.map(({ record }) => record));
  const waitingOn = new Set(pending.flatMap(({ record }) => (lister.isWaiting(record) ? [record.localPort] : [])));
  const entries = new Map<string, RawEntry>(lister.alsoGiven);
  // Only the sockets that were listed, in their order: a list that failed then may not fail now.
  for (const name of lister.names) entries.set(name, notListed);
  const order: SocketRecord[] = [];
  for (const list of lists) {
    // The owner of a listener is that of the connections that wait for it.
    const isNeeded = (record: SocketRecord): boolean =>
      wanted.has(record) || (waitingOn.has(record.localPort) && lister.isHolding(list.protocol, record));
    const records = list.records.filter(isNeeded);
    entries.set(list.name, list.pick(records));
    for (const record of records) order.push(record);
  }
  if (holding !== null) entries.set(holding.name, holding.entry);
  const rows = await ownersOf(source, entries, { ...request, details, now });
  // Whose they are cannot be told then; the next look tries again.
  if (rows.length !== order.length) return new Map();
  return new Map(rows.map((row, i) => [order[i]!, row]));
}

function socketOf(key: string, row: OwnedEndpoint, { list, record }: Pending, hasOwners: boolean): LiveSocket {
  return {
    key,
    protocol: list.protocol,
    localAddress: row.LocalAddress!,
    localPort: record.localPort,
    remoteAddress: row.RemoteAddress,
    remotePort: row.RemotePort,
    state: row.State,
    owner: hasOwners ? ownerOf(row) : notQueried,
    counters: countersOf(record),
    reason: list.reasonOf(record),
  };
}

interface Resolved {
  readonly holding: Holding | null;
  readonly incomplete: ReadonlySet<string>;
  readonly context: Context;
}

/** Stores what was resolved. New sockets that continue one that is gone take its key. */
function store(
  pending: readonly Pending[],
  rows: ReadonlyMap<SocketRecord, OwnedEndpoint>,
  { holding, incomplete, context }: Resolved,
): void {
  const { selection, details, memory } = context;
  let gone: Map<string, Seen> | undefined;
  for (const one of pending) {
    const { list, record, seen } = one;
    const row = rows.get(record);
    if (row === undefined) continue;
    let socket = socketOf(seen?.key ?? keyFor(list.protocol, record.id, memory), row, one, details.size > 0);
    let before = seen;
    if (before === null) {
      const last = (gone ??= goneByEnds(memory, incomplete)).get(endsOf(socket));
      if (last !== undefined && continues(last, record, socket.state)) {
        socket = { ...socket, key: last.key };
        gone.delete(endsOf(socket));
        before = last;
      }
    }
    const holders = holding?.of(record.holder);
    const isMissed = holding !== null && record.holder !== 0 && holders === undefined;
    // The owner of a new one has been searched only now.
    const misses = isMissed ? (before === null ? mostMisses : oneMore(before.misses)) : 0;
    if (before !== null && (misses === 1 || sameOwner(before.socket.owner, socket.owner)))
      socket = { ...socket, owner: before.socket.owner };
    memory.seen.get(list.name)!.set(record.id, {
      key: socket.key,
      protocol: list.protocol,
      record,
      socket,
      row,
      isSelected: selection.row(row),
      holders: holding === null ? seen?.holders : holders,
      misses,
      look: memory.look,
    });
    memory.isChanged = true;
  }
}

/** The connections that the current look no longer lists, by their ends. */
function goneByEnds({ seen, look }: Memory, incomplete: ReadonlySet<string>): Map<string, Seen> {
  const gone = new Map<string, Seen>();
  for (const [name, list] of seen) {
    if (incomplete.has(name)) continue;
    for (const one of list.values()) if (one.look !== look && one.protocol === 'TCP') gone.set(endsOf(one.socket), one);
  }
  return gone;
}

/**
 * Forgets what the current look did not list, and tells which sockets are there. What an incomplete list lacks may be there:
 * it is as it was.
 */
function settle(memory: Memory, incomplete: ReadonlySet<string>): void {
  for (const [name, list] of memory.seen)
    for (const [id, seen] of list)
      if (seen.look !== memory.look && !incomplete.has(name)) {
        list.delete(id);
        memory.isChanged = true;
      }
  if (!memory.isChanged) return;
  const sockets = new Map<string, LiveSocket>();
  const others: LiveSocket[] = [];
  for (const list of memory.seen.values())
    for (const { key, socket, isSelected } of list.values())
      if (isSelected) sockets.set(key, socket);
      else others.push(socket);
  memory.sockets = sockets;
  memory.all = others.length === 0 ? sockets : new Map([...sockets, ...others.map((one) => [one.key, one] as const)]);
}

/** Says of how many sockets the owner cannot be seen, and why. */
function hiddenText({ seen }: Memory): string[] {
  const counts = new Map<string, number>();
  for (const list of seen.values())
    for (const { row, isSelected } of list.values()) {
      if (!isSelected || !isOwnerDenied(row)) continue;
      const { text, needs } = row.refusals.find(({ field }) => field === 'OwningProcess')!;
      const why = needs === null ? text : `${text} (needs ${needs})`;
      counts.set(why, (counts.get(why) ?? 0) + 1);
    }
  return [...counts].map(([why, count]) => `the owner of ${counted(count, 'socket')} cannot be seen: ${why}`);
}

/** Reads the counters of the selected sockets, where their list has none. `keys`: of those that are wanted. */
async function count({ request, lister, memory }: Context, keys: ReadonlySet<string> | undefined): Promise<void> {
  if (lister.counters === null || !request.counters) return;
  const listed = [...memory.seen].flatMap(([list, known]) =>
    [...known.values()]
      .filter(({ isSelected, look }) => isSelected && look === memory.look)
      .map((seen) => ({ list, seen, record: seen.record, isWanted: keys?.has(seen.key) ?? true })),
  );
  const measured = await lister.counters(listed);
  for (const { seen } of listed) {
    const found = measured.get(seen.record);
    if (found === undefined) continue;
    const { reason, ...counters } = found;
    const { socket } = seen;
    const after = countersOf({ ...seen.record, ...counters });
    const isSame = (Object.keys(after) as (keyof Counters)[]).every((name) => socket.counters[name] === after[name]);
    if (isSame && socket.reason === reason) continue;
    seen.socket = { ...socket, counters: isSame ? socket.counters : after, reason };
    memory.isChanged = true;
  }
}

async function lookAgain(context: Context, wanted: ReadonlySet<string> | undefined): Promise<Look> {
  const { request, lister, selection, details, clock, now, memory } = context;
  memory.look++;
  memory.isChanged = memory.look === 1;
  const { protocols, counters, all } = request;
  const listed = await lister.list({ protocols, counters, holding: !all, port: selection.port });
  const { lists, gaps, incomplete } = listed;
  const time = now().toISOString();
  const pending = lists.flatMap((list) => compare(list, context));
  const holding = search(lists, pending, context);
  const rows = pending.length === 0 ? null : await resolve(lists, pending, { holding, context });
  if (rows !== null) store(pending, rows, { holding, incomplete, context });
  // Rates are over the time between the counters.
  const at = lister.counters === null || !counters ? listed.at : clock();
  await count(context, wanted);
  settle(memory, incomplete);
  if (memory.isChanged) memory.gaps = details.size === 0 ? [] : hiddenText(memory);
  return {
    at,
    time,
    sockets: memory.sockets,
    all: memory.all,
    gaps: [...gaps, ...(rows?.size === 0 ? [`${pending.length} sockets could not be determined`] : []), ...memory.gaps],
  };
}

/** Starts to look at this machine. Its looks must not overlap. Throws PO1001 or PO1004 for an invalid filter. */
export async function startLooking(
  live: LiveSource,
  request: LookRequest,
  { clock = () => performance.now(), now = () => new Date() }: Partial<Clocks> = {},
): Promise<Looker> {
  const source = remembering(live.source, clock);
  const context: Context = {
    request,
    source,
    lister:
      source.platform === 'win32'
        ? (await import('./windows.ts')).windowsLister(source, { clock, statistics: live.statistics ?? null })
        : (await import('./linux.ts')).linuxLister(source, clock),
    selection: await selectionOf(request),
    details: detailsOf(request),
    clock,
    now,
    memory: {
      seen: new Map(),
      look: 0,
      searched: 0,
      opened: 0,
      sockets: new Map(),
      all: new Map(),
      isChanged: false,
      gaps: [],
    },
  };
  return {
    look: async (wanted) => lookAgain(context, wanted),
    close() {
      context.lister.close();
      live.close();
    },
  };
}
