import type { Cause } from '../cause.ts';
import { stopHolder } from '../remedy-steps.ts';

export const process: Cause = {
  name: 'Process',
  meaning: 'a process holds it',
  holds: ({ kind }) => kind !== 'Unfound',
  remedies: stopHolder,
};
