import { ClosedPipe, textSink } from '../io/sink.ts';
import { exit, PortOwnerError, type ExitCode } from '../schema/problems.ts';
import { newCli } from './commands.ts';
import type { Catalogue, CommandClass, Context } from './base.ts';
import { version } from '../schema/version.ts';
import { loadParser } from './clipanion.ts';
import type { Surroundings } from '../system/surroundings.ts';
import type { RefusedLine } from './usage-error.ts';

/** The words that name a command: the first, and the second if several commands may share the first. */
function commandWordsOf([first = '', second = '']: readonly string[]): string[] {
  return /^[a-z]+$/.test(second) ? [first, second] : [first];
}

/** Of commands that share their first word, the one that the second word names. Throws PO1001 if there is none. */
async function commandOf(
  classes: readonly CommandClass[],
  [first = '', second = '']: readonly string[],
): Promise<CommandClass> {
  const found = classes.find(({ paths = [] }) => paths.some((path) => path.length < 2 || path[1] === second));
  if (found !== undefined) return found;
  const words = classes.flatMap(({ paths = [] }) => paths.map(([, word = '']) => word));
  const missing = second === '' || second.startsWith('-');
  const [{ didYouMean }, { orList }] = await Promise.all([import('../schema/nearest.ts'), import('./values.ts')]);
  throw new PortOwnerError(
    'PO1001',
    `${missing ? 'missing subcommand' : `unknown subcommand ${JSON.stringify(second)}`}: portowner ${first} ${orList(words)}`,
    { hint: didYouMean(second, words, `For details: portowner ${first} --help`), target: second },
  );
}

/** The command's main name for the first word, which may be an alias in any case; null if it names no command. */
function commandWord(catalogue: Catalogue, given: string | undefined): string | null {
  const word = given?.toLowerCase() ?? '';
  if (word === '' || !Object.hasOwn(catalogue, word)) return null;
  const load = catalogue[word]!;
  return typeof load === 'string' ? load : word;
}

/** The ways to ask for help on all systems. */
const helpWords = new Set(['--help', '-h', '-?', '/?']);
const versionWords = new Set(['--version', '-V', 'version']);
/** A word that every parser accepts unchanged, unless it stands before a port: `TCP 3000`. */
const plainWord = /^(?!(?:tcp6?|udp6?|ports?)$)\w[\w./:-]*$/i;

/**
 * Builds the parser for a command line without options, the most frequent form of the main query: each
 * option adds to a state machine that is built before every parse, and together they take a sixth of the startup time.
 */
function withoutOptions(cli: import('clipanion').Cli<never>, command: CommandClass): void {
  const { registrations } = cli as unknown as { registrations: Map<CommandClass, { builder: { options: unknown[] } }> };
  registrations.get(command)!.builder.options = [];
}

/** A command line with its surroundings. */
export interface Invocation {
  readonly args: readonly string[];
  readonly catalogue: Catalogue;
  readonly surroundings: Surroundings;
}

/** Runs one command line, without the program's name, and returns its exit code. Never throws. */
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
  // The words typed so far may be invalid.
  if (given[0] === 'internal-complete') return completeLine({ args: given.slice(1), catalogue, surroundings });
  // Node replaces bytes that are not UTF-8 with this character.
  if (given.some((arg) => arg.includes('\ufffd'))) {
    const bytes = surroundings.argumentBytes();
    if (bytes !== null) (await import('./arguments.ts')).checkBytes(bytes, given.length);
  }
  // On Windows a command line has no more than 32,767 characters.
  const args = given.includes('@-') ? (await import('./arguments.ts')).withInput(given, surroundings.input) : given;
  if (args.length > 1000) (await import('./arguments.ts')).checkNumber(args.length);
  const [first] = args;
  if (first !== undefined && versionWords.has(first)) return print(`portowner ${version}\n`, surroundings);
  if (first === 'definitions') {
    const { definitionsText } = await import('./definitions.ts');
    const { allCommands } = await import('./commands.ts');
    return print(definitionsText(await newCli(await allCommands(catalogue))), surroundings);
  }
  if (first === 'internal-interrupt') return interrupt(args.slice(1), surroundings);
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const word = commandWord(catalogue, first);
  if (first === 'help' || options.some((option) => helpWords.has(option))) {
    const words = (first === 'help' ? args.slice(1) : word === null ? [] : commandWordsOf(args)).filter(
      (one) => !helpWords.has(one),
    );
    const own = commandWord(catalogue, words[0]) ?? words[0];
    const { helpText } = await import('./help.ts');
    const { loadAllCommands } = await import('./commands.ts');
    const wanted = own === undefined || own === '' ? [] : [own, ...words.slice(1)];
    return print(helpText(await loadAllCommands(catalogue), wanted, surroundings.lineWidth()), surroundings);
  }
  // An alias of the main query is not a separate command.
  const own = word === null ? args : [...(word === '' ? [] : [word]), ...args.slice(1)];
  return runCommand({ args: own, catalogue, surroundings }, word ?? '');
}

/** Runs the command that the first word names; without a word, the main query. */
async function runCommand({ args, catalogue, surroundings }: Invocation, word: string): Promise<ExitCode> {
  // Load clipanion through loadClipanion before any command file.
  await loadParser(args.length);
  const classes = await (catalogue[word] as () => Promise<readonly CommandClass[]>)();
  const command = classes.length === 1 ? classes[0]! : await commandOf(classes, args);
  const path = word !== '' ? args.slice(0, command.paths?.[0]?.length ?? 0) : [];
  let words = args.slice(path.length);
  if (!words.every((one) => plainWord.test(one))) words = (await import('./typed.ts')).asTyped(words, command);
  const cli = await newCli([command]);
  if (!words.some((one) => one.startsWith('-'))) withoutOptions(cli, command);
  const context: Context = { surroundings, catalogue, words: args };
  const parsed = await parse(() => cli.process([...path, ...words], context as never), { words, command, catalogue });
  return (await cli.run(parsed, context as never)) as ExitCode;
}

/** Parses a command line, and reports errors in our own words. */
async function parse<Parsed>(process: () => Parsed, line: RefusedLine): Promise<Parsed> {
  try {
    return process();
  } catch (error) {
    if (!(error instanceof Error && 'clipanion' in error)) throw error;
    throw await (await import('./usage-error.ts')).usageError(line);
  }
}

/** Answers the completion script of a shell. */
async function completeLine({ args, catalogue, surroundings }: Invocation): Promise<ExitCode> {
  const { answerShell } = await import('./completion/answer.ts');
  const ask = async (asked: readonly string[]): Promise<string> => {
    let text = '';
    const output = () => textSink((part) => void (text += part));
    const code = await runPortOwner({ args: asked, catalogue, surroundings: { ...surroundings, output, error() {} } });
    return code === exit.usage || code === exit.defect ? '' : text;
  };
  const input = (): string => Buffer.from(surroundings.input(64 * 1024)).toString();
  return print(await answerShell(args, { catalogue, ask, input }), surroundings);
}

/** The helper that stop starts from this program on Windows: see machine/windows/console.ts. */
async function interrupt(
  [pid = '', startTime = '', ...more]: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  if (!/^\d{1,10}$/.test(pid) || startTime === '' || more.length > 0)
    throw new PortOwnerError('PO1001', 'internal-interrupt needs a process ID and its start time');
  const hands = await surroundings.hands();
  if (hands.interrupt === undefined)
    throw new PortOwnerError('PO3003', 'internal-interrupt can be used only on Windows');
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
