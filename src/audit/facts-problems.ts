import { counted } from '../io/counted.ts';
import type { Listener } from './listeners.ts';
import type { Facts } from '../facts/model/facts.ts';
import { hasFailed, isPartial, isWhole, wasAsked } from '../facts/model/section.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import { sectionProblems } from '../ownership/problems.ts';

/** Facts that say which listeners there are; `name` is where they come from. Throws PO3001: no listener may be called closed then. */
export function auditable(facts: Facts, name: string): Facts {
  const { sockets } = facts.sections;
  if (isWhole(sockets) || isPartial(sockets)) return facts;
  throw new PortOwnerError(
    'PO3001',
    `cannot tell which ports are open: ${wasAsked(sockets) ? (sockets.reason ?? 'the sockets could not be read') : `${name} has no sockets`}`,
    { target: name },
  );
}

/** What keeps facts from telling all about the listeners, as ends of a sentence; empty when nothing does. */
export function gaps({ machine, sections }: Facts): string[] {
  return [
    ...(machine.name === '' ? ['the machine has no name'] : []),
    ...(isPartial(sections.sockets) ? ['not all sockets could be read'] : []),
    // Without its processes a machine has no owners, and without its range no dynamic listeners.
    ...(hasFailed(sections.processes) ? ['the processes could not be read'] : []),
    ...(hasFailed(sections.dynamicRanges) ? ['the dynamic port ranges could not be read'] : []),
  ];
}

/** Why the facts that `gaps` asks for are not whole, as far as a source said. */
export function gapReason({ sections }: Facts): string {
  const { sockets, processes, dynamicRanges } = sections;
  return sockets.reason ?? processes.reason ?? dynamicRanges.reason ?? 'no reason is known';
}

/** What the user should know about how well the facts of an audit could be had. */
export function factProblems(facts: Facts): Problem[] {
  return sectionProblems(facts, []);
}

const shownPorts = (listeners: readonly Listener[]): string =>
  [...new Set(listeners.map(({ port, ports }) => (port === 'dynamic' ? (ports[0] ?? port) : port)))]
    .slice(0, 8)
    .join(', ') + (listeners.length > 8 ? ' …' : '');

/** Tells of listeners that nobody was found to have; null when there are none. */
export function unfoundProblem(unseen: readonly Listener[], what: string): Problem | null {
  const unfound = unseen.filter((listener) => listener.unfound === true);
  if (unfound.length === 0) return null;
  const shown = shownPorts(unfound);
  const number = counted(unfound.length, 'listener');
  return {
    severity: 'Warning',
    code: 'PO3001',
    message: `the owner of ${number} was not found, ${what}: port ${shown}`,
    hint: 'Its row says why: portowner PORT --format list.',
    target: shown,
  };
}

/** Tells of listeners that could not be evaluated for want of rights or signatures; null when there are none. */
export function unseenProblem(all: readonly Listener[], what: string): Problem | null {
  const unseen = all.filter((listener) => listener.unfound !== true);
  if (unseen.length === 0) return null;
  const shown = [...new Set(unseen.map(({ port }) => port))].slice(0, 8).join(', ') + (unseen.length > 8 ? ' …' : '');
  // Whose owners are known lack a signer.
  const owned = unseen.every(({ program, user }) => program !== null && user !== null);
  return {
    severity: 'Warning',
    code: owned ? 'PO3001' : 'PO3002',
    message: `details are missing for ${counted(unseen.length, 'listener')}, ${what}: port ${shown}`,
    hint: owned
      ? 'Needs valid signatures of their executables.'
      : 'Needs the right to look at every process: that of root, or of an elevated administrator.',
    target: shown,
  };
}

/** Warns when two things that are compared come from different machines. */
export function machineProblem(before: string | null, now: string, what: string): Problem | null {
  if (before === null || before.toLowerCase() === now.toLowerCase()) return null;
  return {
    severity: 'Warning',
    code: 'PO4205',
    message: `${what} is of the machine ${before}, and is compared with ${now}`,
    target: before,
  };
}

/** Whether approved listeners have hashes, so that those of now are needed too. */
export const hashed = (approved: readonly Listener[]): boolean => approved.some(({ sha256 }) => sha256 !== null);

/** Whether approved listeners name signers. */
export const signed = (approved: readonly Listener[]): boolean => approved.some(({ signer }) => signer !== null);

/** Warns when a baseline or policy names signers, and the facts can have none. */
export function signerProblem(named: boolean, { machine, sections }: Facts, name: string): Problem | null {
  const asked = wasAsked(sections.binaries);
  const windows = machine.platform === 'win32';
  if (!named || (windows && asked)) return null;
  const why = windows ? 'the facts have none' : 'Linux does not tell who signed an executable (NotSupported)';
  return {
    severity: 'Warning',
    code: 'PO3001',
    message: `${name} names signers of executables, and ${why}: what depends on them is not decided`,
    ...(windows ? { hint: 'Make the snapshot with portowner snapshot --hash.' } : {}),
    target: name,
  };
}

/** Warns when there is nothing to compare the hashes of a baseline with. */
export function hashProblem(approved: readonly Listener[], facts: Facts, name: string): Problem | null {
  if (!hashed(approved) || wasAsked(facts.sections.binaries)) return null;
  return {
    severity: 'Warning',
    code: 'PO3001',
    message: `${name} has hashes of executables, and the facts have none: a replaced file would not be found`,
    hint: 'Make the snapshot with portowner snapshot --hash.',
    target: name,
  };
}

/** The problems that there are. */
export function present(...problems: (Problem | null)[]): Problem[] {
  return problems.filter((problem) => problem !== null);
}
