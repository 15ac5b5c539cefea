import type { Cause } from '../cause.ts';
import { say } from '../remedy-steps.ts';

export const disagreement: Cause = {
  name: 'Disagreement',
  meaning: 'the facts and the bind attempt disagree',
  explains: ({ can, attempt }) => can === null && attempt?.result === 'bound',
  evidence: 'The attempt succeeded, although the facts say that it should fail.',
  remedies: () => [say('try again: the port changed hands during the check, or something hides a socket')],
};
