import { version } from '../version.ts';
import type { Facts } from './facts.ts';
import type { Question } from './question.ts';
import type { RawSource } from './raw.ts';

/** Asks a source, live or recorded, and decodes its answers. What a system refuses is in the sections, never thrown. */
export async function gather(source: RawSource, question: Question, now: Date): Promise<Facts> {
  const { machine, sections } =
    source.platform === 'win32'
      ? (await import('./gather-windows.ts')).gatherWindows(source, question)
      : (await import('./gather-linux.ts')).gatherLinux(source, question);
  if (question.firewall === true) sections.firewall = (await import('./gather-firewall.ts')).gatherFirewall(source);
  return {
    kind: 'PortOwner.Facts',
    formatVersion: 1,
    tool: `portowner ${version}`,
    at: now.toISOString(),
    machine,
    sections,
  };
}
