import { exit, type ExitCode } from './problems.ts';

/** Why an answer is incomplete: it needs elevated rights, or something that no rights provide. Null if it is complete. */
export type Lack = 'rights' | 'source' | null;

/** The lack, according to what would reveal the value. */
export const lackOf = (needs: string | null): Lack => (needs === null ? 'source' : 'rights');

/**
 * The exit code of an answer: true is yes, false is no, null is unknown. A no is always valid, because it is only given for
 * something that was seen; a yes is valid only if nothing that it depends on is missing.
 */
export function exitCodeOf(answer: boolean | null, lack: Lack = null): ExitCode {
  if (answer === false) return exit.no;
  if (lack === 'rights') return exit.rights;
  return answer === null || lack !== null ? exit.unavailable : exit.ok;
}

/** The answer that an exit code stands for: yes, no, or null if unknown. */
export const answerIn = (code: ExitCode): boolean | null => (code === exit.ok ? true : code === exit.no ? false : null);

/**
 * The exit code of the answers of several machines. `decisive`: the answer for which one machine is enough, such as that
 * somebody owns the port. A machine that could not be read (`isUnread`) makes the answer unknown, whatever the others say.
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
