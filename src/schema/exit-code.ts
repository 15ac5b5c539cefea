import { exit, type ExitCode } from './problems.ts';

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

/** What an exit code says: yes, no, or null where it could not be told. */
export const answerIn = (code: ExitCode): boolean | null => (code === exit.ok ? true : code === exit.no ? false : null);

/**
 * The exit code of the answers of several machines. `decisive`: the answer that one machine is enough for, such as that
 * somebody has the port. A machine that could not be read (`isUnread`) might have anything, whatever the others say.
 */
export function exitCodeOfAll(
  codes: readonly ExitCode[],
  { decisive, isUnread }: { readonly decisive: boolean; readonly isUnread: boolean },
): ExitCode {
  if (isUnread) return exit.unavailable;
  const [first, last] = decisive ? [exit.ok, exit.no] : [exit.no, exit.ok];
  const order: readonly ExitCode[] = [exit.usage, first, exit.unavailable, exit.rights, last];
  return order.find((code) => codes.includes(code)) ?? exit.unavailable;
}
