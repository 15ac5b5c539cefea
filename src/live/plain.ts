import { counted } from '../io/counted.ts';
import type { Happening, Step } from './events.ts';
import { newGaps } from './gaps.ts';
import type { LiveSocket, Look } from './look.ts';
import { rates } from './rates.ts';
import { bracketed } from '../ports/address.ts';

/** How often the busiest connections are named, in looks, and how many. */
const looksBetweenRates = 10;
const mostBusy = 3;

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Formats bytes: `512 B`, `1.5 kB`, `20 MB`. */
function sizeText(bytes: number): string {
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** unit;
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Formats how long something took. */
function lifeText(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

/** Formats the local time of day. */
function clockText(time: string): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

type Ends = Pick<LiveSocket, 'protocol' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

function endsText({ protocol, localAddress, localPort, remoteAddress, remotePort }: Ends): string {
  const local = `${protocol} ${bracketed(localAddress)}:${localPort}`;
  return remoteAddress === null ? local : `${local} to ${bracketed(remoteAddress)}:${remotePort}`;
}

const listText = (parts: readonly (string | null)[]): string => parts.filter((part) => part !== null).join(', ');

/** Says what happened, without the time: `Closed TCP 127.0.0.1:50312 to 127.0.0.1:443, curl (99), after 2.0 s`. */
export function happeningText({ change, close, lifetimeMs, sent, received }: Happening): string {
  if (change === null)
    return `Closed ${listText([endsText(close!), 'never seen open', ...bytesParts(sent, received)])}`;
  const { kind, socket, before } = change;
  const { state, owner } = socket;
  const ends = endsText(socket);
  if (kind === 'State') return `State of ${listText([ends, owner.owner])}: ${state}, was ${before!.state}`;
  if (kind === 'Owner') return `Owner of ${ends}: ${owner.owner}, was ${before!.owner.owner}`;
  if (kind === 'Opened') return `Opened ${listText([ends, state, owner.owner])}`;
  const life = lifetimeMs === null ? null : `after ${lifeText(lifetimeMs)}`;
  return `Closed ${listText([ends, owner.owner, life, ...bytesParts(sent, received)])}`;
}

function bytesParts(sent: number | null, received: number | null): (string | null)[] {
  return [sent === null ? null : `sent ${sizeText(sent)}`, received === null ? null : `received ${sizeText(received)}`];
}

const isListener = ({ remotePort, state }: LiveSocket): boolean => remotePort === null && state !== 'Bound';

function firstLines({ sockets }: Look): string[] {
  const all = [...sockets.values()];
  const listeners = all.filter(isListener).toSorted((a, b) => a.localPort - b.localPort);
  return [
    `Watching ${counted(listeners.length, 'listener')} and ${counted(all.length - listeners.length, 'other socket')}`,
    ...listeners.map((one) => `Listening ${listText([endsText(one), one.owner.owner])}`),
  ];
}

/** Names the connections with the most traffic between two looks. */
function busiest(before: Look, look: Look): string[] {
  return [...rates(before, look)]
    .flatMap(([key, { send, receive }]) => {
      const socket = look.sockets.get(key)!;
      return (send ?? 0) + (receive ?? 0) > 0 ? [{ socket, send: send ?? 0, receive: receive ?? 0 }] : [];
    })
    .toSorted((a, b) => b.send + b.receive - a.send - a.receive)
    .slice(0, mostBusy)
    .map(
      ({ socket, send, receive }) =>
        `Busy ${listText([endsText(socket), socket.owner.owner, `sends ${sizeText(send)}/s`, `receives ${sizeText(receive)}/s`])}`,
    );
}

/** Lines with the time. */
interface Said {
  readonly lines: readonly string[];
  /** Returns the owners that they may name. */
  readonly owners: () => readonly string[];
}

/** Returns the owners of what is there, and of what happened. */
function ownersIn(look: Look, happened: readonly Happening[]): string[] {
  const changed = happened.flatMap(({ change }) => [change?.socket, change?.before]);
  const sockets = [...look.sockets.values(), ...changed.filter((socket) => socket != null)];
  return [...new Set(sockets.map(({ owner }) => owner.owner))];
}

/** Says what is there, then what happens, and now and then which connections are busy. */
export async function* plainLines(steps: AsyncIterable<Step>, count: number | null): AsyncGenerator<Said> {
  let looks = 0;
  let last: Look | null = null;
  const gapsOf = newGaps();
  for await (const { look, before, happened, isLossy } of steps) {
    const time = clockText(look.time);
    const isDue = before !== null && ++looks % looksBetweenRates === 0;
    const lines = [
      ...(before === null ? firstLines(look) : happened.map(happeningText)),
      ...gapsOf(look).map((gap) => `Not seen: ${gap}`),
      ...(isLossy ? ['Some closed sockets were missed: too many were closed at once'] : []),
      ...(isDue && last !== null ? busiest(last, look) : []),
    ];
    if (before === null || isDue) last = look;
    yield { lines: lines.map((line) => `${time} ${line}`), owners: () => ownersIn(look, happened) };
    if (count !== null && looks + 1 >= count) return;
  }
}
