import { networkInterfaces } from 'node:os';

/** An address of this machine, with its %scope as sockets have it, and the interface that has it. */
interface InterfaceAddress {
  readonly address: string;
  readonly interface: string;
}

/** Every address of this machine, loopback included. Windows numbers the interfaces of a scope, Linux names them. */
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
