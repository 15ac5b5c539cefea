import { Command, Option } from 'clipanion';
import * as t from 'typanion';
import type { CommandAbout } from '../cli/about.ts';
import { loadAllCommands } from '../cli/commands.ts';
import { commandWords } from '../cli/words.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { ExitCode } from '../schema/problems.ts';
import { BaseCommand } from '../cli/base.ts';

const shells = ['powershell', 'bash'] as const;

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
  static readonly about: CommandAbout = {
    rows: [],
    operands: shells,
    values: {},
    exitCodes: { 0: 'done' },
    powershell: 'the module completes portowner by itself',
  };

  shell = Option.String({ name: 'SHELL', validator: t.isEnum(shells) });

  async perform(): Promise<ExitCode> {
    const words = commandWords(await loadAllCommands(this.context.catalogue));
    const script =
      this.shell === 'bash'
        ? (await import('../cli/completion/bash.ts')).bashScript(words)
        : (await import('../cli/completion/powershell.ts')).powershellScript(words);
    const sink = this.surroundings.output();
    sink.write(script);
    sink.close();
    return exitCodeOf(true);
  }
}
