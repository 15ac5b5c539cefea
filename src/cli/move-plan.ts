import { sanitize } from '../io/sanitize.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** What a person decides on. */
interface ShownPlan {
  readonly application: string;
  readonly from: number;
  readonly to: number;
  readonly differences: readonly string[];
  readonly sideEffects: readonly string[];
  readonly restart: string;
}

/** Returns the text about a move on which a person decides. */
export function moveText({ application, from, to, differences, sideEffects, restart }: ShownPlan): string {
  const lines = [
    `About to move ${application} from port ${from} to port ${to} (${restart}).`,
    ...differences.flatMap((difference) => difference.split('\n')),
    ...sideEffects.map((text) => `  not changed: ${text}`),
  ];
  return lines.map((line) => `${sanitize(line)}\n`).join('');
}

/** Returns differences as lines for people. */
export const differencesText = (differences: readonly string[]): string =>
  differences
    .flatMap((difference) => difference.split('\n'))
    .map((line) => `${sanitize(line)}\n`)
    .join('');

/** Asks whether to move a server. Throws PO4403 if nobody can answer. */
export function asksToMove(question: string, confirm: Surroundings['confirm']): boolean {
  if (confirm === null)
    throw new PortOwnerError('PO4403', 'there is no terminal to ask on', {
      hint: 'Use --yes to move without asking, or --dry-run to show what would change.',
    });
  return confirm(`${sanitize(question)} [y/N] `);
}
