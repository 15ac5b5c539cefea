import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { compareSnapshots } from '../audit/compare-snapshots.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Column } from '../schema/column.ts';
import { finding } from '../schema/finding.ts';
import { named } from '../cli/files.ts';
import { machineOf } from '../facts/machine.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { HostOptions } from '../cli/options/snapshot.ts';

/** Shows what changed between two snapshots, or since one. */
export class DiffCommand extends withOptions(RowCommand, CountOptions, HostOptions) {
  static override paths = [['diff']];
  static override usage = Command.Usage({
    description: 'compare the listeners of two snapshots, or of a snapshot and this machine now',
    details: `
      It lists listeners that opened, closed, or changed their owner, path, user, address, or executable. Listeners in the dynamic range are compared by program, user, protocol, and address scope, not by port. Executables are compared if both snapshots contain their hashes and, on Windows, their signers (portowner snapshot --hash).
    `,
    examples: [
      ['What changed since last night', '$0 diff last-night.json'],
      ['Two snapshots', '$0 diff monday.json tuesday.json'],
      ['What changed on another machine', '$0 diff server7.json --host server7'],
      ['For a script', '$0 diff monday.json tuesday.json --format json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [finding],
    operands: 'file',
    values: {},
    exitCodes: {
      0: 'no difference',
      1: 'differences',
      69: 'cannot tell',
      77: 'needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Compare-PortSnapshot',
      operand: ['ReferencePath', 'DifferencePath'],
      parameters: { IncludeHash: '--hash', Column: '--columns', Redact: '--redact' },
    },
  };

  before = Option.String({ name: 'A' });
  after = Option.String({ name: 'B', required: false });
  hash = Option.Boolean('--hash', false, {
    description: 'also read the executables of this machine, when A is compared with it',
  });

  override readonly schema = finding;

  /** It is the same in every row. */
  protected override defaultColumns(): readonly Column[] {
    return super.defaultColumns().filter(({ name }) => name !== 'Rule');
  }

  protected override files() {
    return { inputs: [...super.files().inputs, ...named('A', this.before), ...named('B', this.after)] };
  }

  protected override oneMachineOnly(): string {
    return 'a snapshot is compared with one machine';
  }

  protected async answer(): Promise<Answer> {
    const { before, after } = this;
    if (before === '-' && after === '-')
      throw new PortOwnerError('PO1005', 'only one of the two snapshots can come from standard input');
    if (after !== undefined && this.host !== undefined)
      throw new PortOwnerError('PO1005', 'B and --host exclude each other: A is compared with one of them', {
        hint: 'Remove one of them.',
      });
    if (after !== undefined && this.hash)
      throw new PortOwnerError(
        'PO1005',
        '--hash needs a comparison with this machine: snapshots contain only the hashes they were taken with',
        { hint: 'Use portowner snapshot --hash to include hashes in a snapshot.' },
      );
    const snapshot = (path: string) => this.noted(machineOf([path], this.progress));
    return compareSnapshots(
      snapshot(before),
      after === undefined ? this.askedMachine() : this.noted(this.reached(machineOf([after], this.progress), 0)),
      this.hash,
    );
  }
}
