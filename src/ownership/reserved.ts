import type { Facts, PortRange } from '../facts/facts.ts';
import type { PortSpan } from '../ports/expression.ts';

function rangeText(range: PortRange): string {
  return range.start === range.end ? `${range.start}` : `${range.start}-${range.end}`;
}

function scopeText(range: PortRange): string {
  return [range.protocol, range.family].filter((part) => part !== null).join(' ');
}

/** What keeps ports busy though no socket has them, one sentence a range. */
export function reservedNotes(facts: Facts, ports: readonly PortSpan[], protocols: readonly ('TCP' | 'UDP')[]): string[] {
  const touches = (range: PortRange): boolean =>
    (range.protocol === null || protocols.includes(range.protocol)) && ports.some((span) => span.start <= range.end && range.start <= span.end);
  const { reservedPorts, dynamicRanges } = facts.sections;
  const notes = [
    // That a port below 1024 needs root keeps nobody from it who may bind it at all.
    ...reservedPorts.data.filter((range) => range.kind !== 'Privileged' && touches(range)).map((range) => `It is in the range ${rangeText(range)} that is ${range.kind.toLowerCase()}${scopeText(range) === '' ? '' : ` for ${scopeText(range)}`} (${range.source}).`),
    ...dynamicRanges.data.filter(touches).map((range) => `It is in the dynamic range ${rangeText(range)} that this machine hands out by itself${scopeText(range) === '' ? '' : ` for ${scopeText(range)}`} (${range.source}).`),
  ];
  if (reservedPorts.status === 'failed') notes.push(`Whether it is reserved could not be told: ${reservedPorts.reason ?? 'no reason given'}.`);
  return [...new Set(notes)];
}
