import { Command, Option } from 'clipanion';
import * as t from 'typanion';
import { subcommands, type CommandWords, type OptionWords, type Values } from '../completion/words.ts';
import { formats } from '../formats/format.ts';
import { exit, type ExitCode } from '../problems.ts';
import { plainColumns } from '../schema/column.ts';
import { severities } from '../schema/finding.ts';
import { BaseCommand } from './base.ts';
import { severityWords } from './conflicts.ts';
import { optionValues } from './ports.ts';
import { RowCommand } from './row-command.ts';

const shells = ['powershell', 'bash'] as const;

/** What options take, where it is no free text. */
const values: Readonly<Record<string, Values>> = {
  ...optionValues,
  '--format': formats,
  '--severity': severityWords,
  '--reuse': ['address', 'port'],
  '--problems': ['rows'],
  '--output': 'file',
  '--from': 'file',
  '--raw': 'folder',
  '--baseline': 'file',
  '--policy': 'file',
  '--store': 'file',
  '--report': 'file',
  '--fail-on': severities.map((severity) => severity.toLowerCase()),
  '--bundle': 'file',
  '--executable': 'file',
  '--root': 'folder',
  '--account': ['SYSTEM'],
  '--system': ['windows', 'linux'],
  '--pid': { column: 'OwningProcess' },
  '--image': { column: 'ImageName' },
  '--user': { column: 'UserName' },
  '--service': { column: 'Services' },
};
const ports: Values = { column: 'LocalPort' };
/** What commands are about. */
const operands: Readonly<Record<string, Values>> = {
  '': ports,
  why: ports,
  stop: ports,
  history: ports,
  completion: shells,
  'baseline create': 'file',
  'baseline update': 'file',
  'baseline show': 'file',
  diff: 'file',
};

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

/** All that may stand on a command line, from the commands' own definitions. */
export async function commandWords(): Promise<CommandWords[]> {
  const { allCommands, newCli } = await import('./run.ts');
  const commands: CommandWords[] = [];
  for (const command of await allCommands()) {
    const [definition] = (await newCli([command])).definitions();
    // A command without usage is not for people.
    if (definition === undefined) continue;
    const path = command.paths?.[0]?.join(' ') ?? '';
    const instance = new command();
    const columns = instance instanceof RowCommand ? plainColumns(instance.schema).map(({ name }) => name) : [];
    const known: typeof values = { ...values, '--columns': columns, '--sort': columns };
    const options = definition.options.map((option): OptionWords => {
      // Clipanion writes `--format,-f #0` for an option with one value.
      const names = option.definition
        .replace(/ #\d+/g, '')
        .split(',')
        .toSorted((a, b) => b.length - a.length);
      return {
        names,
        description: option.description ?? '',
        takesValue: / #\d+/.test(option.definition),
        values: known[names[0]!] ?? null,
      };
    });
    commands.push({
      path,
      description: definition.description?.trim() ?? '',
      options: [...options, help, ...(path === '' ? [version] : [])],
      operands: operands[path] ?? null,
    });
  }
  // The words that several commands share.
  for (const shared of new Set(
    commands
      .map(({ path }) => path.split(' '))
      .filter(({ length }) => length > 1)
      .map(([word]) => word!),
  )) {
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

/** Prints the script that teaches a shell to complete portowner's command line. */
export class CompletionCommand extends BaseCommand {
  static override paths = [['completion']];
  static override usage = Command.Usage({
    description: 'print a script that lets PowerShell or bash complete commands, options, columns and ports in use',
    details: `
      Load it where the shell starts: in PowerShell add the first line below to the file that $PROFILE names, in bash add the second one to ~/.bashrc.

      Completing a port, a process id or a name asks portowner itself what is in use.
    `,
    examples: [
      ['PowerShell, in $PROFILE', '$0 completion powershell | Out-String | Invoke-Expression'],
      ['bash, in ~/.bashrc', 'source <($0 completion bash)'],
    ],
  });

  shell = Option.String({ name: 'SHELL', validator: t.isEnum(shells) });

  async perform(): Promise<ExitCode> {
    const words = await commandWords();
    const script =
      this.shell === 'bash'
        ? (await import('../completion/bash.ts')).bashScript(words)
        : (await import('../completion/powershell.ts')).powershellScript(words);
    const sink = this.surroundings.output();
    sink.write(script);
    sink.close();
    return exit.ok;
  }
}
