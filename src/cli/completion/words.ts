/** The words allowed on a command line, as data generated from the commands. */
import type { KnownValues } from '../about.ts';

export interface OptionWords {
  /** Its names, the long one first. */
  readonly names: readonly string[];
  readonly description: string;
  /** Whether a value follows. */
  readonly takesValue: boolean;
  /** Null if the value is free text, or if there is none. */
  readonly values: KnownValues | null;
}

export interface CommandWords {
  /** Its words, separated by blanks; empty for the main query. */
  readonly path: string;
  /** Other words for it, which complete like it. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly operands: KnownValues | null;
  /** The meanings of its columns. */
  readonly meanings: Readonly<Record<string, string>>;
}

/** Words that may follow the words of `path` to name a command. */
export function subcommands(path: string, commands: readonly CommandWords[]): CommandWords[] {
  const start = path === '' ? '' : `${path} `;
  return commands.filter(
    (command) =>
      command.path !== path && command.path.startsWith(start) && !command.path.slice(start.length).includes(' '),
  );
}
