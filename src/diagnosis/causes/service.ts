import type { Cause } from '../cause.ts';
import { stopHolder } from '../remedy-steps.ts';

export const service: Cause = {
  name: 'Service',
  meaning: 'a service holds it',
  holds: ({ kind }) => kind === 'Service',
  remedies: stopHolder,
};
