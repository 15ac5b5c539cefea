import { wasAsked } from '../model/section.ts';
import type { Facts } from '../model/facts.ts';
import { sectionTitle } from '../model/sections.ts';
import { counted } from '../../io/counted.ts';
import type { Report } from '../../schema/problems.ts';
import type { BinaryStep } from './binaries.ts';

/** What was read, and how well, in one line. */
export function factsText({ machine, at, sections }: Facts): string {
  const asked = Object.entries(sections).filter(([, section]) => wasAsked(section));
  const statuses = asked.map(([key, { status }]) => `${sectionTitle(key)} ${status}`);
  return `${machine.name} at ${at}: ${counted(sections.sockets.data.length, 'socket')}, ${counted(sections.processes.data.length, 'process', 'processes')} (${statuses.join(', ') || 'nothing asked'})`;
}

/** So many milliseconds lie between two notices of what goes on quickly. */
const pause = 100;

/** Reports progress on executables; only some if many follow in quick succession. */
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
