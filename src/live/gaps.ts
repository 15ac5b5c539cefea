import { splitNeeds } from '../facts/model/refusal.ts';
import type { Problem } from '../schema/problems.ts';
import { notWanted, type Look } from './look.ts';

/** Warns of what a look could not see. */
export const gapProblems = (gaps: readonly string[]): Problem[] =>
  gaps.map((message) => ({
    severity: 'Warning',
    code: splitNeeds(message).needs !== null ? 'PO3002' : 'PO3001',
    message,
  }));

/** Why the statistics of connections are missing: of those that need more rights, or of all of them. */
export function statisticsGaps({ sockets }: Pick<Look, 'sockets'>): string[] {
  const reasons = new Set<string>();
  let isMeasured = false;
  for (const { protocol, reason, counters } of sockets.values()) {
    // No system counts the bytes of UDP sockets.
    if (protocol === 'UDP') continue;
    if (counters.sent !== null || reason === notWanted) isMeasured = true;
    else if (reason !== null) reasons.add(reason);
  }
  return [...reasons].flatMap((reason) => {
    const { text, needs } = splitNeeds(reason);
    if (needs !== null) return `statistics need ${needs}: ${text}`;
    return isMeasured ? [] : `statistics are missing: ${reason}`;
  });
}

/** Returns a function that selects what no look before could not see: only the numbers in it change with every look. */
export function newGaps(): (look: Pick<Look, 'gaps'>) => string[] {
  const known = new Set<string>();
  return ({ gaps }) =>
    gaps.filter((gap) => {
      const kind = gap.replaceAll(/\d+/g, '0');
      return known.size < known.add(kind).size;
    });
}
