import type { AskedMachine } from '../facts/machine.ts';
import type { Facts, PortRange } from '../facts/model/facts.ts';
import { hasFailed, isPartial, isWhole } from '../facts/model/section.ts';
import { counted } from '../io/counted.ts';
import { portClasses } from '../ports/classes.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { Range } from '../schema/range.ts';
import { sectionProblems } from './problems.ts';

const machineKinds: Readonly<Record<string, string>> = { Dynamic: 'LocalDynamic' };

/** Lists what port numbers mean, in general and on a machine. */
export async function portRanges(machine: AskedMachine): Promise<Answer> {
  const facts = await machine.facts({
    localPorts: null,
    protocols: [],
    sockets: 'listeners',
    details: new Set(),
    ranges: true,
  });
  return {
    headline: rangesText(facts),
    // Rows of several machines can be in one answer, where each row has to say which machine it is about.
    rows: ranges(facts).map((row) => Object.assign({}, row, { ComputerName: facts.machine.name })),
    // This does not depend on the sockets.
    problems: sectionProblems(facts, null).filter(({ target }) => target !== 'sockets'),
    exitCode: exitCodeOf(hasFailed(facts.sections.dynamicRanges) ? null : true),
  };
}

/** Which ports the machine assigns automatically, and how many ranges it reserves. */
function rangesText({ machine: { name }, sections: { dynamicRanges, reservedPorts } }: Facts): string {
  const who = name === '' ? 'This machine' : name;
  const dynamic = [...new Set(dynamicRanges.data.map(({ start, end }) => `${start}-${end}`))];
  const handsOut =
    dynamic.length > 0
      ? `${who} assigns ports ${dynamic.join(', ')} automatically`
      : `The dynamic range of ${who === 'This machine' ? 'this machine' : who} is unknown`;
  // That a port below 1024 needs root keeps nobody from it who may bind it at all.
  const kept = new Set(
    reservedPorts.data.filter(({ kind }) => kind !== 'Privileged').map(({ start, end }) => `${start}-${end}`),
  ).size;
  const keeps = isWhole(reservedPorts)
    ? kept === 0
      ? 'no other range is reserved'
      : `${counted(kept, 'range')} ${kept === 1 ? 'is' : 'are'} reserved`
    : isPartial(reservedPorts)
      ? 'some reserved ranges could not be read'
      : 'its reserved ranges are unknown';
  return `${handsOut}; ${keeps}.`;
}

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
