import type { LiveSocket, Look, Rates } from './look.ts';

const unknown: Rates = { send: null, receive: null, retransmits: null };

/** The growth of a counter; null if it is missing, or has gone backwards, and so isn't the same counter. */
export function growth(before: number | null, after: number | null): number | null {
  if (before === null || after === null || after < before) return null;
  return after - before;
}

const per = (seconds: number, bytes: number | null): number | null => (bytes === null ? null : bytes / seconds);

function ratesOf(before: LiveSocket, after: LiveSocket, seconds: number): Rates {
  const [was, is] = [before.counters, after.counters];
  return {
    send: per(seconds, growth(was.sent, is.sent)),
    receive: per(seconds, growth(was.received, is.received)),
    retransmits: growth(was.retransmits, is.retransmits),
  };
}

/**
 * Returns the rates of the sockets of the later look, by key, over the time that passed between the looks. A socket that
 * the earlier look did not have has none, even if its ends are those of an earlier socket.
 */
export function rates(before: Look, after: Look): Map<string, Rates> {
  const seconds = (after.at - before.at) / 1000;
  const found = new Map<string, Rates>();
  for (const [key, socket] of after.sockets) {
    const was = before.sockets.get(key);
    found.set(key, was === undefined || !(seconds > 0) ? unknown : ratesOf(was, socket, seconds));
  }
  return found;
}
