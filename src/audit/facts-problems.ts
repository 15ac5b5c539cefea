import { counted } from '../io/counted.ts';
import type { Listener } from './listeners.ts';
import type { Facts } from '../facts/model/facts.ts';
import { hasFailed, isPartial, isWhole, wasAsked } from '../facts/model/section.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import { sectionProblems } from '../ownership/problems.ts';

/** Requires facts with sockets; `name` is their origin. Throws PO3001, because otherwise listeners would appear closed. */
export function auditable(facts: Facts, name: string): Facts {
  const { sockets } = facts.sections;
  if (isWhole(sockets) || isPartial(sockets)) return facts;
  throw new PortOwnerError(
    'PO3001',
    `cannot tell which ports are open: ${wasAsked(sockets) ? (sockets.reason ?? 'the sockets could not be read') : `${name} has no sockets`}`,
    { target: name },
  );
}

/** Lists why facts are incomplete, as clauses; empty if they are complete. */
export function gaps({ machine, sections }: Facts): string[] {
  return [
    ...(machine.name === '' ? ['the machine has no name'] : []),
    ...(isPartial(sections.sockets) ? ['some sockets could not be read'] : []),
    // Without processes there are no owners, and without the range no dynamic listeners.
    ...(hasFailed(sections.processes) ? ['the processes could not be read'] : []),
    ...(hasFailed(sections.dynamicRanges) ? ['the dynamic port ranges could not be read'] : []),
  ];
}

/** Why the facts that `gaps` checks are incomplete, if a source said so. */
export function gapReason({ sections }: Facts): string {
  const { sockets, processes, dynamicRanges } = sections;
  return sockets.reason ?? processes.reason ?? dynamicRanges.reason ?? 'the reason is unknown';
}

/** The problems in gathering the facts of an audit that the user should know. */
export function factProblems(facts: Facts): Problem[] {
  return sectionProblems(facts, []);
}

const shownPorts = (listeners: readonly Listener[]): string =>
  [...new Set(listeners.map(({ port, ports }) => (port === 'dynamic' ? (ports[0] ?? port) : port)))]
    .slice(0, 8)
    .join(', ') + (listeners.length > 8 ? ' …' : '');

/** Warns about listeners without a known owner; null if there are none. */
export function unfoundProblem(unseen: readonly Listener[], what: string): Problem | null {
  const unfound = unseen.filter((listener) => listener.unfound === true);
  if (unfound.length === 0) return null;
  const shown = shownPorts(unfound);
  const number = counted(unfound.length, 'listener');
  return {
    severity: 'Warning',
    code: 'PO3001',
    message: `the owner of ${number} was not found, ${what}: port ${shown}`,
    hint: 'To see why: portowner PORT --format list.',
    target: shown,
  };
}

/** Warns about listeners that could not be evaluated because rights or signatures are missing; null if there are none. */
export function unseenProblem(all: readonly Listener[], what: string): Problem | null {
  const unseen = all.filter((listener) => listener.unfound !== true);
  if (unseen.length === 0) return null;
  const shown = [...new Set(unseen.map(({ port }) => port))].slice(0, 8).join(', ') + (unseen.length > 8 ? ' …' : '');
  // If the owners are known, only the signer is missing.
  const owned = unseen.every(({ program, user }) => program !== null && user !== null);
  return {
    severity: 'Warning',
    code: owned ? 'PO3001' : 'PO3002',
    message: `details are missing for ${counted(unseen.length, 'listener')}, ${what}: port ${shown}`,
    hint: owned
      ? 'Needs valid signatures of their executables.'
      : 'Needs the right to inspect every process: run it as root or as an elevated administrator.',
    target: shown,
  };
}

/** Warns if the two sides of a comparison come from different machines. */
export function machineProblem(before: string | null, now: string, what: string): Problem | null {
  if (before === null || before.toLowerCase() === now.toLowerCase()) return null;
  return {
    severity: 'Warning',
    code: 'PO4205',
    message: `${what} belongs to the machine ${before}, but is compared with ${now}`,
    target: before,
  };
}

/** Whether approved listeners have hashes, which require the current hashes, too. */
export const hashed = (approved: readonly Listener[]): boolean => approved.some(({ sha256 }) => sha256 !== null);

/** Whether approved listeners name signers. */
export const signed = (approved: readonly Listener[]): boolean => approved.some(({ signer }) => signer !== null);

/** Warns if a baseline or policy names signers, but the facts cannot contain any. */
export function signerProblem(named: boolean, { machine, sections }: Facts, name: string): Problem | null {
  const asked = wasAsked(sections.binaries);
  const windows = machine.platform === 'win32';
  if (!named || (windows && asked)) return null;
  const why = windows ? 'the facts contain none' : 'Linux does not support signers of executables (NotSupported)';
  return {
    severity: 'Warning',
    code: 'PO3001',
    message: `${name} names signers of executables, but ${why}: conditions that depend on signers are not evaluated`,
    ...(windows ? { hint: 'Create the snapshot with portowner snapshot --hash.' } : {}),
    target: name,
  };
}

/** Warns if the hashes of a baseline cannot be compared. */
export function hashProblem(approved: readonly Listener[], facts: Facts, name: string): Problem | null {
  if (!hashed(approved) || wasAsked(facts.sections.binaries)) return null;
  return {
    severity: 'Warning',
    code: 'PO3001',
    message: `${name} contains hashes of executables, but the facts contain none: a replaced file cannot be detected`,
    hint: 'Create the snapshot with portowner snapshot --hash.',
    target: name,
  };
}

/** Drops the nulls from a list of problems. */
export function present(...problems: (Problem | null)[]): Problem[] {
  return problems.filter((problem) => problem !== null);
}
