import type { Cause } from '../cause.ts';
import { isUnfound } from '../../ownership/absent.ts';
import { again, look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

export const unknown: Cause = {
  name: 'Unknown',
  meaning: 'some of the necessary facts could not be seen',
  holds: () => true,
  explains: () => true,
  overrules: ({ can, blind }) => (can === true && blind ? null : undefined),
  remedies: (patient) => {
    if (patient.socket !== null && isUnfound(patient.socket)) return [look(patient), takeAnother(patient.request)];
    if (!patient.here) return [say('run it on the machine itself: only there can the bind be tried')];
    if (patient.facts.machine.elevated === true) return [say('try again: the missing facts may be visible then')];
    return [
      onWindows(patient)
        ? say('try again as administrator')
        : step(`sudo ${again(patient.request)}`, 'try again as root'),
    ];
  },
};
