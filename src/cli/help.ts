import type { Definition } from 'clipanion';
import { exitCodesOf } from './about.ts';
import type { KnownCommand } from './commands.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { optionNames, takesValue } from './words.ts';

/** A help page is no wider than this, on any terminal. */
const width = 100;

/** Text broken at blanks into lines that start with `indent` blanks. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part) => ' '.repeat(indent) + part).join('\n');
}

/** `--format,-f #0` as people write it: `-f, --format FORMAT`. */
export function optionText(option: Definition['options'][number]): string {
  const [long = '', ...short] = optionNames(option);
  const value = takesValue(option) ? ` ${long.replace(/^--/, '').toUpperCase()}` : '';
  return `${[...short, long].join(', ')}${value}`;
}

function title(text: string): string {
  return `\n${text}\n`;
}

/** The words of a command: clipanion writes its operands behind them. */
export const pathOf = (definition: Definition): string => definition.path.replace(/ [.<[].*$/s, '').trim();

/** Its operands as people write them, with a blank in front. */
export function operandsOf(definition: Definition): string {
  // Clipanion has no name for operands of any number: they are ports wherever there are some.
  return ((definition as { usage?: string }).usage ?? '').slice(pathOf(definition).length).replace('...', '[PORTS…]');
}

/** The page of one command. */
function commandPage({ definition, about }: KnownCommand): string {
  const options = definition.options.map((option) => ({
    text: optionText(option),
    description: option.description ?? '',
  }));
  const column = Math.max(...options.map(({ text }) => text.length), 0) + 4;
  const optionLines = options.map(
    ({ text, description }) => `  ${text.padEnd(column - 2)}${wrap(description, column).trimStart()}`,
  );
  const details = (definition.details ?? '')
    .trim()
    .split(/\n{2,}/)
    .filter((part) => part !== '')
    .map((part) => wrap(part, 2))
    .join('\n\n');
  const examples = (definition.examples ?? []).map(([label, command]) => `  ${label.trim()}:\n    ${command}`);
  const exitCodes = exitCodesOf(about).map(
    ([code, meaning]) => `  ${String(code).padEnd(4)}${wrap(meaning, 6).trimStart()}`,
  );
  return [
    `${pathOf(definition)}${operandsOf(definition)} [options]`,
    `  ${definition.description?.trim() ?? ''}`,
    ...(details === '' ? [] : ['', details]),
    ...(optionLines.length === 0 ? [] : [title('Options:') + optionLines.join('\n')]),
    title('Exit codes:') + exitCodes.join('\n'),
    title('Examples:') + examples.join('\n\n'),
    '',
  ].join('\n');
}

/** A line for each of these commands: its words, and what it does. */
function commandLines(commands: readonly KnownCommand[]): string {
  const lines = commands.map(({ definition }) => [pathOf(definition), definition.description?.trim() ?? ''] as const);
  const column = Math.max(...lines.map(([path]) => path.length)) + 4;
  return lines.map(([path, text]) => `  ${path.padEnd(column - 2)}${wrap(text, column).trimStart()}`).join('\n');
}

/** The help of the command that `words` name; without words, the main question with a list of the other commands. */
export function helpText(all: readonly KnownCommand[], words: readonly string[]): string {
  const wanted = words.join(' ');
  const found = all.find(({ path }) => path === wanted);
  if (found !== undefined && words.length > 0) return commandPage(found);
  if (found !== undefined)
    return `${commandPage(found)}${title('Other commands:')}${commandLines(all.filter((command) => command !== found))}\n\n  portowner COMMAND --help tells more about each; portowner --version prints the version.\n`;
  // The second word may be what the command is about.
  if (words.length > 1 && all.some(({ path }) => path === words[0])) return helpText(all, words.slice(0, 1));
  const shared = all.filter(({ path }) => path.startsWith(`${wanted} `));
  if (shared.length > 0)
    return `${commandLines(shared)}\n\n  portowner ${wanted} COMMAND --help tells more about each.\n`;
  throw new PortOwnerError('PO1001', `there is no command ${JSON.stringify(wanted)}`, {
    hint: 'portowner --help lists them.',
  });
}
