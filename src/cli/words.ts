import type { Definition } from 'clipanion';
import { subcommands, type CommandWords, type OptionWords } from './completion/words.ts';
import { plainColumns } from '../schema/column.ts';
import { firstValues, type KnownValues } from './about.ts';
import { synonymsOf as synonymsOfTyped, takesPorts } from './typed.ts';
import type { KnownCommand } from './commands.ts';

/** The values that an option of a command takes; null for free text, or if it takes none. */
export function valuesOf({ about, groups }: KnownCommand, option: string): KnownValues | null {
  const values = firstValues({ about, groups: groups.map((group) => ({ about: group })) }, option);
  if (values !== 'columns') return values;
  return [...new Set(about.rows.flatMap((schema) => plainColumns(schema).map(({ name }) => name)))];
}

const synonymsOf = ({ about, groups }: KnownCommand) =>
  synonymsOfTyped({ about, groups: groups.map((group) => ({ about: group })) });

const help: OptionWords = {
  names: ['--help', '-h'],
  description: 'list the options, with examples',
  takesValue: false,
  values: null,
};
const version: OptionWords = {
  names: ['--version'],
  description: 'print the version',
  takesValue: false,
  values: null,
};

/** The names of an option, the long one first. Clipanion writes `--format,-f #0` for an option with one value. */
export function optionNames({ definition }: Definition['options'][number]): string[] {
  return definition
    .replace(/ #\d+/g, '')
    .split(',')
    .toSorted((a, b) => b.length - a.length);
}

/** Whether a value follows an option. */
export const takesValue = ({ definition }: Definition['options'][number]): boolean => / #\d+/.test(definition);

const forPrograms = 'For programs';
/** The title of the options that query another machine. */
export const otherMachines = 'Other machines';

/** An option in the usual notation, with its description. */
export interface ShownOption {
  /** `-f, --format FORMAT` */
  readonly text: string;
  readonly description: string;
  /** Its names, the long one first. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
}

/** What the value of an option is, where the name of the option does not say it. */
const placeholders: Readonly<Record<string, readonly string[]>> = {
  FILE: ['--from', '--baseline', '--policy', '--report', '--output', '--ssh-config', '--store', '--expected'],
  NAME: ['--host', '--machine', '--user', '--service', '--image', '--program'],
  NAMES: ['--columns', '--sort'],
  HASH: ['--sha256'],
  TIME: ['--since'],
  AGE: ['--max-age'],
  NUMBER: ['--count', '--pid', '--max-machines'],
  PORT: ['--near'],
  PORTS: ['--remote-port', '--except'],
  SECONDS: ['--host-timeout', '--timeout', '--interval', '--for', '--hold'],
  SEVERITY: ['--fail-on'],
  TEXT: ['--error'],
};

const placeholderOf = (long: string): string =>
  Object.keys(placeholders).find((word) => placeholders[word]!.includes(long)) ?? long.replace(/^--/, '').toUpperCase();

/**
 * The options of a command in sections, as in the help, the man page, and the reference: its own, those for other
 * machines, those for its output, and those for programs.
 */
export function optionSections(command: KnownCommand): { title: string; options: ShownOption[] }[] {
  const synonyms = synonymsOf(command);
  const titles = new Map<string, string>(
    command.groups.flatMap(({ sections = {} }) =>
      Object.entries(sections).flatMap(([title, names]) => names.map((name): [string, string] => [name, title])),
    ),
  );
  const options = command.definition.options.map((option): ShownOption => {
    const [long = '', ...short] = optionNames(option).filter((name) => synonyms[name] === undefined);
    const also = Object.keys(synonyms).filter((name) => !name.startsWith('--') && synonyms[name]!.join(' ') === long);
    const value = takesValue(option) ? ` ${placeholderOf(long)}` : '';
    return {
      text: `${[...also, ...short, long].join(', ')}${value}`,
      description: option.description ?? '',
      names: [long, ...short, ...also],
      takesValue: takesValue(option),
    };
  });
  const groups = Map.groupBy(options, ({ names: [long = ''] }) => titles.get(long) ?? 'Options');
  return ['Options', otherMachines, 'Output', forPrograms].flatMap((title) => {
    const found = groups.get(title);
    return found === undefined ? [] : [{ title, options: found }];
  });
}

/** Other words for a command and its options, besides their names, and what they mean. */
export function otherWords(command: KnownCommand): [words: string, meaning: string][] {
  const shown = new Set(optionSections(command).flatMap(({ options }) => options.flatMap(({ names }) => names)));
  const groups = Map.groupBy(
    // The help of --format already says that its values are also options.
    Object.entries(synonymsOf(command)).filter(
      ([name, [own = '']]) => !shown.has(name) && !own.startsWith('--format='),
    ),
    ([, own]) => own.join(' '),
  );
  const path = (word: string): string => `portowner ${word}`;
  const { aliases = [] } = command.about;
  return [
    ...(aliases.length === 0 ? [] : [[aliases.map(path).join(', '), path(command.path).trim()] as [string, string]]),
    ...(takesPorts(command.about) ? [['-p, --port PORT', 'PORT'] as [string, string]] : []),
    ...[...groups].map(([own, words]): [string, string] => [words.map(([name]) => name).join(', '), own]),
  ];
}

/** Everything allowed on a command line, except the options for programs. */
export function commandWords(all: readonly KnownCommand[]): CommandWords[] {
  const commands = all.map((command): CommandWords => {
    const { path, about, definition } = command;
    const shown = optionSections(command).flatMap(({ title, options }) => (title === forPrograms ? [] : options));
    const options = shown.map(({ names, description, takesValue }): OptionWords => {
      return { names, description, takesValue, values: valuesOf(command, names[0]!) };
    });
    return {
      path,
      aliases: about.aliases ?? [],
      description: definition.description?.trim() ?? '',
      options: [...options, help, ...(path === '' ? [version] : [])],
      operands: about.operands,
      meanings: Object.fromEntries(
        about.rows.flatMap((schema) => plainColumns(schema).map(({ name, description }) => [name, description])),
      ),
    };
  });
  const words = commands.map(({ path }) => path.split(' ')).filter(({ length }) => length > 1);
  const other = { aliases: [], meanings: {} };
  // First words that several commands share.
  for (const shared of new Set(words.map(([word]) => word!))) {
    const description = `${subcommands(shared, commands)
      .map(({ path }) => path.split(' ').at(-1))
      .join(', ')} …`;
    commands.push({ ...other, path: shared, description, options: [help], operands: null });
  }
  const operands = commands.map((command) => command.path).filter((path) => path !== '' && !path.includes(' '));
  commands.push({ ...other, path: 'help', description: 'explain a command', options: [], operands });
  return commands;
}
