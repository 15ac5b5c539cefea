import { sanitize } from '../io/sanitize.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** A move on which a person decides. */
interface ShownMove {
  readonly configured: { readonly family: { readonly name: string } };
  readonly from: number;
  readonly to: number;
  readonly files: readonly { readonly difference: string }[];
  readonly sideEffects: readonly string[];
  readonly restart: { readonly text: string };
}

/** An undo on which a person decides. */
interface ShownUndo {
  readonly id: string;
  readonly application: string;
  readonly from: number;
  readonly to: number;
  readonly differences: readonly string[];
  readonly restart: string;
}

/** Lines of differences: a tab is what it is in the file. */
const linesText = (texts: readonly string[]): string =>
  texts
    .flatMap((text) => text.split('\n'))
    .map((line) => `${line.split('\t').map(sanitize).join('\t')}\n`)
    .join('');

function moveText({ configured: { family }, from, to, files, sideEffects, restart }: ShownMove): string {
  const head = sanitize(`About to move ${family.name} from port ${from} to port ${to} (${restart.text}).`);
  const differences = linesText(files.map(({ difference }) => difference));
  return `${head}\n${differences}${sideEffects.map((text) => `  not changed: ${sanitize(text)}\n`).join('')}`;
}

function undoText({ id, application, from, to, differences, restart }: ShownUndo): string {
  const head = `About to undo the move ${id} of ${application} from port ${from} to port ${to} (${restart}).`;
  return `${sanitize(head)}\n${linesText(differences)}`;
}

/** What showing plans, and asking about them, needs. */
interface DialogWorld extends Pick<Surroundings, 'confirm'> {
  /** Whether nobody is asked. */
  readonly yes: boolean;
  /** Writes a text for people. */
  readonly write: (text: string) => void;
}

/** Shows plans, and asks about them: `approve` throws PO4403 if nobody can answer. */
export function moveDialog({ yes, confirm, write }: DialogWorld) {
  const asks = (question: string): boolean => {
    if (yes) return true;
    if (confirm === null)
      throw new PortOwnerError('PO4403', 'there is no terminal to ask on', {
        hint: 'Use --yes to move without asking, or --dry-run to show what would change.',
      });
    return confirm(`${sanitize(question)} [y/N] `);
  };
  return {
    move: {
      show: (plan: ShownMove): void => write(moveText(plan)),
      approve: ({ configured: { family }, from, to }: ShownMove): boolean =>
        asks(`Move ${family.name} from port ${from} to port ${to}?`),
    },
    undo: {
      tell: (differences: readonly string[]): void => write(linesText(differences)),
      show: (plan: ShownUndo): void => write(undoText(plan)),
      approve: ({ application, from, to }: ShownUndo): boolean =>
        asks(`Move ${application} back from port ${to} to port ${from}?`),
    },
  };
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
