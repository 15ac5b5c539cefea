import type { Cause } from '../cause.ts';
import { moreDynamicPorts, say, step } from '../remedy-steps.ts';

export const exhausted: Cause = {
  name: 'Exhausted',
  meaning: 'the dynamic ports are used up',
  isOwnerless: true,
  explains: ({ bind, refused }) =>
    refused === 'noBuffers' || (bind.port === 0 && (refused === 'inUse' || refused === 'access')),
  overrules: ({ full, can }) => (full && can !== false ? false : undefined),
  remedies: (patient) => [
    step('portowner --all --sort OwningProcess', 'how many ports each program uses'),
    say('programs that connect frequently should keep their connections open'),
    moreDynamicPorts(patient),
  ],
};
