import type { Problem } from '../schema/problems.ts';
import type { Look } from './look.ts';

/** Warns of what a look could not see. */
export const gapProblems = (gaps: readonly string[]): Problem[] =>
  gaps.map((message) => ({
    severity: 'Warning',
    code: /\(needs /.test(message) ? 'PO3002' : 'PO3001',
    message,
  }));

/** Returns a function that selects what no look before could not see: only the numbers in it change with every look. */
export function newGaps(): (look: Pick<Look, 'gaps'>) => string[] {
  const known = new Set<string>();
  return ({ gaps }) =>
    gaps.filter((gap) => {
      const kind = gap.replaceAll(/\d+/g, '0');
      return known.size < known.add(kind).size;
    });
}
