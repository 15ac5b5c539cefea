// Generates the catalog of commands, and the PowerShell module's table of them, from the files of the commands.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { operandParameters, type CommandAbout, type PowerShellFunction } from '../cli/about.ts';
import type { CommandClass } from '../cli/base.ts';
import { loadAllCommands, type KnownCommand } from '../cli/commands.ts';
import { optionNames, valuesOf } from '../cli/words.ts';
import { loadClipanion } from '../cli/clipanion.ts';
import { root } from './runtime.mjs';

interface Found {
  readonly file: string;
  readonly name: string;
  readonly paths: readonly (readonly string[])[];
  readonly command: CommandClass;
}

/** The command classes that the files of src/commands export, the main query first. */
async function commandClasses(): Promise<Found[]> {
  await loadClipanion();
  const folder = join(root, 'src/commands');
  const found: Found[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    const exported = (await import(join(folder, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value !== 'function' || !Object.hasOwn(value, 'paths')) continue;
      const { paths, about } = value as unknown as { paths: string[][]; about?: CommandAbout };
      if (about === undefined) throw new Error(`${name} in src/commands/${file} has no static about`);
      found.push({ file, name, paths, command: value as unknown as CommandClass });
    }
  }
  const first = ({ paths }: Found): string => paths[0]?.join(' ') ?? '';
  return found.toSorted((a, b) => (first(a) < first(b) ? -1 : 1));
}

/** Every command of src/commands with its metadata, including those that are not in the catalog yet. */
export async function foundCommands(): Promise<KnownCommand[]> {
  const classes = (await commandClasses()).map(({ command }) => command);
  return loadAllCommands({ '': async () => classes });
}

/** The source of the catalog: the file to load for each first word. */
export async function catalogueText(): Promise<string> {
  const words = Map.groupBy(await commandClasses(), ({ paths }) => paths[0]?.[0] ?? '');
  const entries = [...words].map(([word, classes]) => {
    const files = new Set(classes.map(({ file }) => file));
    if (files.size > 1)
      throw new Error(`the commands "${word} …" are in ${[...files].join(' and ')}: only one is loaded`);
    const names = classes.map(({ name }) => name).join(', ');
    return `  ${word === '' ? "''" : word}: async () => {
    const { ${names} } = await import('./${[...files][0]}');
    return [${names}];
  },`;
  });
  const commands = [...words.values()].flat();
  const aliases = commands.flatMap(({ command, paths }) =>
    (command.about.aliases ?? []).map((alias): [string, string] => [alias, paths[0]?.[0] ?? '']),
  );
  const twice = aliases.find(
    ([alias], index) => words.has(alias) || aliases.findIndex(([one]) => one === alias) < index,
  );
  if (twice !== undefined) throw new Error(`"${twice[0]}" names two commands`);
  entries.push(...aliases.map(([alias, word]) => `  ${alias}: '${word}',`));
  return `// Generated from the files in src/commands by "node build.mjs generate": do not edit.
import type { Catalogue } from '../cli/base.ts';

/** The first word of a command line, and the file to load for it, or the word that it is an alias of. */
export const catalogue: Catalogue = {
${entries.join('\n')}
};
`;
}

/** Formats a text as a PowerShell literal. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** Formats texts as a PowerShell array. */
export const list = (texts: readonly string[]): string => `@(${texts.map(quoted).join(', ')})`;

/**
 * The reasons why options of a command have no parameter. Throws if an option has neither a parameter nor a reason, or if
 * a parameter or a reason names an unknown option.
 */
export function leftOut(
  { path, groups, definition }: KnownCommand,
  { name, parameters, leftOut: own = {} }: PowerShellFunction,
) {
  const passed = new Set<string>(Object.values(parameters));
  const options = new Set(definition.options.map((option) => optionNames(option)[0]));
  const unknown = [...passed, ...Object.keys(own)].filter((option) => !options.has(option));
  if (unknown.length > 0)
    throw new Error(`"portowner ${path}" has no option ${unknown.join(', ')}, which ${name} names`);
  const module: Readonly<Record<string, string>> = Object.assign({}, ...groups.map((group) => group.module));
  const reasons: Readonly<Record<string, string>> = Object.assign({}, ...groups.map((group) => group.leftOut), own);
  return definition.options.flatMap((option): [option: string, reason: string][] => {
    const [long = ''] = optionNames(option);
    if (passed.has(long) || long in module) return [];
    const reason = reasons[long];
    if (reason === undefined)
      throw new Error(
        `${long} of "portowner ${path}" has no parameter of ${name}, and about.powershell.leftOut no reason`,
      );
    return [[long, reason]];
  });
}

/** The values that a parameter completes with, as PowerShell spells them: completion alone has them, the executable checks. */
function offeredValues(command: KnownCommand, { parameters, terms = {} }: PowerShellFunction): string[] {
  return Object.entries(parameters).flatMap(([parameter, option]) => {
    const values = valuesOf(command, option);
    if (!Array.isArray(values) || parameter === 'Column') return [];
    const words = Object.entries(terms[parameter] ?? {});
    const spelled = values.map((value: string) => {
      const own = words.find(([, word]) => word === value)?.[0];
      return (
        own ?? (/^(?:tcp|udp)$/.test(value) ? value.toUpperCase() : value.charAt(0).toUpperCase() + value.slice(1))
      );
    });
    return [`${parameter} = ${list(spelled)}`];
  });
}

function functionEntry(command: KnownCommand, about: PowerShellFunction): string {
  const operands = operandParameters(about);
  const paths = [
    ...(command.about.operands === 'file' ? operands : []),
    ...Object.entries(about.parameters)
      .filter(([, option]) => ['file', 'folder'].includes(valuesOf(command, option) as string))
      .map(([parameter]) => parameter),
  ];
  const table = (entries: readonly (readonly [string, string])[], indent: string): string =>
    entries.map(([key, value]) => `${indent}${key} = ${quoted(value)}`).join('\n');
  const terms = Object.entries(about.terms ?? {}).map(
    ([parameter, words]) =>
      `${parameter} = @{ ${Object.entries(words)
        .map(([word, own]) => `${word} = ${quoted(own)}`)
        .join('; ')} }`,
  );
  const values = offeredValues(command, about);
  leftOut(command, about);
  const always = [...(command.about.rows.length > 0 ? ['--format=clixml'] : []), '--problems=rows'];
  const lines = [
    `Command = ${list(command.path === '' ? [] : command.path.split(' '))}`,
    `Always  = ${list(always)}`,
    ...(operands.length === 0 ? [] : [`Operand = ${list(operands)}`]),
    ...(about.own === undefined ? [] : [`Own     = ${list(about.own)}`]),
    `Options = [ordered]@{\n${table(Object.entries(about.parameters), '                ')}\n            }`,
    ...(terms.length === 0 ? [] : [`Terms   = @{ ${terms.join('; ')} }`]),
    ...(values.length === 0 ? [] : [`Values  = @{ ${values.join('; ')} }`]),
    ...(paths.length === 0 ? [] : [`Paths   = ${list(paths)}`]),
    ...(about.endings === undefined ? [] : [`Endings = ${list(about.endings)}`]),
  ];
  return `        ${quoted(about.name)} = @{\n${lines.map((line) => `            ${line}`).join('\n')}\n        }`;
}

/** The source of ps/Private/Commands.ps1. */
export function commandTable(all: readonly KnownCommand[]): string {
  const functions = all.flatMap((command) =>
    typeof command.about.powershell === 'string' ? [] : [functionEntry(command, command.about.powershell)],
  );
  return `# Generated from the files in src/commands by "node build.mjs generate": do not edit.
# The executable's commands behind the functions: the only place where parameters meet options. It is a function
# because the import of the module need not wait for it.
#   Command   the words that name the command
#   Always    what every call has
#   Operand   the parameters whose values stand without an option
#   Own       parameters that the function itself reads
#   Options   a function's parameter = the option behind it
#   Terms     a parameter's value = the option's word for it, where they differ
#   Values    what a parameter completes with
#   Paths     parameters that are paths
#   Endings   the extensions of the file that it writes
function Get-CommandTable {
    @{
${functions.join('\n')}
    }
}
`;
}
