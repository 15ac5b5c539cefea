import type { Cause } from '../cause.ts';
import { listenListSteps } from '../listen-list-steps.ts';
import { onWindows, otherwise, say, step } from '../remedy-steps.ts';

export const addressNotLocal: Cause = {
  name: 'AddressNotLocal',
  meaning: 'this address is not assigned to this machine',
  isOwnerless: true,
  explains: ({ refused }) => refused === 'notLocal',
  // HTTP.sys cannot start on an address that the machine no longer has.
  overrules: ({ error, listenList: { stale }, can, full }) =>
    error?.http === true && stale.length > 0 && can !== false && !full ? false : undefined,
  remedies: (patient) => {
    const { request, addresses, listenList } = patient;
    if (listenList.stale.length > 0) return listenListSteps(listenList, null);
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
