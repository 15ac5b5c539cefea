import type { Cause } from '../cause.ts';
import { isUnfound } from '../../ownership/absent.ts';
import { again, look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

export const unknown: Cause = {
  name: 'Unknown',
  meaning: 'not enough could be seen to tell',
  holds: () => true,
  explains: () => true,
  overrules: ({ can, blind }) => (can === true && blind ? null : undefined),
  remedies: (patient) => {
    if (patient.socket !== null && isUnfound(patient.socket)) return [look(patient), takeAnother(patient.request)];
    if (!patient.here) return [say('ask on the machine itself: only there it can be tried')];
    if (patient.facts.machine.elevated === true) return [say('ask once more: what was refused may be seen then')];
    return [
      onWindows(patient)
        ? say('ask once more, as administrator')
        : step(`sudo ${again(patient.request)}`, 'once more, as root'),
    ];
  },
};
