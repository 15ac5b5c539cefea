import { Command } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { ranges } from '../ownership/ranges.ts';
import { hasFailed } from '../facts/model/section.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { range } from '../schema/range.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';

/** What port numbers mean, in general and on this machine. */
export class RangesCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['ranges']];
  static override usage = Command.Usage({
    description: "print IANA's three port classes and this machine's own dynamic and reserved ranges",
    details: `
      IANA divides port numbers into well-known (0-1023), registered (1024-49151) and dynamic ones (49152-65535). Each machine has a dynamic range of its own, which it hands out to programs that ask for any port.

      Windows also keeps ports from programs without any socket: excluded port ranges (Hyper-V and others take them), and ports reserved for virtual machines and WSL. Those that are ExcludedAdministered may be bound by a program that asks for the port itself.
    `,
    examples: [
      ['The ranges of this machine', '$0 ranges'],
      ['As objects in PowerShell', '$0 ranges --format clixml'],
      ['Of a snapshot', '$0 ranges --from server7.json'],
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
    const facts = await this.askedMachine().facts({
      localPorts: null,
      protocols: [],
      sockets: 'listeners',
      details: new Set(),
      ranges: true,
    });
    const problems = sectionProblems(
      { ...facts, sections: { ...facts.sections, sockets: { ...facts.sections.sockets, status: 'notAsked' } } },
      null,
    );
    return {
      rows: ranges(facts),
      problems,
      exitCode: exitCodeOf(hasFailed(facts.sections.dynamicRanges) ? null : true),
    };
  }
}
