import { shortPath } from '../ownership/short-path.ts';
import type { Answer } from '../schema/answer.ts';
import { wideVariant } from '../schema/variant.ts';
import { unknownValue } from './values.ts';

/** The terminal width from which wide columns are shown. */
const wideTerminal = 120;

/** Returns whether there is room for more columns. */
export const isWideTerminal = (terminal: { readonly columns: number } | null): boolean =>
  terminal !== null && terminal.columns >= wideTerminal;

/** The answer with a table for its window, unless its rows have another one. */
export const withTable = (answer: Answer, variant: string | null): Answer =>
  variant === null || answer.variant !== undefined ? answer : { ...answer, variant };

/** The answer with the folders as the owners in a narrower table have them: the home folder is `~`. */
export const withShortFolders = (answer: Answer, home: string): Answer => ({
  ...answer,
  rows: answer.rows.map((row) => {
    const folder = row['WorkingDirectory'];
    return typeof folder === 'string' ? { ...row, WorkingDirectory: shortPath(folder, home) } : row;
  }),
});

/** Returns the table for a window of this width, in PowerShell; null for the usual one. */
export function wideTableOf(width: string | undefined): string | null {
  if (width === undefined) return null;
  if (!/^\d{1,6}$/.test(width)) throw unknownValue('--width', width, 'a number of characters');
  return wideVariant(Number(width));
}
