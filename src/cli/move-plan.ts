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

/** A line of a difference: a tab is what it is in the file. */
const lineText = (line: string): string => `${line.split('\t').map(sanitize).join('\t')}\n`;

/** Returns the text about a move on which a person decides. */
export function moveText({ application, from, to, differences, sideEffects, restart }: ShownPlan): string {
  const lines = [
    `About to move ${application} from port ${from} to port ${to} (${restart}).`,
    ...differences.flatMap((difference) => difference.split('\n')),
    ...sideEffects.map((text) => `  not changed: ${text}`),
  ];
  return lines.map(lineText).join('');
}

/** Returns the text about an undo on which a person decides. */
export const undoText = ({
  application,
  from,
  to,
  id,
  differences,
  restart,
}: Omit<ShownPlan, 'sideEffects'> & { readonly id: string }): string =>
  `${sanitize(`About to undo the move ${id} of ${application} from port ${from} to port ${to} (${restart}).`)}\n${differencesText(differences)}`;

/** Returns differences as lines for people. */
export const differencesText = (differences: readonly string[]): string =>
  differences
    .flatMap((difference) => difference.split('\n'))
    .map(lineText)
    .join('');

/** Asks whether to move a server, or back. Throws PO4403 if nobody can answer. */
export function asks(question: string, confirm: Surroundings['confirm']): boolean {
  if (confirm === null)
    throw new PortOwnerError('PO4403', 'there is no terminal to ask on', {
      hint: 'Use --yes to move without asking, or --dry-run to show what would change.',
    });
  return confirm(`${sanitize(question)} [y/N] `);
}

/** The options of a move that exclude each other. */
interface MoveOptions {
  readonly undo: string | boolean | undefined;
  readonly list: boolean;
  readonly keep: string | undefined;
  readonly to: string | undefined;
  readonly dryRun: boolean;
}

/** Throws PO1005 for --undo or --list with what they would ignore. */
export function checkMoveOptions({ undo, list, keep, to, dryRun }: MoveOptions): void {
  const isUndo = undo !== undefined && undo !== false;
  const isList = list || keep !== undefined;
  if (!isUndo && !isList) return;
  const other = isUndo && isList ? '--list' : to !== undefined ? '--to' : dryRun && isList ? '--dry-run' : null;
  if (other !== null)
    throw new PortOwnerError('PO1005', `${isUndo ? '--undo' : '--list'} cannot be used with ${other}`);
}
