import type { Cause } from '../cause.ts';
import { plainAddress } from '../overlap.ts';
import { look, say, stopping, takeAnother } from '../remedy-steps.ts';

/** Returns the interface to which a socket on all addresses is bound. */
function onlyDevice(address: string): string | null {
  const { wildcard, device } = plainAddress(address);
  return wildcard ? device : null;
}

export const wildcardAgainstSpecific: Cause = {
  name: 'WildcardAgainstSpecific',
  meaning: 'a listener on all addresses and a listener on one address exclude each other',
  said({ socket }, can) {
    const { wildcard, text, device } = plainAddress(socket?.localAddress ?? '');
    if (socket === null || device !== null) return null;
    const where = wildcard ? 'all addresses' : text;
    return can === false
      ? `a listener on ${where} blocks binding to ${wildcard ? 'one of them' : 'all addresses'}`
      : `there is a listener on ${where}`;
  },
  holds: ({ overlap }) => overlap === 'wildcard',
  remedies: (patient) => [
    look(patient),
    takeAnother(patient.request),
    ...stopping(patient),
    ...(patient.socket !== null && patient.request.address === null
      ? [
          say(
            onlyDevice(patient.socket.localAddress) === null
              ? `the program could bind an address other than ${patient.socket.localAddress}, instead of all`
              : `the program could bind to an interface other than ${onlyDevice(patient.socket.localAddress)} (SO_BINDTODEVICE), instead of all`,
          ),
        ]
      : []),
  ],
};
