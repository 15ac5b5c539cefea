import type { Cause } from '../cause.ts';
import { reservationText } from '../ranges.ts';
import { step, takeAnother } from '../remedy-steps.ts';

export const guestReservation: Cause = {
  name: 'GuestReservation',
  meaning: 'it is reserved for virtual machines, containers or WSL',
  reserves: ({ range }) =>
    range.kind === 'ReservedForGuests'
      ? {
          effect: 'blocks',
          evidence: `The range ${reservationText(range)} is reserved for guests (virtual machines, containers, WSL) (${range.source}).`,
        }
      : null,
  remedies: ({ request }) => [
    step('portowner ranges', 'every range that is reserved, and for whom'),
    takeAnother(request),
    step('wsl --list --running', 'the distributions of WSL that run'),
    step(
      'wsl --shutdown',
      'ends all of them, and with them their reservations; virtual machines and containers have theirs as long as they run',
    ),
  ],
};
