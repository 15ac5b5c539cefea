import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import * as t from 'typanion';
import { severities, type Severity } from '../diagnosis/conflict-kinds.ts';
import { conflicts } from '../diagnosis/conflicts.ts';
import type { Facts } from '../facts/model/facts.ts';
import { hasFailed, isWhole } from '../facts/model/section.ts';
import { exitCodeOf, lackOf } from '../schema/exit-code.ts';
import { exit, type ExitCode } from '../schema/problems.ts';
import { conflict, type Conflict } from '../schema/conflict.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { RowCommand } from '../cli/row-command.ts';
import type { Answer } from '../schema/answer.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';

const severityWords = ['error', 'warning', 'information'] as const;

/** Everything on a machine that is or will become a conflict over a port. */
export class ConflictsCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [['conflicts']];
  static override usage = Command.Usage({
    description: 'list everything on this machine that is or will become a conflict over a port',
    details: `
      It finds owners of one port on overlapping addresses or by reuse, one program started twice, different owners over IPv4 and IPv6, listeners inside the dynamic or an excluded range, URLs, rules and socket units that want a port which another has, and dynamic ports that run out.

      Error means that something does not work, Warning that it works by luck or not for everybody, Information what every healthy machine has.
    `,
    examples: [
      ['Every conflict, the worst first', '$0 conflicts'],
      ['Only what should be looked after', '$0 conflicts --severity warning'],
      ['Of a snapshot, with what to do', '$0 conflicts --from server7.json --format list'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [conflict],
    operands: null,
    values: { '--severity': severityWords },
    exitCodes: {
      0: 'nothing worse than Information',
      1: 'a Warning or Error',
      69: 'cannot tell',
      77: 'needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Get-PortConflict',
      parameters: { Severity: '--severity', Column: '--columns', FromSnapshot: '--from' },
      terms: { Severity: { Error: 'error', Warning: 'warning', Information: 'information' } },
    },
  };

  severity = Option.String('--severity', {
    description: 'only what is at least this bad: error, warning or information (default)',
    validator: t.isEnum(severityWords),
  });

  override readonly schema = conflict;

  protected async answer(): Promise<Answer> {
    const facts = await this.askedMachine().facts({
      localPorts: null,
      protocols: ['TCP', 'UDP'],
      sockets: 'all',
      details: new Set(['owner', 'path', 'user', 'parent', 'services']),
      ranges: true,
      configured: true,
    });
    const { rows: all, undecided } = conflicts(facts);
    const last = this.severity === undefined ? severities.length : severityWords.indexOf(this.severity) + 1;
    const rows = all.filter((row) => severities.slice(0, last).includes(row.Severity as Severity));
    const exitCode = this.exitCode(facts, all, undecided);
    const note =
      rows.length > 0
        ? this.notes(rows)
        : exitCode === exit.ok || exitCode === exit.no
          ? 'No conflicts.'
          : 'No conflict was found, but not all could be seen.';
    return {
      rows,
      problems: sectionProblems(facts, undecided === null ? [] : null),
      exitCode,
      ...(note === null ? {} : { note }),
    };
  }

  private exitCode({ sections }: Facts, rows: readonly Conflict[], undecided: string | null): ExitCode {
    if (rows.some((row) => row.Severity !== 'Information')) return exitCodeOf(false);
    const { sockets, dynamicRanges, reservedPorts, portProxies, socketUnits } = sections;
    const unread = isWhole(sockets)
      ? [dynamicRanges, reservedPorts, portProxies, socketUnits].find(hasFailed)
      : sockets;
    if (unread !== undefined) return exitCodeOf(null, lackOf(unread.needs));
    // Where every process was looked at, no rights would tell more.
    return exitCodeOf(true, undecided === null ? null : isWhole(sections.processes) ? 'source' : 'rights');
  }

  /** What the words of a table mean. */
  private notes(rows: readonly Conflict[]): string | null {
    if (!this.narrow) return null;
    const known = new Map(rows.map((row) => [row.Kind!, row.Description!]));
    return ['', ...[...known].map(([kind, description]) => `${kind}: ${description}`)].join('\n');
  }
}
