import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { named } from '../cli/files.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { RowCommand } from '../cli/row-command.ts';
import { examine } from '../doctor/examine.ts';
import type { Answer } from '../schema/answer.ts';
import { check } from '../schema/check.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** Looks whether PortOwner sees this machine as the machine sees itself. */
export class DoctorCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['doctor']];
  static override usage = Command.Usage({
    description: "check that every source works on this machine, and that PortOwner agrees with the system's own tools",
    details: `
      It reads every source, checks what must hold on any machine, and compares the sockets and their processes with Get-NetTCPConnection, Get-NetUDPEndpoint and netstat (ss on Linux). Each disagreement is printed with --format list.

      With --bundle it also writes what the system said into a file for a report of a defect. Names of users and machines, paths below user profiles, command lines and IP addresses are replaced in it, the same by the same; look through it before you send it.
    `,
    examples: [
      ['Check this machine', '$0 doctor'],
      ['With every disagreement', '$0 doctor --format list'],
      ['A file for a report', '$0 doctor --bundle report.json'],
      ['Ask the file', '$0 443 --from report.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [check],
    operands: null,
    values: { '--bundle': 'file' },
    exitCodes: { 0: 'all agree', 1: 'something differs', 69: 'something could not be checked' },
    powershell: 'a check of PortOwner itself, for people',
  };

  bundle = Option.String('--bundle', { description: 'write what the system said to this file, redacted' });

  override readonly schema = check;

  protected override files() {
    return { inputs: super.files().inputs, outputs: named('--bundle', this.bundle) };
  }

  protected async answer(): Promise<Answer> {
    if (this.from !== undefined || this.host !== undefined)
      throw new PortOwnerError('PO1005', 'doctor looks at this machine: it takes no --from and no --host');
    return examine(this, this.surroundings);
  }
}
