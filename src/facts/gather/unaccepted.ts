import { addressFamily, scopeOf, unmapped, withoutScope } from '../../ports/address.ts';
import type { Socket } from '../model/facts.ts';

/** Returns whether the kernel has established a connection that no program has accepted yet. */
const waits = ({ kernel, kernelPart, state }: Socket): boolean =>
  kernel && kernelPart === undefined && (state === 'SynReceived' || state === 'Established' || state === 'CloseWait');

const wildcards = new Set(['0.0.0.0', '::']);

/**
 * Scores how specifically a listener matches a connection on its port, as the kernel does to choose among several; 0
 * means no match.
 */
function nearness(listener: Socket, connection: Socket): number {
  const [own, ownDevice] = [withoutScope(listener.localAddress), scopeOf(listener.localAddress)];
  const [local, device] = [withoutScope(connection.localAddress), scopeOf(connection.localAddress)];
  if (ownDevice !== null && ownDevice !== device) return 0;
  const bound = ownDevice === null ? 0 : 1;
  if (own === local) return 8 + bound;
  if (!wildcards.has(unmapped(own))) return unmapped(own) === local ? 6 + bound : 0;
  // An IPv6 socket may receive IPv4, which is listed as either family; an IPv4 socket never receives IPv6.
  if (addressFamily(own) === addressFamily(local)) return 4 + bound;
  return addressFamily(local) === 'IPv6' ? 0 : 2 + bound;
}

/** Returns the listeners with the best match: several if they share the port by SO_REUSEPORT. */
function nearest(listeners: readonly Socket[], connection: Socket): Socket[] {
  const scores = listeners.map((listener) => nearness(listener, connection));
  const best = Math.max(0, ...scores);
  return best === 0 ? [] : listeners.filter((_, at) => scores[at] === best);
}

/** Assigns a connection to its listeners; to no process if one of several listeners cannot be seen. */
function give(connection: Socket, listeners: readonly Socket[]): void {
  const unseen = listeners.find(({ pid }) => pid === null);
  const [first] = listeners;
  if (first === undefined) return;
  if (unseen?.kernel === true) {
    if (unseen.kernelPart !== undefined) connection.kernelPart = unseen.kernelPart;
    return;
  }
  connection.kernel = false;
  connection.unaccepted = true;
  connection.user = first.user;
  if (unseen !== undefined) {
    connection.refusals.push(...unseen.refusals);
    return;
  }
  connection.pid = first.pid;
  connection.holders = listeners.length === 1 ? first.holders : [...new Set(listeners.flatMap((one) => one.holders))];
}

/**
 * Assigns connections that wait to be accepted to the owner of their listener. No file descriptor refers to them, but
 * they are in the queue of a listener, and end with it. The owners of the listeners must already be known.
 */
export function giveUnaccepted(sockets: readonly Socket[]): void {
  const waiting = sockets.filter(waits);
  if (waiting.length === 0) return;
  const byPort = Map.groupBy(
    sockets.filter(({ state }) => state === 'Listen'),
    ({ localPort }) => localPort,
  );
  // A busy port has thousands of connections with the same local address.
  const known = new Map<string, readonly Socket[]>();
  for (const connection of waiting) {
    const key = `${connection.localPort} ${connection.localAddress}`;
    let listeners = known.get(key);
    if (listeners === undefined)
      known.set(key, (listeners = nearest(byPort.get(connection.localPort) ?? [], connection)));
    give(connection, listeners);
  }
}
