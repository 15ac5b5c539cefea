/** An address and the interface behind its %: the one that a socket is bound to, or that the address is local to. */
export function addressParts(address: string): { readonly plain: string; readonly device: string | null } {
  const at = address.indexOf('%');
  return at < 0 ? { plain: address, device: null } : { plain: address.slice(0, at), device: address.slice(at + 1) };
}

/** Who can reach a local address. */
export function addressScope(address: string): 'Loopback' | 'Specific' | 'Any' {
  const { plain, device } = addressParts(address);
  // What other machines send never arrives by the loopback interface.
  if (device === 'lo' || plain.startsWith('127.') || plain === '::1' || plain.startsWith('::ffff:127.'))
    return 'Loopback';
  const isAny = plain === '0.0.0.0' || plain === '::' || plain === '::ffff:0.0.0.0';
  return isAny && device === null ? 'Any' : 'Specific';
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
