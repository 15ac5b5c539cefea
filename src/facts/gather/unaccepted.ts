import { addressFamily, scopeOf, unmapped, withoutScope } from '../../ports/address.ts';
import type { Socket } from '../model/facts.ts';

/** A connection that the kernel has made and no program has taken yet. */
const waits = ({ kernel, kernelPart, state }: Socket): boolean =>
  kernel && kernelPart === undefined && (state === 'SynReceived' || state === 'Established' || state === 'CloseWait');

const wildcards = new Set(['0.0.0.0', '::']);

/** How near a listener is to a connection on its port, as the kernel chooses among several; 0: it is not for it. */
function nearness(listener: Socket, connection: Socket): number {
  const [own, ownDevice] = [withoutScope(listener.localAddress), scopeOf(listener.localAddress)];
  const [local, device] = [withoutScope(connection.localAddress), scopeOf(connection.localAddress)];
  if (ownDevice !== null && ownDevice !== device) return 0;
  const bound = ownDevice === null ? 0 : 1;
  if (own === local) return 8 + bound;
  if (!wildcards.has(unmapped(own))) return unmapped(own) === local ? 6 + bound : 0;
  // IPv4 may come to a socket of IPv6, and is listed as either; nothing of IPv6 comes to one of IPv4.
  if (addressFamily(own) === addressFamily(local)) return 4 + bound;
  return addressFamily(local) === 'IPv6' ? 0 : 2 + bound;
}

/** Those of the listeners that are nearest: several where they share the port by SO_REUSEPORT. */
function nearest(listeners: readonly Socket[], connection: Socket): Socket[] {
  const scores = listeners.map((listener) => nearness(listener, connection));
  const best = Math.max(0, ...scores);
  return best === 0 ? [] : listeners.filter((_, at) => scores[at] === best);
}

/** Gives a connection to who listens; to nobody where one of several listeners cannot be seen. */
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
 * Says of connections that wait to be accepted who would: no descriptor refers to them, but they are in the queue of a
 * listener, and end with it. The owners of the listeners have to be known already.
 */
export function giveUnaccepted(sockets: readonly Socket[]): void {
  const waiting = sockets.filter(waits);
  if (waiting.length === 0) return;
  const byPort = Map.groupBy(
    sockets.filter(({ state }) => state === 'Listen'),
    ({ localPort }) => localPort,
  );
  // A busy port has thousands of connections that are all alike.
  const known = new Map<string, readonly Socket[]>();
  for (const connection of waiting) {
    const key = `${connection.localPort} ${connection.localAddress}`;
    let listeners = known.get(key);
    if (listeners === undefined)
      known.set(key, (listeners = nearest(byPort.get(connection.localPort) ?? [], connection)));
    give(connection, listeners);
  }
}
