import { setTimeout } from 'node:timers/promises';
import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { filterOf, FilterOptions, protocolsOf } from '../cli/options/filter.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { RowCommand } from '../cli/row-command.ts';
import { subjectOf } from '../cli/subject.ts';
import { duration, word } from '../cli/values.ts';
import { measure } from '../live/measure.ts';
import { groupings, type Grouping } from '../live/statistics.ts';
import type { Answer } from '../schema/answer.ts';
import type { Column } from '../schema/column.ts';
import { traffic } from '../schema/traffic.ts';

const byWords = Object.fromEntries(groupings.map((name) => [name, name])) as Record<Grouping, Grouping>;

const ends = ['LocalAddress', 'LocalPort', 'RemoteAddress', 'RemotePort'] as const;
/** The columns that say nothing about most groups. */
const notOf: Readonly<Record<Grouping, readonly string[]>> = {
  process: [...ends, 'Protocol', 'State'],
  application: [...ends, 'Protocol', 'State'],
  port: ['LocalAddress', 'RemoteAddress', 'RemotePort', 'State'],
  remote: ['State'],
  state: [...ends, 'Application', 'Owner'],
  protocol: [...ends, 'State', 'Application', 'Owner'],
};

/** Measures the traffic of sockets. */
export class StatsCommand extends withOptions(RowCommand, CountOptions, FilterOptions) {
  static override paths = [['stats']];
  static override usage = Command.Usage({
    description: 'measure traffic, round-trip times, retransmits, and queues of sockets and their owners',
    details: `
      It looks at the sockets twice, --for seconds apart, and shows what each one transferred in between. PORTS are the same as for the main query, but connections are always included; --all adds closed ones in TIME_WAIT, which have no statistics. Sums by remote, state, and protocol always count them.

      For a listener, AcceptQueue is the number of connections that wait until the program accepts them, and Backlog is the maximum: a full queue is a frequent cause of refused connections and timeouts.

      --by adds up the sockets of a process, an application, a local port, a remote end, a state, or a protocol (totals of TCP and UDP). With --by remote, DynamicPortUse shows what percentage of the dynamic ports the connections to one remote end use.

      Connections that are opened and closed between the two looks are not seen, and systems do not count the bytes of UDP sockets. On Windows, statistics need an elevated session, are counted from the start of the measurement, and do not exist for loopback connections.
    `,
    examples: [
      ['The traffic of every socket during one second, busiest first', '$0 stats'],
      ['Which programs use the network', '$0 stats --by process --for 5'],
      ['Whether the web server accepts connections in time', '$0 stats 443 --state listen'],
      ['Connections that lose packets', '$0 stats --for 10 --sort -NewRetransmits'],
      ['How many dynamic ports each remote end uses', '$0 stats --by remote --sort -DynamicPortUse'],
      ['The number of sockets in each state', '$0 stats --by state'],
      ['The totals of TCP and UDP', '$0 stats --by protocol'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [traffic],
    operands: { column: 'LocalPort' },
    values: { '--by': groupings, '--sort': 'columns' },
    exitCodes: {
      0: 'done',
      1: 'no socket matches',
      69: 'cannot tell',
      77: 'needs elevated rights for statistics',
    },
    powershell: {
      name: 'Measure-Port',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        ...FilterOptions.about.parameters,
        By: '--by',
        For: '--for',
        Column: '--columns',
        Redact: '--redact',
      },
      terms: {
        By: {
          Process: 'process',
          Application: 'application',
          Port: 'port',
          Remote: 'remote',
          State: 'state',
          Protocol: 'protocol',
        },
        Range: { WellKnown: 'well-known' },
      },
      leftOut: { '--sort': 'use Sort-Object' },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  for = Option.String('--for', '1', {
    description: 'how long to measure: seconds, or 500ms, 30s, 5m (default: 1)',
  });
  by = Option.String('--by', {
    description: 'add up the sockets of each process, application, port, remote end (remote), state, or protocol',
  });
  sort = Option.Array('--sort', { description: 'sort by these columns: A,-B puts the largest B first' });

  override readonly schema = traffic;

  protected override defaultColumns(): readonly Column[] {
    const hidden = new Set<string>(this.by === undefined ? ['Sockets'] : notOf[word('--by', this.by, byWords)]);
    return super.defaultColumns().filter(({ name }) => !hidden.has(name));
  }

  protected async answer(): Promise<Answer> {
    const { surroundings } = this;
    const subject = await subjectOf(this.ports, { eachError: this.problems === 'rows' });
    const request = {
      subject,
      protocols: protocolsOf(this, subject, this.ports),
      filter: await filterOf(this),
      by: this.by === undefined ? null : word('--by', this.by, byWords),
      closed: this.all,
      everyone: this.redact,
      duration: duration('--for', this.for, { least: 10 }),
      sort: this.sort === undefined ? null : (await import('../ownership/sort.ts')).parseSort(this.sort, traffic),
    };
    const { live, now } = surroundings;
    return measure(request, { live, now, machine: this.askedMachine(), pause: setTimeout }, this.progress);
  }
}
