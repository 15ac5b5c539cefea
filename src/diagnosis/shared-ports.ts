/** Multicast protocols whose port programs share by reuse on every machine. */
const sharedPorts: ReadonlyMap<number, string> = new Map([
  [5353, 'mDNS'],
  [1900, 'SSDP'],
  [5355, 'LLMNR'],
  [3702, 'WS-Discovery'],
]);

/** Returns the protocol whose programs share a port; null for any other port. */
export const sharedProtocol = (protocol: string, port: number): string | null =>
  protocol === 'UDP' ? (sharedPorts.get(port) ?? null) : null;

export const isSharedPort = (protocol: string, port: number): boolean => sharedProtocol(protocol, port) !== null;
