import type { Cause } from '../cause.ts';
import { isOnlyKept, reservationText } from '../ranges.ts';
import { excluded } from './excluded.ts';

export const free: Cause = {
  name: 'Free',
  meaning: 'nobody holds it',
  isOwnerless: true,
  reserves: ({ range }) =>
    isOnlyKept(range)
      ? {
          effect: 'allows',
          evidence: `The range ${reservationText(range)} is excluded from automatic assignment (${range.source}); programs can still bind the port explicitly.`,
        }
      : null,
  // A closed connection or a range that allows the bind is worth a line of evidence, but is not the cause.
  explains: ({ can, obstacle }) =>
    can === true &&
    (obstacle === null || obstacle.unsure === true || (obstacle.overlap === null && obstacle.cause !== excluded)),
  remedies: () => null,
};
