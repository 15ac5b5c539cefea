import { wasAsked } from '../model/section.ts';
import type { Facts } from '../model/facts.ts';
import { sectionTitle } from '../model/sections.ts';
import { counted } from '../../io/counted.ts';
import type { Report } from '../../schema/problems.ts';
import type { BinaryStep } from './binaries.ts';

/** Returns a one-line summary of what was read, with the status of each section. */
export function factsText({ machine, at, sections }: Facts): string {
  const asked = Object.entries(sections).filter(([, section]) => wasAsked(section));
  const statuses = asked.map(([key, { status }]) => `${sectionTitle(key)} ${status}`);
  return `${machine.name} at ${at}: ${counted(sections.sockets.data.length, 'socket')}, ${counted(sections.processes.data.length, 'process', 'processes')} (${statuses.join(', ') || 'nothing asked'})`;
}

/** The minimum number of milliseconds between two progress messages. */
const pause = 100;

/** Reports progress on executables, but only some of them if many follow in quick succession. */
export function reportingBinaries(report: Report): BinaryStep {
  let next = 0;
  return (step, nth, of) => {
    if (step === 'signers') return report('Progress', `checking the signers of ${counted(of, 'executable')}`);
    const now = performance.now();
    if (now < next) return;
    next = now + pause;
    report('Progress', `hashing executable ${nth} of ${of}`);
  };
}
