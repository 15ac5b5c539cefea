import type { Cause } from '../cause.ts';
import { onWindows, say, step, takeAnother } from '../remedy-steps.ts';
import { timeWait } from './time-wait.ts';

export const heldWithoutSocket: Cause = {
  name: 'HeldWithoutSocket',
  meaning: 'the system refuses it, but no socket or range shows why',
  explains: ({ can, refused, obstacle, hasGaps }) => {
    if (can !== false || (refused !== 'inUse' && refused !== 'access')) return false;
    if (obstacle === null) return !hasGaps;
    return obstacle.effect === 'allows' && obstacle.row === null && obstacle.cause !== timeWait;
  },
  remedies: (patient) => {
    const { request } = patient;
    return onWindows(patient)
      ? [
          say('ask once more, as administrator: more of what reserves ports is seen then'),
          step(
            `netsh interface ipv4 show excludedportrange protocol=${request.protocol.toLowerCase()}`,
            'every excluded range',
          ),
          takeAnother(request),
          step(
            'Get-Service -Name hns, winnat, iphlpsvc',
            'what reserves ports without a socket: networks of containers, WSL and virtual machines',
          ),
        ]
      : [
          say(
            'ask once more: a socket that is bound and does not listen comes and goes, and Linux before 6.8 does not list it',
          ),
          takeAnother(request),
        ];
  },
};
