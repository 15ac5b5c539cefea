import type { ExitCode } from '../schema/problems.ts';
import type { RowSchema } from '../schema/column.ts';

/**
 * The values of an option or operand: these words, a file, a folder, the columns of the command's rows, or what is in
 * use in a column of the main question.
 */
export type Values = readonly string[] | 'file' | 'folder' | 'columns' | { readonly column: string };

/** Values that need no look at the command's rows. */
export type KnownValues = Exclude<Values, 'columns'>;

/** The PowerShell function around a command. */
export interface PowerShellFunction {
  readonly name: string;
  /** The parameters whose values stand without an option: one, or one for each operand. */
  readonly operand?: string | readonly string[];
  /** Parameters that the function itself reads. */
  readonly own?: readonly string[];
  /** Each parameter and the option behind it. */
  readonly parameters: Readonly<Record<string, `--${string}`>>;
  /** A parameter's values and the option's words for them, where these differ. */
  readonly terms?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Options that have no parameter, and why; those of groups have their reasons there. */
  readonly leftOut?: Readonly<Record<`--${string}`, string>>;
}

/**
 * Everything that is known of a command besides its words, help and options (which clipanion is told): completion, the
 * catalogue, the PowerShell module and the reference pages are made from it.
 */
export interface CommandAbout {
  /** The kinds of rows that it writes, the usual one first. */
  readonly rows: readonly RowSchema[];
  /** What stands without an option; null for free text, or when nothing does. */
  readonly operands: KnownValues | null;
  /** What its options take, where that is no free text; what those of groups take stands there. */
  readonly values: Readonly<Record<`--${string}`, Values>>;
  /** What its exit codes mean; 64 is wrong usage, unless something else is said. */
  readonly exitCodes: Readonly<Partial<Record<ExitCode, string>>>;
  /** Its function, or why it has none. */
  readonly powershell: PowerShellFunction | string;
}

/** The parameters whose values stand without an option, in their order. */
export const operandParameters = ({ operand = [] }: PowerShellFunction): readonly string[] => [operand].flat();

/** The exit codes of a command with what they mean, in their order. */
export function exitCodesOf({ exitCodes }: CommandAbout): [code: number, meaning: string][] {
  return Object.entries({ 64: 'wrong usage', ...exitCodes }).map(([code, meaning]) => [Number(code), meaning]);
}
