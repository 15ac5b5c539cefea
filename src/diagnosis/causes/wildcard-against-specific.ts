import type { Cause } from '../cause.ts';
import { look, say, stopping, takeAnother } from '../remedy-steps.ts';

export const wildcardAgainstSpecific: Cause = {
  name: 'WildcardAgainstSpecific',
  meaning: 'a listener on one address blocks binding to all addresses, or the other way around',
  holds: ({ overlap }) => overlap === 'wildcard',
  remedies: (patient) => [
    look(patient),
    takeAnother(patient.request),
    ...stopping(patient),
    ...(patient.socket !== null && patient.request.address === null
      ? [say(`the program could bind an address other than ${patient.socket.localAddress}, instead of all`)]
      : []),
  ],
};
