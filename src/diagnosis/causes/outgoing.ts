import type { Cause } from '../cause.ts';

/** Only for error texts: src/diagnosis/outgoing.ts creates the answer. */
export const outgoing: Cause = {
  name: 'Outgoing',
  meaning: 'the error comes from an outgoing connection, which gets its local port from the system',
  isOwnerless: true,
  remedies: () => null,
};
