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

/** Lists current and upcoming port conflicts. */
export class ConflictsCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['conflicts']];
  static override usage = Command.Usage({
    description: 'list current and upcoming port conflicts on this machine',
    details: `
      It finds ports with several owners (on overlapping addresses or through reuse), programs that were started twice, different owners over IPv4 and IPv6, listeners inside the dynamic or an excluded range, URLs, rules, and socket units that need a port that another program owns, configurations of servers that ask for one port, and dynamic ports that are running out.

      With PORTS, it lists only conflicts on these ports.

      Error means that something does not work; Warning, that it works by luck or not for everybody; Information is normal on a healthy machine.
    `,
    examples: [
      ['Every conflict, worst first', '$0 conflicts'],
      ['Only conflicts that need attention', '$0 conflicts --severity warning'],
      ['Conflicts on one port', '$0 conflicts 5173'],
      ['From a snapshot, with what to do', '$0 conflicts --from server7.json --format list'],
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
      parameters: { Severity: '--severity', Column: '--columns', FromSnapshot: '--from', Redact: '--redact' },
      terms: { Severity: { Error: 'error', Warning: 'warning', Information: 'information' } },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  severity = Option.String('--severity', {
    description: 'only conflicts of at least this severity: error, warning, or information (default)',
  });

  override readonly schema = conflict;
  protected override readonly decisive = false;

  protected async answer(): Promise<Answer> {
    const least = word('--severity', this.severity ?? 'information', severities);
    const asked = this.ports.length === 0 ? null : await places(this.ports);
    const machine = this.askedMachine();
    const configured = async () =>
      (await import('../configuration/configuration.ts')).configuredConflicts(
        machine,
        await this.surroundings.configuration(),
      );
    const request = { least, asked, narrow: this.narrow, home: this.readerHome };
    return findConflicts({ ...request, configured: machine.live ? configured : null }, machine);
  }
}
