import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { findConflicts } from '../diagnosis/find-conflicts.ts';
import { conflict } from '../schema/conflict.ts';
import { RowCommand } from '../cli/row-command.ts';
import { places, word } from '../cli/values.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';

const severities = { error: 'Error', warning: 'Warning', information: 'Information' } as const;

/** Everything on a machine that is or will become a conflict over a port. */
export class ConflictsCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['conflicts']];
  static override usage = Command.Usage({
    description: 'list everything on this machine that is or will become a conflict over a port',
    details: `
      It finds owners of one port on overlapping addresses or by reuse, one program started twice, different owners over IPv4 and IPv6, listeners inside the dynamic or an excluded range, URLs, rules and socket units that want a port which another has, and dynamic ports that run out.

      With PORTS it lists those of these ports alone.

      Error means that something does not work, Warning that it works by luck or not for everybody, Information what every healthy machine has.
    `,
    examples: [
      ['Every conflict, the worst first', '$0 conflicts'],
      ['Only what should be looked after', '$0 conflicts --severity warning'],
      ['Of one port', '$0 conflicts 5173'],
      ['Of a snapshot, with what to do', '$0 conflicts --from server7.json --format list'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [conflict],
    operands: { column: 'LocalPort' },
    values: { '--severity': Object.keys(severities) },
    exitCodes: {
      0: 'nothing worse than Information',
      1: 'a Warning or Error',
      69: 'cannot tell',
      77: 'needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Get-PortConflict',
      operand: 'Port',
      parameters: { Severity: '--severity', Column: '--columns', FromSnapshot: '--from' },
      terms: { Severity: { Error: 'error', Warning: 'warning', Information: 'information' } },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  severity = Option.String('--severity', {
    description: 'only what is at least this bad: error, warning, or information (default)',
  });

  override readonly schema = conflict;
  protected override readonly decisive = false;

  protected async answer(): Promise<Answer> {
    const least = word('--severity', this.severity ?? 'information', severities);
    const asked = this.ports.length === 0 ? null : await places(this.ports);
    return findConflicts({ least, asked, narrow: this.narrow }, this.askedMachine());
  }
}
