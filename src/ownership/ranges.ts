import type { Facts, PortRange } from '../facts/model/facts.ts';
import { portClasses } from '../ports/classes.ts';
import type { Range } from '../schema/range.ts';

const machineKinds: Readonly<Record<string, string>> = { Dynamic: 'LocalDynamic' };

/** IANA's classes, then the machine's own ranges by start. */
export function ranges(facts: Facts): Range[] {
  const classes = portClasses.map(({ name, start, end }): Range => ({
    Kind: name,
    Protocol: null,
    AddressFamily: null,
    StartPort: start,
    EndPort: end,
    Count: end - start + 1,
    Source: 'IANA (RFC 6335)',
    Reason: null,
    ComputerName: null,
  }));
  const own = [...facts.sections.dynamicRanges.data, ...facts.sections.reservedPorts.data].map(
    (item: PortRange): Range => ({
      Kind: machineKinds[item.kind] ?? item.kind,
      Protocol: item.protocol,
      AddressFamily: item.family,
      StartPort: item.start,
      EndPort: item.end,
      Count: item.end - item.start + 1,
      Source: item.source,
      Reason: null,
      ComputerName: facts.machine.name,
    }),
  );
  return [...classes, ...own];
}
