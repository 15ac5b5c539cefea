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

/** Compares PortOwner's view of this machine with the system's own tools. */
export class DoctorCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['doctor']];
  static override usage = Command.Usage({
    description: "check that every source works on this machine, and that PortOwner agrees with the system's own tools",
    details: `
      It reads every source, checks what must be true on any machine, and compares the sockets and their processes with Get-NetTCPConnection, Get-NetUDPEndpoint, and netstat (ss on Linux). --format list prints each difference.

      With --bundle, it also writes the system's answers to a file, for a defect report. Names of users and machines, paths below user profiles, command lines, and IP addresses are replaced consistently; review the file before you send it.
    `,
    examples: [
      ['Check this machine', '$0 doctor'],
      ['With every difference', '$0 doctor --format list'],
      ['A file for a defect report', '$0 doctor --bundle report.json'],
      ['Query that file', '$0 443 --from report.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [check],
    operands: null,
    values: { '--bundle': 'file' },
    exitCodes: { 0: 'all agree, except for skipped checks', 1: 'something differs', 69: 'a check failed' },
    powershell: 'a check of PortOwner itself, for people',
  };

  bundle = Option.String('--bundle', { description: "write the system's answers to this file, redacted" });

  override readonly schema = check;

  protected override files() {
    return { inputs: super.files().inputs, outputs: named('--bundle', this.bundle) };
  }

  protected async answer(): Promise<Answer> {
    if (this.from !== undefined || this.host !== undefined)
      throw new PortOwnerError('PO1005', 'doctor checks this machine: it supports neither --from nor --host');
    return examine(this, this.surroundings);
  }
}
