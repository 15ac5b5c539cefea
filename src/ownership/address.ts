/** Who can reach a local address. */
export function addressScope(address: string): 'Loopback' | 'Specific' | 'Any' {
  if (address === '0.0.0.0' || address === '::' || address === '::ffff:0.0.0.0') return 'Any';
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.') ? 'Loopback' : 'Specific';
}

/** `TCP 0.0.0.0:443`, `TCP [::]:443`, `TCP any:dynamic`. */
export function endpointText({
  protocol,
  address,
  port,
}: {
  readonly protocol: string;
  readonly address: string;
  readonly port: number | string;
}): string {
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}
