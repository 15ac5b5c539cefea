import { Command, Option } from 'clipanion';
import { BaseCommand } from '../cli/base.ts';
import type { CommandAbout } from '../cli/about.ts';
import { installText, shells, type ShellName } from '../cli/completion/scripts.ts';
import { word } from '../cli/values.ts';
import { writeTo } from '../cli/write.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import type { ExitCode } from '../schema/problems.ts';

const names = Object.fromEntries(Object.keys(shells).map((name) => [name, name])) as Record<ShellName, ShellName>;
const shellName = (text: string): ShellName => word('SHELL', text, names, { pwsh: 'powershell' });

/** Prints the script that teaches a shell to complete portowner's command line. */
export class CompletionCommand extends BaseCommand {
  static override paths = [['completion']];
  static override usage = Command.Usage({
    description:
      'complete commands, options, columns, and ports in use in a shell: how to install completion, or the script',
    details: `
      Without SHELL, it shows how to install completion in bash, zsh, fish, and PowerShell, as lines to paste. With SHELL, it prints the script.

      Completions of ports, process IDs, and names in use show the owner: the scripts call portowner itself.
    `,
    examples: [
      ['How to install it', '$0 completion'],
      ['In bash, for this session', 'source <($0 completion bash)'],
      ['In PowerShell, for this session', '$0 completion powershell | Out-String | Invoke-Expression'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [],
    operands: Object.keys(shells),
    values: {},
    exitCodes: { 0: 'done' },
    powershell: 'the module completes portowner by itself',
  };

  shell = Option.String({ name: 'SHELL', required: false });

  async perform(): Promise<ExitCode> {
    const current = this.surroundings.shell();
    const text =
      this.shell === undefined
        ? installText(current === null ? null : shellName(current), this.surroundings.lineWidth())
        : shells[shellName(this.shell)].script;
    writeTo(undefined, this.surroundings, (sink) => sink.write(text));
    return exitCodeOf(true);
  }
}
