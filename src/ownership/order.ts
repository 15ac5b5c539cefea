import type { Socket } from '../facts/model/facts.ts';

const protocolOrder = { TCP: 0, UDP: 1 } as Readonly<Record<string, number>>;

const compared = (a: string | null, b: string | null): number => (a === b ? 0 : (a ?? '') < (b ?? '') ? -1 : 1);

interface Placed {
  readonly LocalPort: number | null;
  readonly Protocol: string | null;
  readonly LocalAddress: string | null;
  readonly RemoteAddress: string | null;
  readonly RemotePort: number | null;
  readonly OwningProcess: number | null;
}

/**
 * The order of an answer that nobody asked to sort: by port, protocol, address; those that are the same there by their
 * other end and process, since the system lists them each time in another order.
 */
export const defaultOrder = (a: Placed, b: Placed): number =>
  (a.LocalPort ?? 0) - (b.LocalPort ?? 0) ||
  (protocolOrder[a.Protocol ?? ''] ?? 2) - (protocolOrder[b.Protocol ?? ''] ?? 2) ||
  compared(a.LocalAddress, b.LocalAddress) ||
  compared(a.RemoteAddress, b.RemoteAddress) ||
  (a.RemotePort ?? 0) - (b.RemotePort ?? 0) ||
  (a.OwningProcess ?? 0) - (b.OwningProcess ?? 0);

/** The same order, of listening sockets. */
export const socketOrder = (a: Socket, b: Socket): number =>
  a.localPort - b.localPort ||
  protocolOrder[a.protocol]! - protocolOrder[b.protocol]! ||
  compared(a.localAddress, b.localAddress) ||
  (a.pid ?? 0) - (b.pid ?? 0);
