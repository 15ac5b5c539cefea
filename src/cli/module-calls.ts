import { isArgument } from '../io/command-words.ts';
import { operandParameters, type CommandAbout, type PowerShellFunction } from './about.ts';
import type { Catalogue } from './base.ts';
import { isLookedUp, type RowSchema } from '../schema/column.ts';
import type { Connection } from './options/module.ts';

/** The executable in the module's folder: for what the module has no function or parameter for. */
const executable = '& "$((Get-Module PortOwner).ModuleBase)/bin/portowner"';

/** Shows every property: the rows have only some of those that are looked up, but a list has all of them. */
const everyProperty = (rows: readonly RowSchema[]): readonly string[] =>
  rows.some(({ columns }) => columns.some(isLookedUp))
    ? [' -Column *', ' | Format-List']
    : [' | Format-List -Property *'];

/** Options that PowerShell expresses in its own way, in parts; a pipeline goes at the end. */
const own: Readonly<Record<string, (value: string, about: CommandAbout) => readonly string[]>> = {
  '--dry-run': () => [' -WhatIf'],
  '--yes': () => [' -Confirm:$false'],
  '--format': (value, { rows }) => (value === 'list' ? everyProperty(rows) : []),
  '--sort': (value) => [` | Sort-Object -Property ${value}`],
};

/** The words of an option: its name, and its value, if it has one. */
function optionsOf(words: readonly string[]): (readonly [name: string, value: string])[] {
  return words.flatMap((word, i) => {
    if (!word.startsWith('--')) return [];
    const [name, joined] = word.split('=', 2) as [string, string?];
    const next = words[i + 1];
    return [[name, joined ?? (next === undefined || next.startsWith('--') ? '' : next)] as const];
  });
}

/** A parameter of a function with its value, as the option has it. */
function parameterOf({ parameters, terms }: PowerShellFunction, option: string, value: string): string | null {
  const name = Object.keys(parameters).find((parameter) => parameters[parameter] === option);
  if (name === undefined) return null;
  const words = Object.entries(terms?.[name] ?? {});
  // The option alone implies one of its values.
  const word = value === '' ? words[0]?.[0] : (words.find(([, one]) => one === value)?.[0] ?? value);
  return ` -${name}${word === undefined ? '' : ` ${word}`}`;
}

/** A call of a function; null if the module has no equivalent. */
function callOf(about: CommandAbout, words: readonly string[], connections: readonly Connection[]): string | null {
  const { powershell } = about;
  if (typeof powershell === 'string') return null;
  const first = words.findIndex((word) => word.startsWith('--'));
  const operands = first < 0 ? words : words.slice(0, first);
  const parts = optionsOf(words).flatMap(([option, value]) =>
    option === '--host' && connections[Number(value)] !== undefined
      ? ` ${connections[Number(value)]!.parameters}`
      : (own[option]?.(value, about) ?? parameterOf(powershell, option, value)),
  );
  const names = operandParameters(powershell);
  if (parts.includes(null) || (operands.length > 0 && names.length === 0)) return null;
  const [pipes, parameters] = [true, false].map((piped) =>
    parts.filter((part) => part!.startsWith(' |') === piped).join(''),
  );
  const values = operands.length === 0 ? '' : ` ${operands.join(names.length > 1 ? ' ' : ',')}`;
  return `${powershell.name}${values}${parameters}${pipes}`;
}

interface Token {
  readonly word: string;
  readonly end: number;
}

/** The words of a command line in a text: everything up to a comment, or the part of a sentence that belongs to it. */
function wordsFrom(text: string, start: number, whole: boolean): Token[] {
  const tokens: Token[] = [];
  const next = / +(?!(?<= {2})#)("[^"]*"|'[^']*'|\S+)/y;
  next.lastIndex = start;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const [, all] = match as unknown as [string, string];
    const word = whole || /^["']/.test(all) ? all : all.replace(/(?<![.,;:)"”?])[.,;:)"”?]+$/, '');
    tokens.push({ word, end: next.lastIndex - all.length + word.length });
    // A sentence or clause ends here.
    if (word !== all) break;
  }
  return tokens;
}

/** The command that words name, and how many words name it. */
async function commandOf(
  words: readonly string[],
  catalogue: Catalogue,
): Promise<{ about: CommandAbout; length: number }> {
  const [first = ''] = words;
  const entry = Object.hasOwn(catalogue, first) ? catalogue[first]! : catalogue['']!;
  const load = typeof entry === 'string' ? catalogue[entry]! : entry;
  if (typeof load === 'string') throw new Error(`${first} stands for ${load}, which stands for another word`);
  const isNamed = (path: readonly string[]): boolean =>
    path.every((word, i) => word === words[i] || (i === 0 && word === entry));
  const paths = (await load()).map(({ about, paths: [path = []] = [] }) => ({ about, path }));
  const [best] = paths
    .filter(({ path }) => isNamed(path))
    .toSorted((one, other) => other.path.length - one.path.length);
  return { about: (best ?? paths[0]!).about, length: best?.path.length ?? 0 };
}

/** A portowner command line as a PowerShell user types it, and where it ends; null if there is none. */
async function callAt(text: string, start: number, whole: boolean, { catalogue, connections = [] }: Words) {
  const tokens = wordsFrom(text, start, whole);
  const all = tokens.map(({ word }) => word);
  const { about, length } = await commandOf(all, catalogue);
  const rest = all.slice(length);
  const sentence = whole ? -1 : rest.findIndex((word, i) => !isArgument(word, rest[i - 1]));
  const words = sentence < 0 ? rest : rest.slice(0, sentence);
  const last = tokens[length + words.length - 1];
  if (last === undefined) return null;
  const { powershell } = about;
  const name = typeof powershell === 'string' ? null : powershell.name;
  const call = words.includes('--help')
    ? `Get-Help ${length === 0 || name === null ? 'about_PortOwner' : name}`
    : callOf(about, words, connections);
  return { end: last.end, call: call ?? [executable, ...all.slice(0, length), ...words].join(' ') };
}

/** Programs whose options may have the same names as ours, and what ends a mention of them. */
const foreignOrEnd = /\b(?:systemctl|docker|podman|nerdctl|wsl|git|npm|nft|ss)\b|[.,;:#]/g;

/** Converts options of the called command that are not in a command line to parameters of its function. */
function bareOptions(text: string, about: CommandAbout): string {
  const { powershell } = about;
  if (typeof powershell === 'string') return text;
  const marks = text.matchAll(foreignOrEnd);
  let mark = marks.next();
  let isForeign = false;
  return text.replace(
    /(^|[\s("“])(--[a-z][a-z0-9-]*(?:[ =](?:list\b|[A-Z][A-Za-z]+))?)/g,
    (all, before: string, words: string, at: number) => {
      for (; mark.done !== true && mark.value.index < at; mark = marks.next()) isForeign = /\w/.test(mark.value[0]);
      if (isForeign) return all;
      const [option, value = ''] = words.split(/[ =]/) as [string, string?];
      const name = Object.keys(powershell.parameters).find((key) => powershell.parameters[key] === option);
      if (name !== undefined) return `${before}-${name}${value === '' ? '' : ` ${value}`}`;
      const known =
        own[option]?.(value, about)
          .join('')
          .replace(/^[ |]+/, '') ?? '';
      if (known !== '') return `${before}${known}`;
      const left = powershell.leftOut?.[option as `--${string}`];
      return left === undefined ? all : `${before}${executable} ${words}`;
    },
  );
}

/** Matches every text that may mention a command line. */
export const mentionsCommand = /portowner|--[a-z]/;

/** Whether a command begins a line, or follows the name of the machine to run it on. */
const isFirst = (text: string, index: number): boolean => index === 0 || /^on \S+: $/.test(text.slice(0, index));

/** The called command and all others, for converting texts to PowerShell terms. */
export interface Words {
  readonly about: CommandAbout;
  readonly catalogue: Catalogue;
  /** The connections to the machines of the answer, for whose parameters `--host` with their index stands. */
  readonly connections?: readonly Connection[];
}

/**
 * Converts a text for users of the PowerShell module: portowner command lines become calls of its functions,
 * and options become parameters; everything else is unchanged. A line of a remedy is a
 * `whole` command, possibly followed by a comment; elsewhere, the sentence may continue.
 */
export async function inPowerShell(
  text: string,
  { whole = false, ...words }: Words & { readonly whole?: boolean },
): Promise<string> {
  if (!mentionsCommand.test(text)) return text;
  const { about } = words;
  const parts: string[] = [];
  let done = 0;
  for (const { index, 0: start, 1: root } of text.matchAll(/(?<![\w./\\$-])(sudo )?portowner(?= )/g)) {
    const found = index < done ? null : await callAt(text, index + start.length, whole && isFirst(text, index), words);
    if (found === null) continue;
    parts.push(bareOptions(text.slice(done, index), about));
    parts.push(root === undefined ? found.call : `sudo pwsh -Command "${found.call}"`);
    done = found.end;
  }
  parts.push(bareOptions(text.slice(done), about));
  return parts.join('').replace(/"(& "\$[^"]*"[^"]*)"/g, '$1');
}
