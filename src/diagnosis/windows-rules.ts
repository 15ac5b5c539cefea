/**
 * Windows' answer to a second bind on a port that a first socket is bound to, as Microsoft documents it for Windows
 * Server 2003 and later:
 * https://learn.microsoft.com/windows/win32/winsock/using-so-reuseaddr-and-so-exclusiveaddruse
 */

export type WindowsSharing = 'default' | 'reuse' | 'exclusive';
export type WindowsScope = 'wildcard' | 'specific';
/** `inUse` is 10048 (WSAEADDRINUSE), `access` is 10013 (WSAEACCES). */
export type WindowsOutcome = 'success' | 'inUse' | 'access';

export const windowsSharings = ['default', 'reuse', 'exclusive'] as const satisfies readonly WindowsSharing[];

const letters: Readonly<Record<string, WindowsOutcome>> = { S: 'success', I: 'inUse', A: 'access' };

/** Rows: the first bind. Columns: the second bind with default, reuse, exclusive, each as wildcard and specific. */
type Table = Readonly<Record<WindowsSharing, Readonly<Record<WindowsScope, string>>>>;

const sameUserTable: Table = {
  default: { wildcard: 'IS AS IS', specific: 'SI SA II' },
  reuse: { wildcard: 'IS SS IS', specific: 'SI SS II' },
  exclusive: { wildcard: 'IA AA IA', specific: 'SI SA II' },
};
const otherUserTable: Table = {
  default: { wildcard: 'IA AA IA', specific: 'SI SA II' },
  reuse: { wildcard: 'IA SS IA', specific: 'SI SS II' },
  exclusive: { wildcard: 'IA AA IA', specific: 'SI SA II' },
};

export interface WindowsSide {
  readonly sharing: WindowsSharing;
  readonly scope: WindowsScope;
}

/** Returns the outcome of the second bind. Two specific addresses must be equal, because different ones never meet. */
export function windowsOutcome(first: WindowsSide, second: WindowsSide, sameUser: boolean): WindowsOutcome {
  const row = (sameUser ? sameUserTable : otherUserTable)[first.sharing][first.scope];
  const letter = row[windowsSharings.indexOf(second.sharing) * 3 + (second.scope === 'wildcard' ? 0 : 1)];
  return letters[letter!]!;
}

/** Every possible outcome if the option or the user of the first socket is unknown (null). */
export function windowsOutcomes(
  first: WindowsScope,
  second: WindowsSide,
  sameUser: boolean | null,
): ReadonlySet<WindowsOutcome> {
  const users = sameUser === null ? [true, false] : [sameUser];
  return new Set(
    windowsSharings.flatMap((sharing) => users.map((user) => windowsOutcome({ sharing, scope: first }, second, user))),
  );
}
