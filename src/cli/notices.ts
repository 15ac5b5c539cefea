import type { BinaryStep } from '../facts/gather/binaries.ts';
import type { Facts } from '../facts/model/facts.ts';
import type { RowWriter } from '../formats/writer.ts';
import type { Notice } from '../schema/problems.ts';
import { sectionNames } from '../ownership/problems.ts';
import { wasAsked } from '../facts/model/section.ts';

/** Tells what is going on to who asked to be told. */
export type Tell = (severity: Notice['severity'], message: string) => void;

/** Tells it as rows; the reader gets what is in progress at once. */
export function tellingTo(writer: RowWriter): Tell {
  return (severity, message) => {
    writer.problem({ severity, message });
    if (severity === 'Progress') writer.flush();
  };
}

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** What was read, and how well, in one line. */
export function factsText({ machine, at, sections }: Facts): string {
  const asked = Object.entries(sections).filter(([, section]) => wasAsked(section));
  const statuses = asked.map(([key, { status }]) => `${sectionNames[key] ?? key} ${status}`);
  return `${machine.name} at ${at}: ${counted(sections.sockets.data.length, 'socket')}, ${counted(sections.processes.data.length, 'process', 'processes')} (${statuses.join(', ') || 'nothing asked'})`;
}

/** So many milliseconds lie between two notices of what goes on quickly. */
const pause = 100;

/** Tells which executables are looked at; of many that follow one another quickly, only some. */
export function tellingBinaries(tell: Tell): BinaryStep {
  let next = 0;
  return (step, nth, of) => {
    if (step === 'signers') return tell('Progress', `asking who signed ${counted(of, 'executable')}`);
    const now = performance.now();
    if (now < next) return;
    next = now + pause;
    tell('Progress', `hashing executable ${nth} of ${of}`);
  };
}
