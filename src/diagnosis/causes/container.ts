import type { Cause } from '../cause.ts';
import { stopHolder } from '../remedy-steps.ts';

export const container: Cause = {
  name: 'Container',
  meaning: 'a container holds it',
  holds: ({ kind, container }) => kind === 'Service' && container,
  remedies: stopHolder,
};
