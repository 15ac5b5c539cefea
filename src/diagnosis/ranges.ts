import type { Bind } from '../facts/gather/probe.ts';
import type { Facts, PortRange } from '../facts/model/facts.ts';
import { addressFamily } from '../ports/address.ts';

export function rangeText({ start, end }: Pick<PortRange, 'start' | 'end'>): string {
  return start === end ? `${start}` : `${start}-${end}`;
}

/** A range with whom it is for, where it is not for all. */
export function reservationText(range: PortRange): string {
  return `${rangeText(range)}${range.protocol === null ? '' : ` for ${range.protocol}`}${range.family === null ? '' : ` on ${range.family}`}`;
}

/** Whether a range is about a bind. */
export function covers(range: PortRange, bind: Bind): boolean {
  const family = addressFamily(bind.address);
  const both = bind.address === '::' && !bind.ipv6Only;
  return (
    bind.port >= range.start &&
    bind.port <= range.end &&
    (range.protocol === null || range.protocol === bind.protocol) &&
    (both || range.family === null || range.family === family)
  );
}

/** Whether connections get their local port from where a bind wants its own. */
export function isDynamic(facts: Facts, bind: Bind): boolean {
  return facts.sections.dynamicRanges.data.some((range) => covers(range, bind));
}

const refusedKinds = new Set([
  'Privileged',
  'Excluded',
  'ExcludedAdministered',
  'ExcludedPersistent',
  'ReservedForGuests',
]);

/** Whether a range is only kept from random use: whoever asks for a port of it gets it. */
export const isOnlyKept = ({ kind }: PortRange): boolean => !refusedKinds.has(kind);
