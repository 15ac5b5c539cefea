import type { Cause } from '../cause.ts';
import { isUnfound } from '../../ownership/absent.ts';
import { again, look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

export const unknown: Cause = {
  name: 'Unknown',
  meaning: 'what is needed could not be seen',
  holds: () => true,
  explains: () => true,
  overrules: ({ can, blind }) => (can === true && blind ? null : undefined),
  remedies: (patient) => {
    if (patient.socket !== null && isUnfound(patient.socket)) return [look(patient), takeAnother(patient.request)];
    if (!patient.here) return [say('ask on the machine itself: only there it can be tried')];
    return [
      step(again(patient.request), onWindows(patient) ? 'once more, as administrator' : 'once more, as root (sudo)'),
    ];
  },
};
