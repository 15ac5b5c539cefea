import type { AskedMachine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';
import { hasFailed, isWhole } from '../facts/model/section.ts';
import { advisedThere } from '../facts/there.ts';
import { counted } from '../io/counted.ts';
import { sanitize } from '../io/sanitize.ts';
import { sectionProblems } from '../ownership/problems.ts';
import type { Answer } from '../schema/answer.ts';
import type { Conflict } from '../schema/conflict.ts';
import { exitCodeOf, lackOf } from '../schema/exit-code.ts';
import type { ExitCode } from '../schema/problems.ts';
import { formatPorts, portsText } from '../ports/expression.ts';
import type { Place } from '../ports/place.ts';
import { conflictSeverities, type ConflictSeverity } from './conflict-kinds.ts';
import { conflicts, bySeverity } from './conflicts.ts';

/** Asks for current and upcoming port conflicts. */
export interface ConflictsRequest {
  /** The lowest severity to include. */
  readonly least: ConflictSeverity;
  /** The ports to check, on any address: a port on one address may be in conflict with the same port on another. */
  readonly asked: readonly Place[] | null;
  /** Whether the output has no room for the meaning of each kind, which is then printed below it. */
  readonly narrow: boolean;
  /** The home folder of the person who reads the answer; empty if there is none. */
  readonly home: string;
  /** Returns the conflicts of configurations of this machine; they are unknown for another one. */
  readonly configured: (() => Promise<readonly Conflict[]>) | null;
}

/** Finds all current and upcoming port conflicts on a machine. */
export async function findConflicts(
  { least, asked, narrow, home, configured }: ConflictsRequest,
  machine: AskedMachine,
): Promise<Answer> {
  const facts = await machine.facts({
    localPorts: null,
    protocols: ['TCP', 'UDP'],
    sockets: 'all',
    // The parent processes and working directories distinguish two servers of one program from one server with workers.
    details: new Set(['owner', 'path', 'user', 'parent', 'ancestors', 'workingDirectory', 'services']),
    ranges: true,
    addresses: true,
    configured: true,
  });
  const { rows: seen, undecided } = conflicts(facts, home);
  const found = configured === null ? seen : bySeverity([...seen, ...(await configured())]);
  const all = asked === null ? found : found.filter(await overPorts(asked));
  const wanted = new Set<string | null>(conflictSeverities.slice(0, conflictSeverities.indexOf(least) + 1));
  const rows = advisedThere(
    all.filter((row) => wanted.has(row.Severity)),
    machine.there,
    facts,
  );
  const isHealthy = all.every((row) => row.Severity === 'Information');
  const exitCode = isHealthy ? healthyExitCode(facts, undecided) : exitCodeOf(false);
  const isCertain = !isHealthy || exitCode === exitCodeOf(true);
  const note =
    rows.length === 0
      ? isCertain
        ? `No conflicts${asked === null ? '' : ` on ${portsText(formatPorts(asked))}`}.`
        : 'No conflicts were found, but some facts could not be seen.'
      : narrow
        ? meanings(rows)
        : undefined;
  return {
    rows,
    problems: sectionProblems(facts, undecided === null ? [] : null),
    exitCode,
    ...(rows.length === 0 ? {} : { headline: headline(rows) }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Returns the ports of conflicts as a part of a sentence; empty where they have none, or one each and too many to list. */
function overWhich(rows: readonly Conflict[]): string {
  const ports = [...new Set(rows.flatMap(({ Port }) => Port ?? []))].toSorted((a, b) => a - b);
  if (ports.length === 0) return '';
  return ports.length > mostPorts
    ? ports.length === rows.length
      ? ''
      : ` on ${ports.length} ports`
    : ` on ${portsText(ports.join(', '))}`;
}

/** Returns the number, severity and ports of the conflicts. Information rows do not count as conflicts. */
function headline(rows: readonly Conflict[]): string {
  const [errors = [], warnings = [], notes = []] = conflictSeverities.map((severity) =>
    rows.filter((row) => row.Severity === severity),
  );
  const real = [...errors, ...warnings];
  if (real.length === 0) return `No conflicts; ${notes.length} for information${overWhich(notes)}.`;
  const parts = [
    ...(errors.length > 0 ? [counted(errors.length, 'error')] : []),
    ...(warnings.length > 0 ? [counted(warnings.length, 'warning')] : []),
  ];
  // A single kind that is more than one needs no second number.
  const kinds =
    parts.length === 1 && real.length > 1 ? (errors.length > 0 ? 'all errors' : 'all warnings') : parts.join(', ');
  const more = notes.length === 0 ? '' : `, and ${notes.length} for information`;
  return `${counted(real.length, 'conflict')}${overWhich(real)} (${kinds})${more}.`;
}

/** Returns a filter for conflicts on these ports. */
async function overPorts(asked: readonly Place[]): Promise<(row: Conflict) => boolean> {
  const { placeMatcher } = await import('../ports/place.ts');
  const isThere = placeMatcher(asked.map(({ address: _, ...place }) => place));
  return ({ Protocol, Port }) =>
    (Protocol === null ? ['TCP', 'UDP'] : [Protocol]).some((one) => isThere(one, null, Port));
}

/** Returns the exit code when no conflict was found. `undecided`: what could not be determined about owners. */
function healthyExitCode({ sections }: Facts, undecided: string | null): ExitCode {
  const { sockets, dynamicRanges, reservedPorts, portProxies, socketUnits } = sections;
  const unread = isWhole(sockets) ? [dynamicRanges, reservedPorts, portProxies, socketUnits].find(hasFailed) : sockets;
  if (unread !== undefined) return exitCodeOf(null, lackOf(unread.needs));
  // If every process was inspected, elevated rights would not help.
  return exitCodeOf(true, undecided === null ? null : isWhole(sections.processes) ? 'source' : 'rights');
}

/** At most this many ports are listed in a sentence. */
const mostPorts = 6;
/** At most this many descriptions of one kind are listed below a table. */
const mostDescriptions = 3;

/** Explains the words in a table. */
function meanings(rows: readonly Conflict[]): string {
  const lines: string[] = [];
  for (const [kind, all] of Map.groupBy(rows, ({ Kind }) => Kind!)) {
    const texts = [...new Set(all.map(({ Description }) => Description!))];
    for (const text of texts.slice(0, mostDescriptions)) lines.push(`${kind}: ${sanitize(text)}`);
    const more = texts.length - mostDescriptions;
    if (more > 0) lines.push(`${kind}: … and ${more} more; to see them, use --format list`);
  }
  return ['', ...lines].join('\n');
}
