import type { AskedMachine } from '../facts/machine.ts';
import { advisedThere } from '../facts/there.ts';
import type { Answer } from '../schema/answer.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { compare } from './compare.ts';
import {
  auditable,
  factProblems,
  gaps,
  machineProblem,
  present,
  unfoundProblem,
  unseenProblem,
} from './facts-problems.ts';
import { counted } from '../io/counted.ts';
import { certainChanges, changeRows, changesText } from './findings.ts';
import { auditQuestion, listeners } from './listeners.ts';

/** Compares the listeners of a snapshot with those of a later snapshot, or of a live machine with the hashes of its executables. */
export async function compareSnapshots(before: AskedMachine, after: AskedMachine, hash: boolean): Promise<Answer> {
  const one = auditable(await before.facts(auditQuestion), before.name);
  const other = auditable(await after.facts(auditQuestion, hash), after.name);
  const now = listeners(other);
  const { changes: all, unseen } = compare(listeners(one), now);
  const changes = certainChanges(all, other);
  const hidden = unseenProblem(unseen, 'which may have changed');
  const unfound = unfoundProblem(now, 'so it may have changed');
  const isPartial = [one, other].some((facts) => gaps(facts).length > 0) || unfound !== null;
  const lack = isPartial ? 'source' : hidden !== null ? 'rights' : null;
  const since = after.live ? `since ${before.name}` : `between ${before.name} and ${after.name}`;
  const rows = changeRows(changes, other.machine.name, { name: `snapshot ${before.name}`, approve: null });
  return {
    rows: advisedThere(rows, after.there),
    problems: [
      ...factProblems(one),
      ...factProblems(other),
      ...present(machineProblem(one.machine.name, other.machine.name, before.name), hidden, unfound),
    ],
    exitCode: exitCodeOf(changes.length === 0, lack),
    ...(changes.length > 0
      ? { headline: `${counted(changes.length, 'difference')} ${since}: ${changesText(changes)}.` }
      : {
          note: lack === null ? `No differences ${since}.` : 'No differences found, but not everything could be read.',
        }),
  };
}
