import type { Cause } from '../cause.ts';
import { look, say, stopping, takeAnother } from '../remedy-steps.ts';

export const wildcardAgainstSpecific: Cause = {
  name: 'WildcardAgainstSpecific',
  meaning: 'one is for every address, the other for one of them',
  holds: ({ overlap }) => overlap === 'wildcard',
  remedies: (patient) => [
    look(patient),
    ...(patient.socket !== null && patient.request.address === null
      ? [say(`the program may ask for another address than ${patient.socket.localAddress}, instead of all`)]
      : []),
    takeAnother(patient.request),
    ...stopping(patient),
  ],
};
