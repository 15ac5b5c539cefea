import type { Cause } from '../cause.ts';
import { say } from '../remedy-steps.ts';

export const disagreement: Cause = {
  name: 'Disagreement',
  meaning: 'the facts and the bind attempt disagree',
  explains: ({ can, attempt }) => can === null && attempt?.result === 'bound',
  evidence: 'The attempt succeeded although what was seen stands against it.',
  remedies: () => [say('ask once more: the port changed hands while it was looked at, or something hides a socket')],
};
