import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { named } from '../cli/files.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import type { Column } from '../schema/column.ts';
import { finding } from '../schema/finding.ts';
import { listenerRow } from '../schema/listener.ts';

/** The file of a baseline, and how the machine is looked at for it. */
class BaselineOptions {
  static readonly about = {};

  file = Option.String({ name: 'FILE' });
  hash = Option.Boolean('--hash', false, {
    description:
      'read the executables too, and keep their SHA-256 and, on Windows, their signer: a file that was replaced is found then',
  });
}

/** Approves what listens now. */
export class BaselineCreateCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, BaselineOptions) {
  static override paths = [['baseline', 'create']];
  static override usage = Command.Usage({
    description: 'write the listeners of this machine to a file, as the approved state',
    details: `
      The file is YAML, made to be reviewed and kept in git: sorted, one listener an entry, without process ids and times. What a program takes from the machine's dynamic range is one entry with the port dynamic.

      A value that you remove from an entry may be any from then on. Without a line machine: the baseline is for any machine.

      When not all sockets can be read, nothing is written but with --force.
    `,
    examples: [
      ['Approve what listens now', '$0 baseline create server7.yaml'],
      ['Another machine, from its snapshot', '$0 baseline create server8.yaml --from server8.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [listenerRow],
    operands: 'file',
    values: {},
    exitCodes: { 0: 'done', 69: 'the sockets cannot be read, or not all of them, or the file cannot be written' },
    powershell: {
      name: 'New-PortBaseline',
      operand: 'Path',
      parameters: { IncludeHash: '--hash', Force: '--force', FromSnapshot: '--from' },
      leftOut: { '--columns': 'Select-Object selects' },
    },
  };

  force = Option.Boolean('--force', false, {
    description: 'replace a baseline that exists, and write one although not all sockets could be read',
  });

  override readonly schema = listenerRow;

  protected override files() {
    return { ...super.files(), outputs: named('FILE', this.file) };
  }

  protected override oneMachineOnly(): string {
    return 'a baseline is of one machine';
  }

  protected async answer(): Promise<Answer> {
    const { createBaseline } = await import('../audit/make-baseline.ts');
    return createBaseline(this, this.askedMachine());
  }
}

/** Brings a baseline up to date. */
export class BaselineUpdateCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, BaselineOptions) {
  static override paths = [['baseline', 'update']];
  static override usage = Command.Usage({
    description: 'approve what has changed since a baseline was written, and say what that was',
    details: `
      New listeners are added where they belong, entries of listeners that are gone are removed, and the rest is changed in place: comments and the order of entries stay. The comment right above an entry goes with it.

      A value that an entry leaves out stays left out. When not all sockets can be read, no entry is removed. A baseline of another machine is changed only with --force.
    `,
    examples: [
      ['Approve what is now', '$0 baseline update server7.yaml'],
      ['Only look', '$0 baseline update server7.yaml --dry-run'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [finding],
    operands: 'file',
    values: {},
    exitCodes: {
      0: 'done',
      69: 'the sockets cannot be read, or not all of them, or the file is of another machine, or cannot be written',
    },
    powershell: {
      name: 'Update-PortBaseline',
      operand: 'Path',
      parameters: { Force: '--force', KeepClosed: '--keep-closed', IncludeHash: '--hash', FromSnapshot: '--from' },
      leftOut: { '--dry-run': 'Invoke-PortAudit says what differs', '--columns': 'Select-Object selects' },
    },
  };

  keepClosed = Option.Boolean('--keep-closed', false, { description: 'keep the entries of listeners that are gone' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'only say what would change' });
  force = Option.Boolean('--force', false, { description: 'change a baseline of another machine, too' });

  override readonly schema = finding;

  /** It is the same in every row. */
  protected override defaultColumns(): readonly Column[] {
    return super.defaultColumns().filter(({ name }) => name !== 'Rule');
  }

  protected override files() {
    return { ...super.files(), outputs: named('FILE', this.file) };
  }

  protected override oneMachineOnly(): string {
    return 'a baseline is of one machine';
  }

  protected async answer(): Promise<Answer> {
    const { bringUpToDate } = await import('../audit/make-baseline.ts');
    return bringUpToDate(this, this.askedMachine());
  }
}

/** Prints a baseline. */
export class BaselineShowCommand extends withOptions(RowCommand, CountOptions) {
  static override paths = [['baseline', 'show']];
  static override usage = Command.Usage({
    description: 'check a baseline and print its listeners',
    examples: [
      ['What is approved', '$0 baseline show server7.yaml'],
      ['As a table for a spreadsheet', '$0 baseline show server7.yaml --format csv --output approved.csv'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [listenerRow],
    operands: 'file',
    values: {},
    exitCodes: { 0: 'done', 69: 'the file cannot be read, or is not a baseline' },
    powershell: { name: 'Get-PortBaseline', operand: 'Path', parameters: { Column: '--columns' } },
  };

  file = Option.String({ name: 'FILE' });

  override readonly schema = listenerRow;

  protected override files() {
    return { inputs: named('FILE', this.file) };
  }

  protected async answer(): Promise<Answer> {
    const { showBaseline } = await import('../audit/make-baseline.ts');
    return showBaseline(this.file);
  }
}
