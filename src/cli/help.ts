import type { Definition } from 'clipanion';
import { exitCodesOf } from './about.ts';
import type { KnownCommand } from './commands.ts';
import { didYouMean } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { wrap } from '../io/wrap.ts';
import { optionSections, otherWords } from './words.ts';

/** The maximum width of a help page on any terminal: longer lines are hard to read. */
const widest = 100;

/** Terms with their texts beside them, or below if a term or the page leaves no room. */
function list(items: readonly (readonly [term: string, text: string])[], width: number): string {
  const most = Math.min(26, Math.floor(width / 3));
  const column = Math.max(...items.map(([term]) => term.length).filter((length) => length <= most), 0) + 4;
  return items
    .map(([term, text]) => {
      const beside = wrap(text, column, width);
      return term.length + 4 > column
        ? `${wrap(term, 2, width)}\n${beside}`
        : `  ${term.padEnd(column - 2)}${beside.trimStart()}`;
    })
    .join('\n');
}

/** Formats a command line to paste: a long one continues on the next line, in the syntax of the system's shell. */
function pasted(line: string, width: number): string {
  const lines: string[] = [];
  for (const part of line.split(/ (?=-{1,2}[a-z]|\| )/)) {
    const last = lines.at(-1);
    const indent = lines.length > 1 ? 6 : 4;
    if (last !== undefined && indent + `${last} ${part} \\`.length <= width) lines.splice(-1, 1, `${last} ${part}`);
    else lines.push(part);
  }
  return `    ${lines.join(` ${process.platform === 'win32' ? '`' : '\\'}\n      `)}`;
}

function title(text: string): string {
  return `\n${text}\n`;
}

/** The words of a command, without the operands that clipanion writes after them. */
export const pathOf = (definition: Definition): string => definition.path.replace(/ [.<[].*$/s, '').trim();

/** Its operands in the usual notation, after a blank. */
export function operandsOf(definition: Definition): string {
  // Clipanion has no name for a variable number of operands: in every command these are ports.
  return ((definition as { usage?: string }).usage ?? '')
    .slice(pathOf(definition).length)
    .replace(/<(\w+)> \.\.\./, '$1…')
    .replace('...', '[PORTS…]');
}

/** The page of one command. */
function commandPage(command: KnownCommand, width: number): string {
  const { definition, about } = command;
  const details = (definition.details ?? '')
    .trim()
    .split(/\n{2,}/)
    .filter((part) => part !== '')
    .map((part) => wrap(part, 2, width))
    .join('\n\n');
  const options = optionSections(command).map(
    (section) =>
      title(`${section.title}:`) +
      list(
        section.options.map(({ text, description }) => [text, description]),
        width,
      ),
  );
  const also = otherWords(command);
  const examples = (definition.examples ?? []).map(
    ([label, line]) => `${wrap(`${label.trim()}:`, 2, width)}\n${pasted(line, width)}`,
  );
  const exitCodes = exitCodesOf(about).map(([code, meaning]): [string, string] => [String(code), meaning]);
  return [
    `${pathOf(definition)}${operandsOf(definition)} [options]`,
    wrap(definition.description?.trim() ?? '', 2, width),
    ...(details === '' ? [] : ['', details]),
    ...options,
    ...(also.length === 0 ? [] : [title('Also accepted:') + list(also, width)]),
    title('Exit codes:') + list(exitCodes, width),
    title('Examples:') + examples.join('\n\n'),
    '',
  ].join('\n');
}

/** A line for each of these commands: its words, and what it does. */
function commandLines(commands: readonly KnownCommand[], width: number): string {
  return list(
    commands.map(({ definition }) => [pathOf(definition), definition.description?.trim() ?? '']),
    width,
  );
}

/**
 * The help of the command that `words` name, in lines of `columns`; without words, the main query with a list of the
 * other commands.
 */
export function helpText(all: readonly KnownCommand[], words: readonly string[], columns: number): string {
  const width = Math.min(columns, widest);
  const wanted = words.join(' ');
  const found = all.find(({ path }) => path === wanted);
  if (found !== undefined && words.length > 0) return commandPage(found, width);
  if (found !== undefined) {
    const others = all.filter((command) => command !== found);
    const more = wrap('Run portowner COMMAND --help for details; portowner --version prints the version.', 2, width);
    return `${commandPage(found, width)}${title('Other commands:')}${commandLines(others, width)}\n\n${more}\n`;
  }
  // The second word may be an operand of the command.
  if (words.length > 1 && all.some(({ path }) => path === words[0])) return helpText(all, words.slice(0, 1), columns);
  const shared = all.filter(({ path }) => path.startsWith(`${wanted} `));
  if (shared.length > 0)
    return `${commandLines(shared, width)}\n\n${wrap(`Run portowner ${wanted} COMMAND --help for details.`, 2, width)}\n`;
  const names = all.flatMap(({ path, about }) => [path, path.split(' ')[0]!, ...(about.aliases ?? [])]);
  throw new PortOwnerError('PO1001', `unknown command ${JSON.stringify(wanted)}`, {
    hint: didYouMean(wanted, names, 'To list the commands: portowner --help'),
    target: wanted,
  });
}
