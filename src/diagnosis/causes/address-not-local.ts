import type { Cause } from '../cause.ts';
import { quote } from '../quote.ts';
import { again, onWindows, say, step } from '../remedy-steps.ts';

export const addressNotLocal: Cause = {
  name: 'AddressNotLocal',
  meaning: 'the address is none of this machine',
  isOwnerless: true,
  explains: ({ refused }) => refused === 'notLocal',
  // HTTP.sys cannot start on an address that the machine has no more.
  overrules: ({ error, stale, can, full }) =>
    error?.http === true && stale.length > 0 && can !== false && !full ? false : undefined,
  remedies: (patient) => {
    const { request, addresses, stale } = patient;
    if (stale.length > 0)
      return [
        step('netsh http show iplisten', 'the addresses that HTTP.sys is told to listen on'),
        ...stale.flatMap((address) =>
          quote(address, 'win32') === address
            ? [step(`netsh http delete iplisten ipaddress=${address}`, 'as administrator: this one is not here')]
            : [],
        ),
      ];
    return [
      step(
        onWindows(patient) ? 'Get-NetIPAddress | Format-Table IPAddress, InterfaceAlias' : 'ip -brief address',
        'the addresses of this machine',
      ),
      step(
        again(request, { address: request.address?.includes(':') === true ? '::' : '0.0.0.0' }),
        'whether every address works, which outlives a change of address',
      ),
      ...(addresses === null || addresses.length === 0
        ? []
        : [say(`its addresses are ${addresses.slice(0, 8).join(', ')}${addresses.length > 8 ? ' …' : ''}`)]),
    ];
  },
};
