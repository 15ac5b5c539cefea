import { networkInterfaces } from 'node:os';

/** An address of this machine, with its %scope as in socket addresses, and the interface it is assigned to. */
interface InterfaceAddress {
  readonly address: string;
  readonly interface: string;
}

/** Every address of this machine, including loopback. Scopes are interface numbers on Windows and names on Linux. */
export function interfaceAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).map(({ address, scopeid }) => ({
      address:
        scopeid === undefined || scopeid === 0
          ? address
          : `${address}%${process.platform === 'win32' ? scopeid : name}`,
      interface: name,
    })),
  );
}
