/** Who can reach a local address. */
export function addressScope(address: string): 'Loopback' | 'Specific' | 'Any' {
  if (address === '0.0.0.0' || address === '::' || address === '::ffff:0.0.0.0') return 'Any';
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.') ? 'Loopback' : 'Specific';
}
