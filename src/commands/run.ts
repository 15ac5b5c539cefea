import { ClosedPipe } from '../formats/sink.ts';
import { exit, PortOwnerError, type ExitCode } from '../problems.ts';
import { version } from '../version.ts';
import { loadClipanion, loadParser } from './clipanion.ts';
import type { BaseCommand } from './base.ts';
import type { Surroundings } from './surroundings.ts';

type CommandClass = (new () => BaseCommand) & { readonly paths?: string[][] };

/** The first word of a command line, and the one file that is loaded for it, with the command or commands in it. */
const commands: Readonly<Record<string, () => Promise<CommandClass | readonly CommandClass[]>>> = {
  snapshot: async () => (await import('./snapshot.ts')).SnapshotCommand,
  ranges: async () => (await import('./ranges.ts')).RangesCommand,
  free: async () => (await import('./free.ts')).FreeCommand,
  stop: async () => (await import('./stop.ts')).StopCommand,
  why: async () => (await import('./why.ts')).WhyCommand,
  conflicts: async () => (await import('./conflicts.ts')).ConflictsCommand,
  baseline: async () => {
    const { BaselineCreateCommand, BaselineShowCommand, BaselineUpdateCommand } = await import('./baseline.ts');
    return [BaselineCreateCommand, BaselineUpdateCommand, BaselineShowCommand];
  },
  diff: async () => (await import('./diff.ts')).DiffCommand,
  audit: async () => (await import('./audit.ts')).AuditCommand,
  history: async () => (await import('./history.ts')).HistoryCommand,
  schedule: async () => (await import('./schedule.ts')).scheduleCommands,
  doctor: async () => (await import('./doctor.ts')).DoctorCommand,
  completion: async () => (await import('./completion.ts')).CompletionCommand,
};
const defaultCommand = async (): Promise<CommandClass> => (await import('./ports.ts')).PortsCommand;

function isCommand(word: string | undefined): word is string {
  return word !== undefined && Object.hasOwn(commands, word);
}

/** The words that name a command: the first, and the second where it may be one of those that share the first. */
function commandWordsOf([first = '', second = '']: readonly string[]): string[] {
  return /^[a-z]+$/.test(second) ? [first, second] : [first];
}

/** Throws PO1001 where commands share their first word, and the second is none of theirs. */
function checkSecondWord(classes: readonly CommandClass[], [first = '', second = '']: readonly string[]): void {
  const paths = classes.flatMap(({ paths = [] }) => paths);
  if (paths.some((path) => path.length < 2 || path[1] === second)) return;
  const what =
    second === '' || second.startsWith('-') ? 'needs a second word' : `has no command ${JSON.stringify(second)}`;
  const words = paths.map(([, word]) => word).join(', ');
  throw new PortOwnerError('PO1001', `portowner ${first} ${what}`, {
    hint: `It takes one of ${words}; portowner ${first} --help tells of them.`,
    target: second,
  });
}

/** Every command, the main question first: for help, completion and definitions. */
export async function allCommands(): Promise<CommandClass[]> {
  await loadClipanion();
  return (await Promise.all([defaultCommand, ...Object.values(commands)].map((load) => load()))).flat();
}

/** A parser of the command lines of these commands. */
export async function newCli(classes: readonly CommandClass[]): Promise<import('clipanion').Cli<never>> {
  const { Cli } = await loadClipanion();
  const cli = new Cli({
    binaryName: 'portowner',
    binaryLabel: 'PortOwner',
    binaryVersion: version,
    enableColors: false,
  });
  for (const command of classes) cli.register(command as never);
  return cli as never;
}

/** `--sort -StartTime` as `--sort=-StartTime`: clipanion takes every word that starts with - for an option. */
function joinSortKeys(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    if (joined.at(-1) === '--sort' && arg.startsWith('-')) joined.splice(-1, 1, `--sort=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

/**
 * Makes the parser for a line that has no option at all, which is the main question as it is mostly asked: each
 * option adds to a state machine that is built before every parse, and all of them cost a sixth of the start.
 */
function withoutOptions(cli: import('clipanion').Cli<never>, command: CommandClass): void {
  const { registrations } = cli as unknown as { registrations: Map<CommandClass, { builder: { options: unknown[] } }> };
  registrations.get(command)!.builder.options = [];
}

/** Runs one command line, without the program's name, and gives its exit code. Never throws. */
export async function runPortOwner(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  try {
    return await run(args, surroundings);
  } catch (error) {
    if (error instanceof ClosedPipe) return exit.ok;
    const { problemText, toPortOwnerError } = await import('./base.ts');
    const known = toPortOwnerError(error);
    surroundings.error(problemText(known.problem));
    return known.exitCode;
  }
}

async function run(given: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  // On Windows a command line has no more than 32,767 characters.
  const args = given.includes('@-') ? (await import('./arguments.ts')).withInput(given) : given;
  if (args.length > 1000) (await import('./arguments.ts')).checkNumber(args.length);
  const [first] = args;
  if (first === '--version' || first === 'version') return print(`portowner ${version}\n`, surroundings);
  if (first === 'definitions') {
    const { definitionsText } = await import('./definitions.ts');
    return print(definitionsText(await newCli(await allCommands())), surroundings);
  }
  if (first === 'internal-interrupt') return interrupt(args.slice(1), surroundings);
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (first === 'help' || options.includes('--help') || options.includes('-h')) {
    const { helpText } = await import('./help.ts');
    const words = first === 'help' ? args.slice(1) : isCommand(first) ? commandWordsOf(args) : [];
    return print(await helpText(await newCli(await allCommands()), words), surroundings);
  }
  const load = isCommand(first) ? commands[first]! : defaultCommand;
  // clipanion is loaded by way of loadClipanion before any command file is.
  await loadParser(args.length);
  const classes = [await load()].flat();
  if (isCommand(first)) checkSecondWord(classes, args);
  const cli = await newCli(classes);
  if (!args.some((arg) => arg.startsWith('-'))) for (const command of classes) withoutOptions(cli, command);
  const context = { surroundings };
  return (await cli.run(cli.process(joinSortKeys(args), context as never), context as never)) as ExitCode;
}

/** What stop starts this same program for on Windows: see machine/windows/console.ts. */
async function interrupt([pid = '', startTime = '']: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const hands = await surroundings.hands();
  const reason = hands.interrupt?.(Number(pid), startTime) ?? null;
  if (reason === null) return exit.ok;
  print(`${reason}\n`, surroundings);
  return exit.no;
}

function print(text: string, surroundings: Surroundings): ExitCode {
  const sink = surroundings.output();
  sink.write(text);
  sink.close();
  return exit.ok;
}
