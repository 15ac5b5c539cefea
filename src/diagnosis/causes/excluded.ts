import type { Cause } from '../cause.ts';
import { reservationText } from '../ranges.ts';
import { excludedRange } from '../remedy-steps.ts';

export const excluded: Cause = {
  name: 'Excluded',
  meaning: 'it is in an excluded port range',
  reserves: ({ range }) => {
    const where = reservationText(range);
    switch (range.kind) {
      case 'ExcludedAdministered':
        return {
          effect: 'allows',
          evidence: `An administrator has excluded the range ${where} from automatic assignment (${range.source}); programs can still bind the port explicitly, but Windows containers cannot.`,
        };
      case 'Excluded':
        return { effect: 'blocks', evidence: `The range ${where} is excluded (${range.source}).` };
      case 'ExcludedPersistent':
        return {
          effect: 'blocks',
          evidence: `The range ${where} is reserved, also after a restart (${range.source}).`,
        };
      default:
        return null;
    }
  },
  remedies: excludedRange,
};
