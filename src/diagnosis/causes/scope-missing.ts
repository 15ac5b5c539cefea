import { scopeOf, withoutScope } from '../../ports/address.ts';
import type { Cause } from '../cause.ts';
import { shownAddress } from '../quote.ts';
import { again, say, step } from '../remedy-steps.ts';

/** fe80::/10 exists on every interface. */
const isLinkLocal = (address: string): boolean => /^fe[89ab][0-9a-f]:/i.test(address);
/** Multicast groups limited to one interface, or to its link. */
const isLocalGroup = (address: string): boolean => /^ff[0-9a-f][12]:/i.test(address);

/** Whether an address requires an interface and has none. */
export const lacksScope = (address: string): boolean =>
  (isLinkLocal(address) || isLocalGroup(address)) && !address.includes('%');

/** Whether an address may name an interface without that address, which Linux also reports as invalid. */
export const isOnOtherInterface = (address: string): boolean => isLinkLocal(address) && address.includes('%');

export const scopeMissing: Cause = {
  name: 'ScopeMissing',
  meaning: 'a link-local address needs its interface, such as %eth0 at the end',
  isOwnerless: true,
  explains: ({ facts, bind, refused, attempt, can }) =>
    lacksScope(bind.address) &&
    // Windows uses the only interface that has the address.
    (refused === 'invalid' || (facts.machine.platform === 'linux' && attempt === null && can !== true)),
  remedies: ({ request, addresses }) => {
    const own = (addresses ?? []).filter((address) => isLinkLocal(address) && address.includes('%'));
    const asked = request.address ?? '::';
    const same = isLocalGroup(asked)
      ? [...new Set(own.map((address) => `${asked}%${scopeOf(address)}`))]
      : own.filter((address) => withoutScope(address) === asked);
    return [
      ...(same.length === 0 && own.length > 0
        ? [say(`${asked} is not an address of this machine; its link-local addresses follow`)]
        : []),
      ...(same.length > 0 ? same : own)
        .slice(0, 4)
        .flatMap((address) =>
          shownAddress(address) === null ? [] : [step(again(request, { address }), 'the address on that interface')],
        ),
      ...(own.length === 0 ? [say(`append the interface to the address, such as ${asked}%eth0`)] : []),
    ];
  },
};
