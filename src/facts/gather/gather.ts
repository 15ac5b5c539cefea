import { version } from '../../schema/version.ts';
import { factsVersion } from '../model/facts-version.ts';
import type { Facts, Sections } from '../model/facts.ts';
import type { Question } from '../model/question.ts';
import type { RawSource } from '../../system/raw.ts';

/** Returns whether an owner may belong to a container. */
const hasContainers = ({ processes }: Sections): boolean =>
  processes.data.some(({ container, relays }) => container !== null || (relays !== undefined && relays.length > 0));

/**
 * Queries a live or recorded source and decodes its answers. Refusals by the system are recorded in the sections, never
 * thrown.
 */
export async function gather(source: RawSource, question: Question, now: Date): Promise<Facts> {
  const { machine, sections } =
    source.platform === 'win32'
      ? (await import('./windows.ts')).gatherWindows(source, question)
      : (await import('./linux.ts')).gatherLinux(source, question);
  if (question.details.has('services') && hasContainers(sections))
    await (await import('./containers.ts')).nameContainers(source, sections, question.details.has('restartPolicies'));
  if (question.details.has('restartPolicies')) await (await import('./units.ts')).tellUnitRestarts(source, sections);
  if (question.details.has('restarts')) (await import('./restarters.ts')).markRestarters(source, sections);
  if (question.firewall === true) sections.firewall = (await import('./firewall.ts')).gatherFirewall(source);
  if (question.addresses === true) Object.assign(sections, (await import('./addresses.ts')).gatherAddresses(source));
  return {
    kind: 'PortOwner.Facts',
    formatVersion: factsVersion,
    tool: `portowner ${version}`,
    at: now.toISOString(),
    machine,
    sections,
  };
}
