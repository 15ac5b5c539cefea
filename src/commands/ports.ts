import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { asksConnections, filterOf, FilterOptions, protocolsOf } from '../cli/options/filter.ts';
import { withOptions } from '../cli/options/group.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { RowCommand } from '../cli/row-command.ts';
import { subjectOf } from '../cli/subject.ts';
import { unknownValue } from '../cli/values.ts';
import { whoOwns } from '../ownership/who.ts';
import type { Answer } from '../schema/answer.ts';
import { plainColumns, spare, type Column } from '../schema/column.ts';
import { endpoint } from '../schema/endpoint.ts';
import { askedColumns } from '../schema/variant.ts';

/** Terminals of this width have room for these columns, too. */
const wideTerminal = 120;
const forRoom: ReadonlySet<string> = new Set(['Application', 'WorkingDirectory']);

/** The main question: who owns a port. */
export class PortsCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, FilterOptions) {
  static override paths = [Command.Default];
  static override usage = Command.Usage({
    description: 'say who owns a port, or list every listening and bound port with its owner',
    details: `
      Without options it looks for sockets whose local port is one of PORTS: listeners, bound and UDP sockets first, and when there are none, the connections that use such a local port.

      PORTS are numbers, ranges, and IANA service names: 443, 80,443, 8000-8100, https. They may name a protocol (53/udp, udp:53) or one address: localhost:3000 and 127.0.0.1:3000 are for owners there and on every address; :3000, *:3000, and 0.0.0.0:3000 are the port alone. Of a URL it is the port: https://example.org/ is 443. Other host names aren't looked up. Without PORTS every listening TCP and bound UDP port is listed.
    `,
    examples: [
      ['Who owns port 443', '$0 443'],
      ['Every listening port, as a list with all that is known', '$0 --format list'],
      ['Who has the address of a web page that does not load', '$0 http://localhost:5173/'],
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
    aliases: ['who', 'list', 'find'],
    values: { '--sort': 'columns' },
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
        ...FilterOptions.about.parameters,
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

  protected override defaultColumns(): readonly Column[] {
    const connections = asksConnections(this);
    const columns = super.defaultColumns().filter((column) => column.connectionsOnly !== true || connections);
    const roomy = this.isWide ? plainColumns(endpoint).filter(({ name }) => forRoom.has(name)) : [];
    return [
      ...columns,
      ...roomy.map((column): Column => Object.assign({}, column, { importance: spare })),
      ...askedColumns(endpoint, (option) => this.asks(option)),
    ];
  }

  /** Whether there is room for more than the answer: a table with it says where programs run in a column of its own. */
  private get isWide(): boolean {
    const terminal = this.narrow ? this.outputTerminal : null;
    return terminal !== null && terminal.columns >= wideTerminal;
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
    const forModule = this.problems === 'rows';
    const subject = await subjectOf(this.ports, {
      eachError: forModule,
      commands: forModule ? [] : Object.keys(this.context.catalogue).filter((name) => name !== ''),
    });
    const request = {
      subject,
      filter: await filterOf(this),
      sort: this.sort === undefined ? null : (await import('../ownership/sort.ts')).parseSort(this.sort, endpoint),
      resolveSeconds: this.resolve === false ? null : resolveSeconds(this.resolve),
      protocols: protocolsOf(this, subject, this.ports),
      all: asksConnections(this),
      firewall: this.firewall,
      tree: this.tree,
      columns: columns.map(({ name }) => name),
      forPeople: this.hasReaders,
      home: this.personReads && !this.isWide ? this.surroundings.homeFolder() : null,
      projects: this.surroundings.projects,
    };
    return whoOwns(request, this.askedMachine(), this.progress);
  }
}

function resolveSeconds(value: string | boolean): number {
  if (value === true || value === 'true') return 3;
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 300)) throw unknownValue('--resolve', value, 'seconds, up to 300');
  return seconds;
}
