/** Multicast protocols whose port programs share on every machine by reuse. */
const sharedPorts: ReadonlyMap<number, string> = new Map([
  [5353, 'mDNS'],
  [1900, 'SSDP'],
  [5355, 'LLMNR'],
  [3702, 'WS-Discovery'],
]);

/** The protocol by which everybody shares a port; null for any other port. */
export const sharedProtocol = (protocol: string, port: number): string | null =>
  protocol === 'UDP' ? (sharedPorts.get(port) ?? null) : null;

export const isSharedPort = (protocol: string, port: number): boolean => sharedProtocol(protocol, port) !== null;
