import { placeMatcher, type Place } from '../ports/place.ts';
import type { SocketEvent } from '../schema/event.ts';
import type { Problem } from '../schema/problems.ts';
import { changes } from './changes.ts';
import { connectionText, type Close, type Closes } from './closes.ts';
import { gapProblems } from './gaps.ts';
import type { Change, LiveSocket, Look } from './look.ts';
import { pause } from './waiting.ts';
import { largestOf } from './sums.ts';

/** How often a burst of messages about closed sockets is read: the system keeps only a limited number. */
const readMs = 100;
/** A message can arrive after the look that no longer has the socket. */
const looksToRemember = 5;

/** Something that happened to a socket, and what is known of its life. */
export interface Happening {
  readonly time: string;
  readonly change: Change | null;
  /** The message about the closed socket, if there is one; with it alone, the socket was never seen open. */
  readonly close: Close | null;
  /** How long a closed socket was open, if it was opened while it was watched. */
  readonly lifetimeMs: number | null;
  readonly sent: number | null;
  readonly received: number | null;
}

/** How sockets are watched. */
export interface StepRequest {
  readonly look: () => Promise<Look>;
  readonly closes: Closes | null;
  /** The places of sockets that are never seen open; null for all. */
  readonly places: readonly Place[] | null;
  readonly intervalMs: number;
  /** When to end, in addition to `signal`: milliseconds after the start; null for never. */
  readonly forMs: number | null;
  readonly signal: AbortSignal;
}

/** A look, and what happened since the one before: nothing for the first. */
export interface Step {
  readonly look: Look;
  readonly before: Look | null;
  readonly happened: readonly Happening[];
  /** Whether messages about closed sockets were lost. */
  readonly isLossy: boolean;
}

/** What is known of an open socket. */
interface Life {
  /** By the clock of looks; null if it was open when watching began. */
  readonly opened: number | null;
  sent: number | null;
  received: number | null;
}

/** Turns looks into what happened between them, each difference exactly once. */
class History {
  readonly #lives = new Map<string, Life>();
  readonly #isThere: ReturnType<typeof placeMatcher>;
  /** The keys of the last closed sockets, newest first. */
  #gone: ReadonlySet<string>[] = [];
  #before: Look;

  constructor(first: Look, places: readonly Place[] | null) {
    this.#before = first;
    this.#isThere = placeMatcher(places);
    for (const socket of first.sockets.values()) this.#keep(socket, null);
  }

  /** `early`: messages that arrived before the look; `late`: after it, about sockets that it may still have. */
  next(look: Look, early: readonly Close[], late: readonly Close[]): Happening[] {
    const messages = new Map([...early, ...late].map((close) => [close.key, close]));
    const found = changes(this.#before, look);
    const gone = new Set(found.flatMap(({ kind, socket }) => (kind === 'Closed' ? [socket.key] : [])));
    const unseen = this.#unseen(early, look, gone).map((close) => this.#ofClose(close, look));
    const seen = found.map((change) => this.#ofChange(change, look, messages.get(change.socket.key) ?? null));
    if (this.#before.sockets !== look.sockets) for (const socket of look.sockets.values()) this.#keep(socket, look.at);
    for (const { key, sent, received } of messages.values()) this.#count(key, sent, received);
    for (const key of gone) this.#lives.delete(key);
    this.#gone = [gone, ...this.#gone].slice(0, looksToRemember);
    this.#before = look;
    const closes = seen.findIndex(({ change }) => change?.kind !== 'Closed');
    return seen.toSpliced(closes < 0 ? seen.length : closes, 0, ...unseen);
  }

  /** Of the messages, those about sockets that no look has or had. */
  #unseen(closes: readonly Close[], look: Look, gone: ReadonlySet<string>): Close[] {
    const candidates = closes.filter(
      ({ key, protocol, localAddress, localPort }) =>
        this.#isThere(protocol, localAddress, localPort) &&
        !look.sockets.has(key) &&
        !this.#before.sockets.has(key) &&
        !gone.has(key) &&
        !this.#gone.some((keys) => keys.has(key)),
    );
    if (candidates.length === 0) return candidates;
    // Its connection goes on without it, until it is closed, too.
    const lingering = new Set(
      [...look.sockets.values()].flatMap((one) => (one.state === 'TimeWait' ? [connectionText(one)] : [])),
    );
    return candidates.filter((close) => !lingering.has(connectionText(close)));
  }

  #keep({ key, counters: { sent, received } }: LiveSocket, opened: number | null): void {
    const life = this.#lives.get(key);
    if (life === undefined) this.#lives.set(key, { opened, sent, received });
    else this.#count(key, sent, received);
  }

  /** What is left of a socket in FIN_WAIT_2 or TIME_WAIT no longer has its counters: numbers never become smaller. */
  #count(key: string, sent: number | null, received: number | null): void {
    const life = this.#lives.get(key);
    if (life === undefined) return;
    life.sent = largestOf([life.sent, sent]);
    life.received = largestOf([life.received, received]);
  }

  #ofChange(change: Change, look: Look, close: Close | null): Happening {
    const { kind, socket } = change;
    const life = this.#lives.get(socket.key);
    const opened = kind === 'Closed' ? (life?.opened ?? null) : null;
    return {
      time: look.time,
      change,
      close,
      lifetimeMs: opened === null ? null : Math.round(look.at - opened),
      sent: largestOf([close?.sent, socket.counters.sent, life?.sent]),
      received: largestOf([close?.received, socket.counters.received, life?.received]),
    };
  }

  #ofClose(close: Close, { time }: Look): Happening {
    return { time, change: null, close, lifetimeMs: null, sent: close.sent, received: close.received };
  }
}

/** Waits until a time, and reads the messages about closed sockets that arrive. */
async function readUntil(time: number, { closes, signal }: StepRequest): Promise<Close[]> {
  const found: Close[] = [];
  for (let left = time - performance.now(); left > 0 && !signal.aborted; left = time - performance.now()) {
    await pause(closes === null ? left : Math.min(left, readMs), signal);
    for (const close of closes?.read() ?? []) found.push(close);
  }
  return found;
}

/** Watches sockets: the first step comes at once, each other one an interval later. */
export async function* watchSteps(watch: StepRequest): AsyncGenerator<Step> {
  const { look, closes, intervalMs, forMs, signal } = watch;
  const began = performance.now();
  const end = forMs === null ? Infinity : began + forMs;
  const first = await look();
  const history = new History(first, watch.places);
  // What was closed before is no difference between two looks.
  closes?.read();
  closes?.lost();
  yield { look: first, before: null, happened: [], isLossy: false };
  let before = first;
  let late: readonly Close[] = [];
  for (let due = began + intervalMs; performance.now() < end; due = Math.max(due + intervalMs, performance.now())) {
    const early = [...late, ...(await readUntil(Math.min(due, end), watch))];
    if (signal.aborted) return;
    for (const close of closes?.read() ?? []) early.push(close);
    const next = await look();
    late = closes?.read() ?? [];
    yield { look: next, before, happened: history.next(next, early, late), isLossy: closes?.lost() ?? false };
    before = next;
  }
}

/** A row for something that happened. */
export function eventRow(
  { time, change, close, lifetimeMs, sent, received }: Happening,
  computer: string | null,
): SocketEvent {
  const { socket = null, before = null, kind = 'Closed' } = change ?? {};
  const ends = socket ?? close!;
  return {
    Time: time,
    Kind: kind,
    Protocol: ends.protocol,
    LocalAddress: ends.localAddress,
    LocalPort: ends.localPort,
    RemoteAddress: ends.remoteAddress,
    RemotePort: ends.remotePort,
    State: socket?.state ?? null,
    PreviousState: kind === 'State' ? (before?.state ?? null) : null,
    OwningProcess: socket?.owner.pid ?? null,
    ImageName: socket?.owner.imageName ?? null,
    Application: socket?.owner.application ?? null,
    StartTime: socket?.owner.startTime ?? null,
    Owner: socket?.owner.owner ?? null,
    PreviousOwner: kind === 'Owner' ? (before?.owner.owner ?? null) : null,
    LifetimeMs: lifetimeMs,
    BytesSent: sent,
    BytesReceived: received,
    ComputerName: computer,
  };
}

const missed: Problem = {
  severity: 'Warning',
  code: 'PO3001',
  message: 'some sockets that were opened and closed between two checks were missed: too many were closed at once',
};

/** How events become rows. */
interface RowRequest {
  /** The most rows; null for no limit. */
  readonly count: number | null;
  readonly computer: string | null;
  /** Returns what no look before could not see. */
  readonly gapsOf: (look: Look) => readonly string[];
  readonly warn: (problem: Problem) => void;
}

/** Groups of rows: what happened between two looks, at most `count` in all. Warns once of each thing that cannot be seen. */
export async function* eventRows(
  steps: AsyncIterable<Step>,
  { count, computer, gapsOf, warn }: RowRequest,
): AsyncGenerator<SocketEvent[]> {
  let left = count ?? Infinity;
  let isWarned = false;
  for await (const { look, happened, isLossy } of steps) {
    for (const problem of gapProblems(gapsOf(look))) warn(problem);
    if (isLossy && !isWarned) {
      isWarned = true;
      warn(missed);
    }
    const rows = happened.slice(0, left).map((one) => eventRow(one, computer));
    left -= rows.length;
    if (rows.length > 0) yield rows;
    if (left === 0) return;
  }
}
