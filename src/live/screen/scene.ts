// What the view knows after a look: the sockets with their rates, and what opened or closed.
import { changes } from '../changes.ts';
import { connectionText, type Close } from '../closes.ts';
import { rates } from '../rates.ts';
import { sumOf } from '../sums.ts';
import { notWanted, type LiveOwner, type LiveSocket, type Look, type Rates } from '../look.ts';

/** For how many looks after the one that misses it a closed socket stays. */
const staysFor = 2;
/** The most values of the history line. */
const longestHistory = 400;

/** A socket that is shown although it is closed. */
interface Gone {
  readonly socket: LiveSocket;
  /** How many looks ago it was missed. */
  readonly age: number;
}

interface TotalRates {
  /** Whether they are those of some sockets: on Windows, of those on the screen. */
  readonly isPartial: boolean;
  /** Bytes per second; null if no socket's rate is known. */
  readonly send: number | null;
  readonly receive: number | null;
}

export interface ViewScene {
  readonly look: Look;
  readonly rates: ReadonlyMap<string, Rates>;
  readonly opened: ReadonlySet<string>;
  readonly gone: ReadonlyMap<string, Gone>;
  /** How many sockets opened and closed since the look before. */
  readonly changes: { readonly opened: number; readonly closed: number };
  readonly traffic: TotalRates;
  /** The traffic of the last looks, sent and received, oldest first; all of them partial, or none. */
  readonly history: readonly (number | null)[];
}

/** Whether the statistics of some sockets were not asked for; those of new ones never are. */
function isPartial({ sockets }: Look, opened: ReadonlySet<string>): boolean {
  for (const { key, reason } of sockets.values()) if (reason === notWanted && !opened.has(key)) return true;
  return false;
}

export const firstScene = (look: Look): ViewScene => ({
  look,
  rates: new Map(),
  opened: new Set(),
  gone: new Map(),
  changes: { opened: 0, closed: 0 },
  traffic: { isPartial: false, send: null, receive: null },
  history: [],
});

const noOwner: LiveOwner = {
  pid: null,
  startTime: null,
  imageName: null,
  application: null,
  owner: 'closed before a look',
};
/** More are no list that a person reads. */
const mostUnseen = 200;

/** A socket of which only a message tells that it was closed. */
function unseenSocket({
  key,
  protocol,
  localAddress,
  localPort,
  remoteAddress,
  remotePort,
  ...close
}: Close): LiveSocket {
  const { sent, received } = close;
  const counters = {
    sent,
    received,
    roundTrip: null,
    retransmits: null,
    receiveQueue: null,
    sendQueue: null,
    drops: null,
  };
  const ends = { localAddress, localPort, remoteAddress, remotePort };
  return { key, protocol, ...ends, state: null, owner: noOwner, counters, reason: null };
}

/** The sockets that opened and closed between two looks. */
function unseen(before: ViewScene, look: Look, closes: readonly Close[]): LiveSocket[] {
  const others = closes.filter(
    ({ key, localPort }) =>
      localPort !== 0 && !look.sockets.has(key) && !before.look.sockets.has(key) && !before.gone.has(key),
  );
  if (others.length === 0) return [];
  // The connection goes on without its socket, until it is closed, too.
  const lingering = new Set(
    [...look.sockets.values()].flatMap((one) => (one.state === 'TimeWait' ? [connectionText(one)] : [])),
  );
  return others
    .filter((close) => !lingering.has(connectionText(close)))
    .slice(0, mostUnseen)
    .map(unseenSocket);
}

/** The scene after another look. `closes`: the messages about closed sockets since the one before. */
export function nextScene(before: ViewScene, look: Look, closes: readonly Close[] = []): ViewScene {
  const gone = new Map<string, Gone>();
  for (const [key, { socket, age }] of before.gone) if (age < staysFor) gone.set(key, { socket, age: age + 1 });
  const opened = new Set<string>();
  let closed = 0;
  for (const { kind, socket } of changes(before.look, look)) {
    if (kind === 'Opened') opened.add(socket.key);
    if (kind !== 'Closed') continue;
    gone.set(socket.key, { socket, age: 0 });
    closed++;
  }
  for (const socket of unseen(before, look, closes)) {
    if (!gone.has(socket.key)) closed++;
    gone.set(socket.key, { socket, age: 0 });
  }
  const now = rates(before.look, look);
  const traffic = { isPartial: isPartial(look, opened), send: null as number | null, receive: null as number | null };
  for (const { send, receive } of now.values()) {
    if (send !== null) traffic.send = (traffic.send ?? 0) + send;
    if (receive !== null) traffic.receive = (traffic.receive ?? 0) + receive;
  }
  return {
    look,
    rates: now,
    opened,
    gone,
    changes: { opened: opened.size, closed },
    traffic,
    // The traffic of other sockets is not comparable.
    history: [
      ...(traffic.isPartial === before.traffic.isPartial ? before.history : []),
      sumOf([traffic.send, traffic.receive]),
    ].slice(-longestHistory),
  };
}
