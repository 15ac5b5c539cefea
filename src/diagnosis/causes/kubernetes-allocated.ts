import type { Cause } from '../cause.ts';
import { kubernetesSteps } from '../relay-steps.ts';

export const kubernetesAllocated: Cause = {
  name: 'KubernetesAllocated',
  meaning: 'Kubernetes itself has given the port to a service',
  isOwnerless: true,
  // If the port is in use, its owner is the cause instead.
  overrules: ({ error, can, full }) =>
    error?.origin === 'KubernetesList' && can === true && !full ? false : undefined,
  evidence:
    'Kubernetes says this by its own list of the ports of the cluster: no socket and no range of the system stands for it.',
  remedies: ({ request }) => kubernetesSteps(request),
};
