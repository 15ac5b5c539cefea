import type { Bind } from '../facts/gather/probe.ts';
import type { Facts, PortRange } from '../facts/model/facts.ts';
import { addressFamily } from '../ports/address.ts';

export function rangeText({ start, end }: Pick<PortRange, 'start' | 'end'>): string {
  return start === end ? `${start}` : `${start}-${end}`;
}

/** Returns a range with the protocol and family to which it is limited, if any. */
export function reservationText(range: PortRange): string {
  return `${rangeText(range)}${range.protocol === null ? '' : ` for ${range.protocol}`}${range.family === null ? '' : ` on ${range.family}`}`;
}

/** Whether a range applies to a bind. */
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

/** Whether connections get their local ports from the range that contains a bind's port. */
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

/** Whether a range is only excluded from automatic assignment: programs can still bind its ports explicitly. */
export const isOnlyKept = ({ kind }: PortRange): boolean => !refusedKinds.has(kind);

/** The start of the dynamic range since Windows Vista. */
export const usualStart = 49_152;
export const usualText = '49152-65535 is usual on Windows';

/** Whether a dynamic range on Windows includes ports that servers use. */
export const isUnusual = ({ machine }: Facts, { start }: PortRange): boolean =>
  machine.platform === 'win32' && start < usualStart;

/**
 * Returns the dynamic range from which a connection may get the port of a bind; undefined where the port is excluded
 * from automatic assignment, so that only a program that requests it explicitly can get it, if any.
 */
export function handedOut({ sections }: Facts, bind: Bind): PortRange | undefined {
  const isKept = sections.reservedPorts.data.some((range) => range.kind !== 'Privileged' && covers(range, bind));
  return isKept ? undefined : sections.dynamicRanges.data.find((range) => covers(range, bind));
}
