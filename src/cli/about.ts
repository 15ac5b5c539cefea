import type { ExitCode } from '../schema/problems.ts';
import type { RowSchema } from '../schema/column.ts';

/**
 * The values of an option or operand: these words, a file, a folder, the columns of the command's rows, values in
 * use in a column of the main query, or ports that may be free.
 */
export type Values = readonly string[] | 'file' | 'folder' | 'columns' | 'ports' | { readonly column: string };

/** Values that do not depend on the command's rows. */
export type KnownValues = Exclude<Values, 'columns'>;

/** The PowerShell function around a command. */
export interface PowerShellFunction {
  readonly name: string;
  /** The parameters whose values are operands: one, or one for each operand. */
  readonly operand?: string | readonly string[];
  /** Parameters that the function itself reads. */
  readonly own?: readonly string[];
  /** Each parameter and the option behind it. */
  readonly parameters: Readonly<Record<string, `--${string}`>>;
  /** A parameter's values and the corresponding option values, if they differ. */
  readonly terms?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The file name extensions that the file it writes can have. */
  readonly endings?: readonly string[];
  /** Options that have no parameter, and why; options of groups have their reasons there. */
  readonly leftOut?: Readonly<Record<`--${string}`, string>>;
}

/**
 * The metadata of a command, besides its name, help, and options (which clipanion knows): completion, the catalog, the
 * PowerShell module, and the reference pages are generated from it.
 */
export interface CommandAbout {
  /** The kinds of rows it writes, the usual one first. */
  readonly rows: readonly RowSchema[];
  /** The values of its operands; null for free text, or if there are none. */
  readonly operands: KnownValues | null;
  /** The values of its options, except free text; options of groups are described there. */
  readonly values: Readonly<Record<`--${string}`, Values>>;
  /** Other names of the command. */
  readonly aliases?: readonly string[];
  /** Other names of its options, and what they mean; options of groups have theirs there. */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>;
  /** The meanings of its exit codes; 64 is wrong usage unless stated otherwise. */
  readonly exitCodes: Readonly<Partial<Record<ExitCode, string>>>;
  /** Its function, or why it has none. */
  readonly powershell: PowerShellFunction | string;
}

/** The parameters whose values are operands, in order. */
export const operandParameters = ({ operand = [] }: PowerShellFunction): readonly string[] => [operand].flat();

/** The exit codes of a command with their meanings, in order. */
export function exitCodesOf({ exitCodes }: CommandAbout): [code: number, meaning: string][] {
  return Object.entries({ 64: 'wrong usage', ...exitCodes }).map(([code, meaning]) => [Number(code), meaning]);
}

type ValuesOf = Readonly<Record<string, Values>>;

/** The values of an option, from the command or the first group that defines it. */
export function firstValues(
  {
    about,
    groups = [],
  }: { readonly about: CommandAbout; readonly groups?: readonly { readonly about: { readonly values?: ValuesOf } }[] },
  option: string,
): Values | null {
  const all: readonly (ValuesOf | undefined)[] = [about.values, ...groups.map((group) => group.about.values)];
  return all.map((one) => one?.[option]).find((found) => found !== undefined) ?? null;
}
