import type { Cause } from '../cause.ts';
import { dockerSteps } from '../relay-steps.ts';
import { takeAnother } from '../remedy-steps.ts';

export const dockerAllocated: Cause = {
  name: 'DockerAllocated',
  meaning: 'Docker itself has assigned the port to a container',
  isOwnerless: true,
  // If the port is in use, its owner is the cause instead.
  overrules: ({ error, can, full }) => (error?.origin === 'DockerList' && can === true && !full ? false : undefined),
  evidence:
    'Docker reports this from its own list of container ports, which does not correspond to any socket or range of the system.',
  remedies: (patient) => [...dockerSteps(patient), takeAnother(patient.request)],
};
