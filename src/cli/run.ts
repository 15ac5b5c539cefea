import { ClosedPipe } from '../io/sink.ts';
import { exit, PortOwnerError, type ExitCode } from '../schema/problems.ts';
import { newCli } from './commands.ts';
import type { Catalogue, CommandClass, Context } from './base.ts';
import { version } from '../schema/version.ts';
import { loadParser } from './clipanion.ts';
import type { Surroundings } from '../system/surroundings.ts';

const isCommand = (catalogue: Catalogue, word: string | undefined): word is string =>
  word !== undefined && word !== '' && Object.hasOwn(catalogue, word);

/** The words that name a command: the first, and the second where it may be one of those that share the first. */
function commandWordsOf([first = '', second = '']: readonly string[]): string[] {
  return /^[a-z]+$/.test(second) ? [first, second] : [first];
}

/** Throws PO1001 where commands share their first word, and the second is none of theirs. */
function checkSecondWord(classes: readonly CommandClass[], [first = '', second = '']: readonly string[]): void {
  const paths = classes.flatMap(({ paths = [] }) => paths);
  if (paths.some((path) => path.length < 2 || path[1] === second)) return;
  const words = paths.map(([, word]) => word).join(', ');
  const missing = second === '' || second.startsWith('-');
  throw new PortOwnerError(
    'PO1001',
    `${missing ? 'missing subcommand' : `unknown subcommand ${JSON.stringify(second)}`}: portowner ${first} ${words}`,
    { hint: `portowner ${first} --help explains them.`, target: second },
  );
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

/** A command line, and what it meets outside itself. */
export interface Invocation {
  readonly args: readonly string[];
  readonly catalogue: Catalogue;
  readonly surroundings: Surroundings;
}

/** Runs one command line, without the program's name, and gives its exit code. Never throws. */
export async function runPortOwner(invocation: Invocation): Promise<ExitCode> {
  try {
    return await run(invocation);
  } catch (error) {
    if (error instanceof ClosedPipe) return exit.ok;
    const { problemText, toPortOwnerError } = await import('./base.ts');
    const known = toPortOwnerError(error);
    invocation.surroundings.error(problemText(known.problem));
    return known.exitCode;
  }
}

async function run({ args: given, catalogue, surroundings }: Invocation): Promise<ExitCode> {
  // What Node puts in the place of bytes that are not UTF-8.
  if (given.some((arg) => arg.includes('\ufffd'))) {
    const bytes = surroundings.argumentBytes();
    if (bytes !== null) (await import('./arguments.ts')).checkBytes(bytes, given.length);
  }
  // On Windows a command line has no more than 32,767 characters.
  const args = given.includes('@-') ? (await import('./arguments.ts')).withInput(given, surroundings.input) : given;
  if (args.length > 1000) (await import('./arguments.ts')).checkNumber(args.length);
  const [first] = args;
  if (first === '--version' || first === 'version') return print(`portowner ${version}\n`, surroundings);
  if (first === 'definitions') {
    const { definitionsText } = await import('./definitions.ts');
    const { allCommands } = await import('./commands.ts');
    return print(definitionsText(await newCli(await allCommands(catalogue))), surroundings);
  }
  if (first === 'internal-interrupt') return interrupt(args.slice(1), surroundings);
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (first === 'help' || options.includes('--help') || options.includes('-h')) {
    const { helpText } = await import('./help.ts');
    const words = first === 'help' ? args.slice(1) : isCommand(catalogue, first) ? commandWordsOf(args) : [];
    const { loadAllCommands } = await import('./commands.ts');
    return print(helpText(await loadAllCommands(catalogue), words), surroundings);
  }
  const load = catalogue[isCommand(catalogue, first) ? first : '']!;
  // clipanion is loaded by way of loadClipanion before any command file is.
  await loadParser(args.length);
  const classes = await load();
  if (isCommand(catalogue, first)) checkSecondWord(classes, args);
  const cli = await newCli(classes);
  if (!args.some((arg) => arg.startsWith('-'))) for (const command of classes) withoutOptions(cli, command);
  const context: Context = { surroundings, catalogue };
  return (await cli.run(cli.process(joinSortKeys(args), context as never), context as never)) as ExitCode;
}

/** What stop starts this same program for on Windows: see machine/windows/console.ts. */
async function interrupt(
  [pid = '', startTime = '', ...more]: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  if (!/^\d{1,10}$/.test(pid) || startTime === '' || more.length > 0)
    throw new PortOwnerError('PO1001', 'internal-interrupt takes a process id and when that process was started');
  const hands = await surroundings.hands();
  if (hands.interrupt === undefined)
    throw new PortOwnerError(
      'PO3003',
      'internal-interrupt is for Windows, whose programs have a console to be asked on',
    );
  const { refusalOf } = await import('../system/hands.ts');
  try {
    const reason = hands.interrupt(Number(pid), startTime);
    if (reason === null) return exit.ok;
    print(`${reason}\n`, surroundings);
    return exit.no;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    print(`${refusal.text}\n`, surroundings);
    return refusal.code === 'AccessDenied' ? exit.rights : exit.no;
  }
}

function print(text: string, surroundings: Surroundings): ExitCode {
  const sink = surroundings.output();
  sink.write(text);
  sink.close();
  return exit.ok;
}
