import type { Cause } from '../cause.ts';
import { isDynamic, reservationText } from '../ranges.ts';
import { excludedRange } from '../remedy-steps.ts';

export const dynamicReservation: Cause = {
  name: 'DynamicReservation',
  meaning: 'it is in a range reserved inside the dynamic range',
  reserves: ({ facts, bind, range }) => {
    if ((range.kind !== 'Excluded' && range.kind !== 'ExcludedPersistent') || !isDynamic(facts, bind)) return null;
    const what =
      range.kind === 'ExcludedPersistent'
        ? 'reserved, also after a restart'
        : 'reserved inside the dynamic range by a program or driver';
    return { effect: 'blocks', evidence: `The range ${reservationText(range)} is ${what} (${range.source}).` };
  },
  remedies: excludedRange,
};
