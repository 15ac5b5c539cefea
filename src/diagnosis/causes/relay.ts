import type { Cause } from '../cause.ts';
import { look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

export const relay: Cause = {
  name: 'Relay',
  meaning: 'a relay holds it for something behind it',
  holds: ({ kind }) => kind === 'Relay',
  remedies: (patient) => [
    look(patient),
    takeAnother(patient.request),
    say('stop what is behind the relay, or take its rule away: ending the relay ends everything it carries'),
    ...(onWindows(patient)
      ? [step('netsh interface portproxy show all', 'the rules of Windows that pass ports on')]
      : []),
  ],
};
