import type { Cause } from '../cause.ts';
import { dockerSteps } from '../relay-steps.ts';
import { takeAnother } from '../remedy-steps.ts';

export const dockerAllocated: Cause = {
  name: 'DockerAllocated',
  meaning: 'Docker itself has given the port to a container',
  isOwnerless: true,
  // Where somebody has the port, that is why.
  overrules: ({ error, can, full }) => (error?.origin === 'DockerList' && can === true && !full ? false : undefined),
  evidence:
    'Docker says this by its own list of the ports of containers: no socket and no range of the system stands for it.',
  remedies: (patient) => [...dockerSteps(patient), takeAnother(patient.request)],
};
