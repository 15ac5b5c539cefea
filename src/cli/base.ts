import { Command } from 'clipanion';
import type { CommandAbout } from './about.ts';
import type { OptionGroup } from './options/group.ts';
import type { Refusal } from '../system/raw.ts';
import { ClosedPipe } from '../io/sink.ts';
import { sanitize } from '../io/sanitize.ts';
import { errorWords, isSystemError } from '../io/errors.ts';
import { exit, PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';

/** What clipanion passes to a command. */
export interface Context {
  readonly surroundings: Surroundings;
  /** The command line as it was given, without the program's name. */
  readonly words: readonly string[];
  /** Every command, for help and completion. */
  readonly catalogue: Catalogue;
}

/** Formats a problem for stderr: one line, and one for the hint. */
export function problemText(problem: Problem): string {
  const word = problem.severity === 'Warning' ? 'warning: ' : '';
  const hint = problem.hint === undefined ? '' : `  ${sanitize(problem.hint)}\n`;
  return `portowner: ${problem.code}: ${word}${sanitize(problem.message)}\n${hint}`;
}

/** Converts anything thrown to the error for the user. */
export function toPortOwnerError(error: unknown): PortOwnerError {
  if (error instanceof PortOwnerError) return error;
  if (error instanceof Error && 'clipanion' in error) {
    // usage-error.ts reports what the parser rejects; this is for anything unexpected. Its first line is the error.
    const [first = ''] = error.message.split('\n');
    return new PortOwnerError('PO1001', first.replace(/[.:]$/, ''), {
      hint: 'To list the options: portowner --help',
    });
  }
  // An unexpected error of the system is not a defect of this program.
  if (error instanceof Error && 'refusal' in error) {
    const { code, text, needs } = error.refusal as Refusal;
    return new PortOwnerError(
      code === 'AccessDenied' ? 'PO3002' : 'PO3001',
      needs === undefined ? text : `${text} (needs ${needs})`,
      { cause: error },
    );
  }
  // An unexpected error of the system is not a defect of this program.
  if (isSystemError(error)) {
    const what = error.path ?? error.syscall ?? 'the system';
    return new PortOwnerError('PO2001', `cannot use ${what}: ${errorWords(error, 'read')}`, {
      target: what,
      cause: error,
    });
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new PortOwnerError('PO9001', `this is a defect in PortOwner: ${text.split('\n').slice(0, 4).join(' ')}`, {
    hint: 'Please report it with this line.',
    cause: error,
  });
}

/** What all commands share: how an error becomes text and an exit code. */
export abstract class BaseCommand extends Command<Context & Command['context']> {
  get surroundings(): Surroundings {
    return this.context.surroundings;
  }

  /** Runs the command. Throws PortOwnerError for anything that ends it. */
  abstract perform(): Promise<ExitCode>;

  async execute(): Promise<ExitCode> {
    return this.perform();
  }

  /** The value of --output, if the command has it. */
  declare output?: string | undefined;

  // Clipanion would print to stdout and exit with 0 or 1.
  override async validateAndExecute(): Promise<number> {
    // By convention, - is standard output, where the output goes without --output.
    if (this.output === '-') this.output = undefined;
    try {
      return await super.validateAndExecute();
    } catch (error) {
      if (error instanceof ClosedPipe) return exit.ok;
      const known = toPortOwnerError(error);
      this.fail(known);
      return known.exitCode;
    }
  }

  /** Reports an error that ended the command. */
  protected fail(error: PortOwnerError): void {
    this.surroundings.error(problemText(error.problem));
  }
}

/** A command in the catalog. */
export type CommandClass = (new () => BaseCommand) & {
  readonly paths?: string[][];
  readonly about: CommandAbout;
  readonly groups?: readonly OptionGroup[];
};

/**
 * The first word of a command line, and the loader of the command or commands that it names, or the name it is an alias
 * of; empty for the main query.
 */
export type Catalogue = Readonly<Record<string, string | (() => Promise<readonly CommandClass[]>)>>;
