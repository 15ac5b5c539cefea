import type { Cause } from '../cause.ts';
import { stopHolder } from '../remedy-steps.ts';

export const relay: Cause = {
  name: 'Relay',
  meaning: 'a relay holds it for something behind it',
  holds: ({ kind }) => kind === 'Relay',
  remedies: stopHolder,
};
