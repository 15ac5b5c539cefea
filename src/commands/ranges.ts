import { Command } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { portRanges } from '../ownership/ranges.ts';
import { range } from '../schema/range.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';

/** Shows what port numbers mean, in general and on this machine. */
export class RangesCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['ranges']];
  static override usage = Command.Usage({
    description: "print IANA's three port classes and this machine's own dynamic and reserved ranges",
    details: `
      IANA divides port numbers into well-known (0-1023), registered (1024-49151), and dynamic ones (49152-65535). Each machine has its own dynamic range, from which it assigns ports to programs that request any port.

      Windows also reserves ports without any socket: excluded port ranges (used by Hyper-V and others), and ports reserved for virtual machines and WSL. Programs can still bind ExcludedAdministered ports explicitly.
    `,
    examples: [
      ['The ranges of this machine', '$0 ranges'],
      ['As objects in PowerShell', '$0 ranges --format clixml'],
      ['From a snapshot', '$0 ranges --from server7.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [range],
    operands: null,
    values: {},
    exitCodes: { 0: 'done', 69: 'the ranges of this machine could not be read' },
    powershell: { name: 'Get-PortRange', parameters: { Column: '--columns', FromSnapshot: '--from' } },
  };

  override readonly schema = range;

  protected async answer(): Promise<Answer> {
    return portRanges(this.askedMachine());
  }
}
