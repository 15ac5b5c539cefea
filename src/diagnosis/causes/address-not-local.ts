import type { Cause } from '../cause.ts';
import { onWindows, otherwise, say, step } from '../remedy-steps.ts';

export const addressNotLocal: Cause = {
  name: 'AddressNotLocal',
  meaning: 'this address is not assigned to this machine',
  isOwnerless: true,
  explains: ({ refused }) => refused === 'notLocal',
  remedies: (patient) => {
    const { request, addresses } = patient;
    return [
      step(
        onWindows(patient) ? 'Get-NetIPAddress | Format-Table IPAddress, InterfaceAlias' : 'ip -brief address',
        'the addresses of this machine',
      ),
      ...otherwise(
        request,
        { address: request.address?.includes(':') === true ? '::' : '0.0.0.0' },
        'whether binding every address works, which does not depend on a specific address',
      ),
      ...(addresses === null || addresses.length === 0
        ? []
        : [say(`its addresses are ${addresses.slice(0, 8).join(', ')}${addresses.length > 8 ? ' …' : ''}`)]),
    ];
  },
};
