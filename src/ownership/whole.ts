import type { Facts } from '../facts/model/facts.ts';
import { isWhole } from '../facts/model/section.ts';
import { exit, type ExitCode } from '../schema/problems.ts';
import { isOwnerDenied, isRefused, type OwnedEndpoint } from './owned.ts';

/** What keeps an answer from being whole: more rights would complete it, or something that no rights give. Null: nothing does. */
export type Lack = 'rights' | 'source' | null;

/** What is lacking, by what would reveal it. */
export const lackOf = (needs: string | null): Lack => (needs === null ? 'source' : 'rights');

/**
 * The exit code of an answer: true is yes, false no, null that it cannot be told. A no stands whatever is lacking, since
 * it is only given for what was seen; a yes counts where nothing is lacking that it rests on.
 */
export function exitCodeOf(answer: boolean | null, lack: Lack = null): ExitCode {
  if (answer === false) return exit.no;
  if (lack === 'rights') return exit.rights;
  return answer === null || lack !== null ? exit.unavailable : exit.ok;
}

/** Whether somebody owns what was asked for, by its rows and those of which it is open whether they belong to them. */
export function ownersExitCode(
  { sections }: Facts,
  rows: readonly OwnedEndpoint[],
  undecided: readonly OwnedEndpoint[],
  isAboutPorts: boolean,
): ExitCode {
  if (rows.length === 0) {
    if (undecided.some(({ refusals }) => refusals.some(({ code }) => code === 'AccessDenied')))
      return exitCodeOf(null, 'rights');
    return exitCodeOf(isWhole(sections.sockets) && undecided.length === 0 ? false : null);
  }
  if (!isAboutPorts) return exitCodeOf(true);
  const unknown = rows.filter(({ OwnerKind }) => OwnerKind === 'Unknown');
  const hidden = unknown.filter(isOwnerDenied);
  const unfound = unknown.filter((row) => isRefused(row, 'OwningProcess', 'Failed') && !isOwnerDenied(row));
  if (hidden.length + unfound.length < rows.length) return exitCodeOf(true);
  return exitCodeOf(null, hidden.length > 0 ? 'rights' : 'source');
}
