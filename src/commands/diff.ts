import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { compare } from '../audit/compare.ts';
import { certainChanges, changeRows } from '../audit/findings.ts';
import { auditQuestion, listeners } from '../audit/listeners.ts';
import type { Facts } from '../facts/model/facts.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { finding } from '../schema/finding.ts';
import {
  auditable,
  factProblems,
  gaps,
  machineProblem,
  some,
  unfoundProblem,
  unseenProblem,
} from '../audit/facts-problems.ts';
import { named } from '../cli/files.ts';
import { machineOf } from '../facts/machine.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';

/** What changed between two snapshots, or since one. */
export class DiffCommand extends withOptions(RowCommand, CountOptions) {
  static override paths = [['diff']];
  static override usage = Command.Usage({
    description: 'say which listeners differ between two snapshots, or between a snapshot and now',
    details: `
      Listeners that opened, closed, or changed their owner, path, user, address or executable. Listeners of the dynamic range are compared by program, user, protocol and address scope, not by port. Executables are compared where both snapshots have their hashes, and on Windows their signers (portowner snapshot --hash).
    `,
    examples: [
      ['What changed since last night', '$0 diff last-night.json'],
      ['Two snapshots', '$0 diff monday.json tuesday.json'],
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
      operand: 'ReferencePath',
      own: ['DifferencePath'],
      parameters: { IncludeHash: '--hash', Column: '--columns' },
    },
  };

  before = Option.String({ name: 'A' });
  after = Option.String({ name: 'B', required: false });
  hash = Option.Boolean('--hash', false, {
    description: 'read the executables of this machine too, when A is compared with now',
  });

  override readonly schema = finding;

  protected override files() {
    return { inputs: [...named('A', this.before), ...named('B', this.after)] };
  }

  protected async answer(): Promise<Answer> {
    const { before, after } = this;
    if (before === '-' && after === '-')
      throw new PortOwnerError('PO1005', 'only one of the two snapshots can come from standard input');
    if (after !== undefined && this.hash)
      throw new PortOwnerError(
        'PO1005',
        '--hash is for a comparison with now: snapshots have the hashes they were made with',
        { hint: 'portowner snapshot --hash' },
      );
    const [one, other] = [
      await this.snapshot(before),
      after === undefined
        ? auditable(await this.askedMachine().facts(auditQuestion, this.hash), 'this machine')
        : await this.snapshot(after),
    ];
    const now = listeners(other);
    const { changes: all, unseen } = compare(listeners(one), now);
    const changes = certainChanges(all, other);
    const problem = unseenProblem(unseen, 'which may have changed');
    const unfound = unfoundProblem(now, 'so that it may have changed');
    return {
      rows: changeRows(changes, other.machine.name, { name: `snapshot ${before}`, approve: null }),
      problems: [
        ...factProblems(one),
        ...factProblems(other),
        ...some(machineProblem(one.machine.name, other.machine.name, before), problem, unfound),
      ],
      exitCode: exitCodeOf(
        changes.length === 0,
        [one, other].some((facts) => gaps(facts).length > 0) || unfound !== null
          ? 'source'
          : problem !== null
            ? 'rights'
            : null,
      ),
      ...(changes.length === 0 ? { note: 'No difference.' } : {}),
    };
  }

  private async snapshot(path: string): Promise<Facts> {
    return auditable(await machineOf([path], this.progress).facts(auditQuestion), path);
  }
}
