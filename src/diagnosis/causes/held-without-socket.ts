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
          say('try again as administrator, which shows more reservations'),
          step(
            `netsh interface ipv4 show excludedportrange protocol=${request.protocol.toLowerCase()}`,
            'every excluded range',
          ),
          takeAnother(request),
          step(
            'Get-Service -Name hns, winnat, iphlpsvc',
            'the services that reserve ports without a socket, for networks of containers, WSL, and virtual machines',
          ),
        ]
      : [
          say(
            'try again: sockets that are bound but not listening come and go, and Linux before 6.8 does not list them',
          ),
          takeAnother(request),
        ];
  },
};
