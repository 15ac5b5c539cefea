import type { Facts, PortRange } from '../facts/model/facts.ts';
import { hasFailed } from '../facts/model/section.ts';
import type { PortSpan } from '../ports/expression.ts';

function rangeText(range: PortRange): string {
  return range.start === range.end ? `${range.start}` : `${range.start}-${range.end}`;
}

function scopeText(range: PortRange): string {
  return [range.protocol, range.family].filter((part) => part !== null).join(' ');
}

const meanings: Readonly<Record<string, string>> = {
  Excluded: 'that is excluded, so that no program can bind it',
  ExcludedPersistent: 'that is excluded, also after a restart, so that no program can bind it',
  ExcludedAdministered:
    'that an administrator excluded from automatic assignment; a program can still bind the port explicitly',
  ReservedForGuests: 'that is reserved for virtual machines and WSL, so that no program on this machine can bind it',
};

/** Merges ranges that differ only in the address family. */
function withoutFamilies(ranges: readonly PortRange[]): PortRange[] {
  const found = new Map<string, PortRange>();
  for (const range of ranges) {
    const key = [range.kind, range.protocol, range.start, range.end].join();
    const same = found.get(key);
    found.set(key, same === undefined || same.family === range.family ? range : { ...same, family: null });
  }
  return [...found.values()];
}

/** Describes what reserves ports without a socket, one sentence for each range. */
export function reservedNotes(
  facts: Facts,
  ports: readonly PortSpan[],
  protocols: readonly ('TCP' | 'UDP')[],
): string[] {
  const touches = (range: PortRange): boolean =>
    (range.protocol === null || protocols.includes(range.protocol)) &&
    ports.some((span) => span.start <= range.end && range.start <= span.end);
  const { reservedPorts, dynamicRanges, urlReservations } = facts.sections;
  const kept = (range: PortRange): string => {
    const scope = scopeText(range) === '' ? '' : ` for ${scopeText(range)}`;
    return `It is in the range ${rangeText(range)}${meanings[range.kind] === undefined ? ` that is ${range.kind.toLowerCase()}${scope}` : `${scope} ${meanings[range.kind]}`} (${range.source}).`;
  };
  const urls = (urlReservations?.data ?? []).flatMap(({ url }) => {
    const port = protocols.includes('TCP') ? /^https?:\/\/(?:\[[^\]]*\]|[^:/]*):(\d{1,5})/i.exec(url)?.[1] : undefined;
    return port !== undefined && ports.some(({ start, end }) => start <= Number(port) && Number(port) <= end)
      ? [url]
      : [];
  });
  const notes = [
    // The privileged range does not prevent a bind by a user with the right.
    ...withoutFamilies(reservedPorts.data.filter((range) => range.kind !== 'Privileged' && touches(range))).map(kept),
    ...withoutFamilies(dynamicRanges.data.filter(touches)).map(
      (range) =>
        `It is in the dynamic range ${rangeText(range)} that this machine assigns automatically${scopeText(range) === '' ? '' : ` for ${scopeText(range)}`} (${range.source}).`,
    ),
    ...(urls.length === 0
      ? []
      : [
          `HTTP.sys may register ${urls.slice(0, 4).join(', ')}${urls.length > 4 ? ` and ${urls.length - 4} more` : ''} there; that alone does not hold the port.`,
        ]),
  ];
  if (hasFailed(reservedPorts))
    notes.push(`Cannot tell whether it is reserved: ${reservedPorts.reason ?? 'the reason is unknown'}.`);
  return [...new Set(notes)];
}
