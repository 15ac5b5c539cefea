import type { PortRange } from '../../facts/model/facts.ts';
import type { Cause } from '../cause.ts';
import { reservationText } from '../ranges.ts';
import { step, takeAnother } from '../remedy-steps.ts';

/** WSL requests 4,096 ports, and Windows lists one more. https://github.com/microsoft/WSL/issues/12228 */
const isMirrored = ({ start, end }: PortRange): boolean => end - start === 4096 || end - start === 4095;

export const guestReservation: Cause = {
  name: 'GuestReservation',
  meaning: 'it is reserved for virtual machines, containers, or WSL',
  reserves: ({ range }) =>
    range.kind === 'ReservedForGuests'
      ? {
          effect: 'blocks',
          evidence: `The range ${reservationText(range)} is reserved for guests (virtual machines, containers, WSL) (${range.source}).${isMirrored(range) ? ' WSL with mirrored networking reserves a block of this size for connections from Linux.' : ''}`,
        }
      : null,
  remedies: ({ request }) => [
    step('portowner ranges', 'every reserved range, and who it is reserved for'),
    takeAnother(request),
    step('wsl --list --running', 'the running WSL distributions'),
    step(
      'wsl --shutdown',
      'ends all of them and their reservations; virtual machines and containers keep theirs while they run',
    ),
  ],
};
