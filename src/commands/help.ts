import type { Cli, Definition } from 'clipanion';
import { PortOwnerError } from '../problems.ts';

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
  const [long = '', ...short] = option.definition.replace(/ #\d+/g, '').split(',');
  const value = / #\d+/.test(option.definition) ? ` ${long.replace(/^--/, '').toUpperCase()}` : '';
  return `${[...short, long].join(', ')}${value}`;
}

function title(text: string): string {
  return `\n${text}\n`;
}

/** The words of a command: clipanion writes its operands behind them. */
export const pathOf = (definition: Definition): string => definition.path.replace(/ [.<[].*$/, '').trim();

/** Its operands as people write them, with a blank in front. */
export function operandsOf(definition: Definition): string {
  // Clipanion has no name for operands of any number: they are ports wherever there are some.
  return ((definition as { usage?: string }).usage ?? '').slice(pathOf(definition).length).replace('...', '[PORTS…]');
}

/** The page of one command. */
function commandPage(definition: Definition, operands: string): string {
  const options = definition.options.map((option) => ({
    text: optionText(option),
    description: option.description ?? '',
  }));
  const column = Math.max(...options.map(({ text }) => text.length)) + 4;
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
  return [
    `${definition.path}${operands} [options]`,
    `  ${definition.description?.trim() ?? ''}`,
    ...(details === '' ? [] : ['', details]),
    title('Options:') + optionLines.join('\n'),
    title('Examples:') + examples.join('\n\n'),
    '',
  ].join('\n');
}

/** The help of the command that `words` name; without words, the main question with a list of the other commands. */
export async function helpText(cli: Cli<never>, words: readonly string[]): Promise<string> {
  const definitions = cli.definitions();
  const wanted = ['portowner', ...words].join(' ');
  const found = definitions.find((definition) => pathOf(definition) === wanted);
  // The second word may be what the command is about.
  if (
    found === undefined &&
    words.length > 1 &&
    definitions.some((definition) => pathOf(definition) === `portowner ${words[0]}`)
  )
    return helpText(cli, words.slice(0, 1));
  const shared = definitions.filter((definition) => pathOf(definition).startsWith(`${wanted} `));
  if (found === undefined && shared.length > 0) {
    const pages = shared.map(
      (definition) => `${pathOf(definition)}\n  ${wrap(definition.description?.trim() ?? '', 2).trimStart()}\n`,
    );
    return `${pages.join('\n')}\n  ${wanted} COMMAND --help tells more about each.\n`;
  }
  if (found === undefined)
    throw new PortOwnerError('PO1001', `there is no command ${JSON.stringify(words.join(' '))}`, {
      hint: 'portowner --help lists them.',
    });
  const page = commandPage({ ...found, path: wanted }, operandsOf(found));
  if (words.length > 0) return page;
  const others = definitions
    .filter((definition) => definition !== found)
    .map((definition) => ({
      path: pathOf(definition),
      description: definition.description ?? '',
    }));
  const column = Math.max(...others.map(({ path }) => path.length)) + 4;
  const lines = others.map(
    ({ path, description }) => `  ${path.padEnd(column - 2)}${wrap(description.trim(), column).trimStart()}`,
  );
  return `${page}${title('Other commands:')}${lines.join('\n')}\n\n  portowner COMMAND --help tells more about each; portowner --version prints the version.\n`;
}
