import type { Bind } from '../facts/gather/probe.ts';
import type { Socket } from '../facts/model/facts.ts';
import { endpointText } from '../ports/address.ts';
import { unseenText } from '../ownership/absent.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { Leftovers, Sight } from './cause.ts';
import { overlap } from './overlap.ts';
import { boundOf, boundOfSocket } from './request.ts';

export const wantsReuse = ({ sharing }: Bind): boolean => sharing === 'reuse' || sharing === 'reusePort';

/** Describes the first of several connections, with their number. */
export function fewText(sockets: readonly Socket[]): string {
  const [first] = sockets;
  const one = `${endpointText({ protocol: first!.protocol, address: first!.localAddress, port: first!.localPort })} to ${first!.remoteAddress}:${first!.remotePort} (${first!.state})`;
  return sockets.length === 1 ? one : `${one} and ${sockets.length - 1} more`;
}

/** Returns the connection that represents all others: one with a known process, if there is one. */
export function firstConnection({
  facts,
  bind,
  connections,
}: Leftovers): Pick<Sight, 'overlap' | 'row' | 'range'> & { readonly socket: Socket } {
  const socket = connections.find(({ pid }) => pid !== null) ?? connections[0]!;
  const [row] = endpoints(facts, [socket], { live: false, serviceName: null });
  // Here, an address and its wildcard exclude each other alike.
  return { overlap: overlap(boundOf(bind), boundOfSocket(socket)), row: row!, socket, range: null };
}

/** Describes whose connections have the port, as the beginning of a sentence. */
export function connectionEvidence(
  { facts, connections }: Leftovers,
  { socket, row }: Pick<Sight, 'row'> & { readonly socket: Socket },
): string {
  const all = [socket, ...connections.filter((one) => one !== socket)];
  return `${fewText(all)} is a connection of ${row!.Owner ?? unseenText(socket, facts.machine.platform)}, and nobody listens on the port`;
}
