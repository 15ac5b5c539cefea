import type { Definition } from 'clipanion';
import { subcommands, type CommandWords, type OptionWords } from './completion/words.ts';
import { plainColumns } from '../schema/column.ts';
import type { KnownValues, Values } from './about.ts';
import type { KnownCommand } from './commands.ts';

/** What an option of a command takes; null when it is free text, or nothing. */
export function valuesOf({ about, groups }: KnownCommand, option: string): KnownValues | null {
  const all = [about.values, ...groups.map(({ values }) => values)] as readonly Readonly<Record<string, Values>>[];
  const values = all.map((one) => one?.[option]).find((found) => found !== undefined) ?? null;
  if (values !== 'columns') return values;
  return [...new Set(about.rows.flatMap((schema) => plainColumns(schema).map(({ name }) => name)))];
}

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

/** All that may stand on a command line. */
export function commandWords(all: readonly KnownCommand[]): CommandWords[] {
  const commands = all.map((command): CommandWords => {
    const { path, about, definition } = command;
    const options = definition.options.map((option): OptionWords => {
      const names = optionNames(option);
      return {
        names,
        description: option.description ?? '',
        takesValue: takesValue(option),
        values: valuesOf(command, names[0]!),
      };
    });
    return {
      path,
      description: definition.description?.trim() ?? '',
      options: [...options, help, ...(path === '' ? [version] : [])],
      operands: about.operands,
    };
  });
  const words = commands.map(({ path }) => path.split(' ')).filter(({ length }) => length > 1);
  // The words that several commands share.
  for (const shared of new Set(words.map(([word]) => word!))) {
    commands.push({
      path: shared,
      description: `${subcommands(shared, commands)
        .map(({ path }) => path.split(' ').at(-1))
        .join(', ')} …`,
      options: [help],
      operands: null,
    });
  }
  const names = commands.map((command) => command.path).filter((path) => path !== '');
  commands.push({ path: 'help', description: 'tell about a command', options: [], operands: names });
  return commands;
}
