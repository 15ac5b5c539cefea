import type { PortRange } from '../../facts/model/facts.ts';
import type { Cause } from '../cause.ts';
import { reservationText } from '../ranges.ts';
import { step, takeAnother } from '../remedy-steps.ts';

/** WSL asks for 4,096 ports, and Windows lists one more. https://github.com/microsoft/WSL/issues/12228 */
const isMirrored = ({ start, end }: PortRange): boolean => end - start === 4096 || end - start === 4095;

export const guestReservation: Cause = {
  name: 'GuestReservation',
  meaning: 'it is reserved for virtual machines, containers or WSL',
  reserves: ({ range }) =>
    range.kind === 'ReservedForGuests'
      ? {
          effect: 'blocks',
          evidence: `The range ${reservationText(range)} is reserved for guests (virtual machines, containers, WSL) (${range.source}).${isMirrored(range) ? ' A block of this size is what WSL with mirrored networking keeps for connections from Linux.' : ''}`,
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
