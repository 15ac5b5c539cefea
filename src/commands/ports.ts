import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { RowCommand } from '../cli/row-command.ts';
import { subjectOf } from '../cli/subject.ts';
import { listed, noValue, portSpans, processIds, word } from '../cli/values.ts';
import type { RowFilter } from '../ownership/filter.ts';
import { whoOwns } from '../ownership/who.ts';
import type { Answer } from '../schema/answer.ts';
import type { Column } from '../schema/column.ts';
import { endpoint, tcpStates } from '../schema/endpoint.ts';
import { askedColumns } from '../schema/variant.ts';

const rangeNames = { 'well-known': 'WellKnown', registered: 'Registered', dynamic: 'Dynamic' } as const;
const states = Object.fromEntries(tcpStates.map((name) => [name, name]));
const protocols = { tcp: 'TCP', udp: 'UDP' } as const;

/** The main question: who owns a port. */
export class PortsCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions) {
  static override paths = [Command.Default];
  static override usage = Command.Usage({
    description: 'say who owns a port, or list every listening and bound port with its owner',
    details: `
      Without options it looks for sockets whose local port is one of PORTS: listeners, bound and UDP sockets first, and when there are none, the connections that use such a local port.

      PORTS are numbers, ranges and IANA service names: 443, 80,443, 8000-8100, https. Without PORTS every listening TCP and bound UDP port is listed.
    `,
    examples: [
      ['Who owns port 443', '$0 443'],
      ['Every listening port, as a list with all that is known', '$0 --format list'],
      ['All connections of a program, newest first', '$0 --all --image chrome --sort -StartTime'],
      ['A file for Excel', '$0 --all --format csv --output ports.csv'],
      ['Who talks to the database server', '$0 --all --remote-port 5432'],
      ['May other machines reach the web server', '$0 80,443 --firewall'],
      ['Why the program on port 3000 runs', '$0 3000 --tree'],
      ['Answer from a snapshot of another machine', '$0 443 --from server7.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [endpoint],
    operands: { column: 'LocalPort' },
    values: {
      '--protocol': Object.keys(protocols),
      '--state': tcpStates,
      '--range': Object.keys(rangeNames),
      '--pid': { column: 'OwningProcess' },
      '--image': { column: 'ImageName' },
      '--user': { column: 'UserName' },
      '--service': { column: 'Services' },
      '--sort': 'columns',
    },
    exitCodes: {
      0: 'there is an owner',
      1: 'nobody owns it',
      69: 'cannot tell',
      77: 'needs elevated rights for a complete answer',
    },
    powershell: {
      name: 'Get-PortOwner',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        All: '--all',
        Protocol: '--protocol',
        State: '--state',
        Id: '--pid',
        ImageName: '--image',
        Address: '--address',
        RemotePort: '--remote-port',
        User: '--user',
        Service: '--service',
        Range: '--range',
        Resolve: '--resolve',
        ResolveTimeoutSec: '--resolve',
        Firewall: '--firewall',
        Tree: '--tree',
        Column: '--columns',
        FromSnapshot: '--from',
      },
      terms: { Range: { WellKnown: 'well-known' } },
      leftOut: { '--sort': 'Sort-Object sorts' },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  all = Option.Boolean('--all,-a', false, { description: 'connections and every other state too' });
  protocol = Option.Array('--protocol', { description: 'only tcp or udp' });
  state = Option.Array('--state', {
    description: 'only these TCP states: Listen, Established, TimeWait … (looks at connections too)',
  });
  pid = Option.Array('--pid', { description: 'only sockets of these processes' });
  image = Option.Array('--image', {
    description: 'only owners with this name, of the file or what it runs; * and ? are wildcards',
  });
  address = Option.Array('--address', { description: 'only this local or remote address, or CIDR range' });
  remotePort = Option.Array('--remote-port', {
    description: 'only connections to these ports (looks at connections too)',
  });
  user = Option.Array('--user', { description: 'only owners that run as this account; * and ? are wildcards' });
  service = Option.Array('--service', {
    description: 'only owners that run this service, unit or container; * and ? are wildcards',
  });
  range = Option.Array('--range', { description: 'only local ports of this class: well-known, registered, dynamic' });
  sort = Option.Array('--sort', { description: 'sort by these columns: A,-B puts the largest B first' });
  resolve = Option.String('--resolve', false, {
    tolerateBoolean: true,
    description:
      'look the names of remote addresses up in DNS, for at most 3 seconds, or as many as given with --resolve=SECONDS',
  });

  firewall = Option.Boolean('--firewall', false, {
    description: "say whether this machine's firewall lets other machines in to the port",
  });

  tree = Option.Boolean('--tree', false, {
    description: 'say what led to each owner, and what would start it again',
  });

  override readonly schema = endpoint;

  private get connections(): boolean {
    return this.all || this.state !== undefined || this.remotePort !== undefined;
  }

  protected override defaultColumns(): readonly Column[] {
    const columns = super.defaultColumns().filter((column) => column.connectionsOnly !== true || this.connections);
    return [...columns, ...askedColumns(endpoint, (option) => this.asks(option))];
  }

  protected override asks(option: string): boolean {
    switch (option) {
      case 'resolve':
        return this.resolve !== false;
      case 'firewall':
        return this.firewall;
      case 'tree':
        return this.tree;
      default:
        return false;
    }
  }

  protected async answer(columns: readonly Column[]): Promise<Answer> {
    const request = {
      subject: await subjectOf(this.ports, this.problems === 'rows'),
      filter: await this.filter(),
      sort: this.sort === undefined ? null : (await import('../ownership/sort.ts')).parseSort(this.sort, endpoint),
      resolveSeconds: this.resolve === false ? null : resolveSeconds(this.resolve),
      protocols: (listed('--protocol', this.protocol) ?? Object.keys(protocols)).map((text) =>
        word('--protocol', text, protocols),
      ),
      all: this.connections,
      firewall: this.firewall,
      tree: this.tree,
      columns: columns.map(({ name }) => name),
      forPeople: this.forPeople,
      home: this.personReads ? this.surroundings.homeFolder() : null,
      projects: this.surroundings.projects,
    };
    return whoOwns(request, this.askedMachine(), this.progress);
  }

  private async filter(): Promise<RowFilter> {
    const remotePorts = this.remotePort === undefined ? null : await portSpans(this.remotePort);
    const pids = listed('--pid', this.pid);
    return {
      remotePorts,
      pids: pids && processIds('--pid', pids),
      states: listed('--state', this.state)?.map((text) => word('--state', text, states)) ?? null,
      images: listed('--image', this.image),
      addresses: listed('--address', this.address),
      users: listed('--user', this.user),
      services: listed('--service', this.service),
      ranges: listed('--range', this.range)?.map((text) => word('--range', text, rangeNames)) ?? null,
    };
  }
}

function resolveSeconds(value: string | boolean): number {
  if (value === true || value === 'true') return 3;
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 300)) throw noValue('--resolve', value, 'seconds, up to 300');
  return seconds;
}
