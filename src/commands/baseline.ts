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

/** The file of a baseline, and how to inspect the machine for it. */
class BaselineOptions {
  static readonly about = {};

  file = Option.String({ name: 'FILE' });
  hash = Option.Boolean('--hash', false, {
    description:
      'also read the executables, and record their SHA-256 hash and, on Windows, their signer, so that a replaced file can be detected',
  });
}

/** Approves the current listeners. */
export class BaselineCreateCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, BaselineOptions) {
  static override paths = [['baseline', 'create']];
  static override usage = Command.Usage({
    description: 'write the listeners of this machine to a file, as the approved listeners',
    details: `
      The file is YAML, designed for review in git: sorted, with one entry per listener, without process IDs and times. All ports that a program takes from the machine's dynamic range are one entry with the port dynamic.

      If you remove a value from an entry, the entry matches any value. Without a line machine:, the baseline applies to any machine.

      If some sockets cannot be read, nothing is written without --force.
    `,
    examples: [
      ['Approve the current listeners', '$0 baseline create server7.yaml'],
      ['Another machine, from its snapshot', '$0 baseline create server8.yaml --from server8.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [listenerRow],
    operands: 'file',
    values: {},
    exitCodes: { 0: 'done', 69: 'some sockets cannot be read, or the file cannot be written' },
    powershell: {
      name: 'New-PortBaseline',
      operand: 'Path',
      parameters: { IncludeHash: '--hash', Force: '--force', FromSnapshot: '--from' },
      leftOut: { '--columns': 'Select-Object selects' },
    },
  };

  force = Option.Boolean('--force', false, {
    description: 'replace an existing baseline, and write one even if some sockets cannot be read',
  });

  override readonly schema = listenerRow;

  protected override files() {
    return { ...super.files(), outputs: named('FILE', this.file) };
  }

  protected override oneMachineOnly(): string {
    return 'a baseline describes one machine';
  }

  protected async answer(): Promise<Answer> {
    const { createBaseline } = await import('../audit/make-baseline.ts');
    return createBaseline(this, this.askedMachine());
  }
}

/** Updates a baseline. */
export class BaselineUpdateCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, BaselineOptions) {
  static override paths = [['baseline', 'update']];
  static override usage = Command.Usage({
    description: 'approve everything that has changed since a baseline was written, and list the changes',
    details: `
      New listeners are inserted in order, entries of closed listeners are removed, and other entries are changed in place: comments and the order of entries are preserved. The comment directly above a removed entry is removed, too.

      A value that is missing in an entry stays missing. If some sockets cannot be read, no entry is removed. A baseline of another machine is changed only with --force.
    `,
    examples: [
      ['Approve the current listeners', '$0 baseline update server7.yaml'],
      ['Only show the changes', '$0 baseline update server7.yaml --dry-run'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [finding],
    operands: 'file',
    values: {},
    exitCodes: {
      0: 'done',
      69: 'some sockets cannot be read, or the file belongs to another machine or cannot be written',
    },
    powershell: {
      name: 'Update-PortBaseline',
      operand: 'Path',
      parameters: { Force: '--force', KeepClosed: '--keep-closed', IncludeHash: '--hash', FromSnapshot: '--from' },
      leftOut: { '--dry-run': 'Invoke-PortAudit shows the differences', '--columns': 'Select-Object selects' },
    },
  };

  keepClosed = Option.Boolean('--keep-closed', false, { description: 'keep the entries of closed listeners' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'only show what would change' });
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
    return 'a baseline describes one machine';
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
      ['The approved listeners', '$0 baseline show server7.yaml'],
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
