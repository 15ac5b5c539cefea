import type { Cause } from '../cause.ts';

/** Of error texts alone: src/diagnosis/outgoing.ts answers. */
export const outgoing: Cause = {
  name: 'Outgoing',
  meaning: 'the error comes from an outgoing connection, which gets its local port from the system',
  isOwnerless: true,
  remedies: () => null,
};
