// What the view knows after a look: the sockets with their rates, and what opened or closed.
import { changes } from '../changes.ts';
import { rates } from '../rates.ts';
import { sumOf } from '../sums.ts';
import type { LiveSocket, Look, Rates } from '../look.ts';

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
  /** The traffic of the last looks, sent and received, oldest first. */
  readonly history: readonly (number | null)[];
}

export const firstScene = (look: Look): ViewScene => ({
  look,
  rates: new Map(),
  opened: new Set(),
  gone: new Map(),
  changes: { opened: 0, closed: 0 },
  traffic: { send: null, receive: null },
  history: [],
});

/** The scene after another look. */
export function nextScene(before: ViewScene, look: Look): ViewScene {
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
  const now = rates(before.look, look);
  const traffic: { send: number | null; receive: number | null } = { send: null, receive: null };
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
    history: [...before.history, sumOf([traffic.send, traffic.receive])].slice(-longestHistory),
  };
}
