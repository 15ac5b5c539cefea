import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { asksConnections, filterOf, FilterOptions, protocolsOf } from '../cli/options/filter.ts';
import { withOptions } from '../cli/options/group.ts';
import { WidthOption } from '../cli/options/module.ts';
import { CountOptions } from '../cli/options/rows.ts';
import { SnapshotOptions } from '../cli/options/snapshot.ts';
import { RowCommand } from '../cli/row-command.ts';
import { subjectOf } from '../cli/subject.ts';
import { unknownValue } from '../cli/values.ts';
import { isWideTerminal, wideTableOf, withShortFolders, withTable } from '../cli/wide.ts';
import { whoOwns } from '../ownership/who.ts';
import type { Answer } from '../schema/answer.ts';
import type { Column } from '../schema/column.ts';
import { endpoint } from '../schema/endpoint.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { askedColumns, wideColumns } from '../schema/variant.ts';

/** The main query: who owns a port. */
export class PortsCommand extends withOptions(RowCommand, CountOptions, SnapshotOptions, FilterOptions, WidthOption) {
  static override paths = [Command.Default];
  static override usage = Command.Usage({
    description: 'show who owns a port, or list every listening and bound port with its owner',
    details: `
      Without options, it finds sockets whose local port is one of PORTS: listeners, bound sockets, and UDP sockets first; if there are none, connections with such a local port.

      PORTS are numbers, ranges, and IANA service names: 443, 80,443, 8000-8100, https. They can include a protocol (53/udp, udp:53) or one address: localhost:3000 and 127.0.0.1:3000 find owners on that address and on all addresses; :3000, *:3000, and 0.0.0.0:3000 mean only the port. For a URL, the port counts: https://example.org/ is 443. Other host names are not looked up. Without PORTS, it lists every listening TCP and bound UDP port.
    `,
    examples: [
      ['Who owns port 443', '$0 443'],
      ['Every listening port, as a list with all details', '$0 --format list'],
      ['Who owns the port of a web page that does not load', '$0 http://localhost:5173/'],
      ['All connections of a program, newest first', '$0 --all --image chrome --sort -StartTime'],
      ['A file for Excel', '$0 --all --format csv --output ports.csv'],
      ['Who is connected to the database server', '$0 --all --remote-port 5432'],
      ['Whether other machines can reach the web server', '$0 80,443 --firewall'],
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
        IncludeCommandLine: '--command-lines',
        Column: '--columns',
        FromSnapshot: '--from',
        Redact: '--redact',
      },
      terms: { Range: { WellKnown: 'well-known' } },
      leftOut: { '--sort': 'use Sort-Object' },
    },
  };

  ports = Option.Rest({ name: 'PORTS' });
  sort = Option.Array('--sort', { description: 'sort by these columns: A,-B puts the largest B first' });
  resolve = Option.String('--resolve', false, {
    tolerateBoolean: true,
    description: 'look up the names of remote addresses in DNS, for at most 3 seconds, or --resolve=SECONDS',
  });

  firewall = Option.Boolean('--firewall', false, {
    description: "show whether this machine's firewall lets other machines reach the port",
  });

  tree = Option.Boolean('--tree', false, {
    description: 'show how each owner was started, and what might restart it',
  });

  commandLines = Option.Boolean('--command-lines', false, { description: 'include command lines, masked' });

  override readonly schema = endpoint;

  protected override defaultColumns(): readonly Column[] {
    const connections = asksConnections(this);
    const columns = super.defaultColumns().filter((column) => column.connectionsOnly !== true || connections);
    return [
      ...columns,
      ...(this.isWide ? wideColumns(endpoint) : []),
      ...askedColumns(endpoint, (option) => this.asks(option)),
    ];
  }

  /** Whether there is room for more columns, such as a separate one for the working directory. */
  private get isWide(): boolean {
    return this.narrow && isWideTerminal(this.outputTerminal);
  }

  /** The variant of the rows for a wide window of PowerShell; null if there is none. */
  private get wideTable(): string | null {
    return this.redact || this.asksSeveral ? null : wideTableOf(this.width);
  }

  protected override asks(option: string): boolean {
    const { resolve, firewall, tree, commandLines } = this;
    if (option === 'WorkingDirectory') return this.wideTable !== null;
    const asked: Readonly<Record<string, boolean>> = { resolve: resolve !== false, firewall, tree, commandLines };
    return asked[option] ?? false;
  }

  protected async answer(columns: readonly Column[]): Promise<Answer> {
    if (this.redact && this.commandLines)
      throw new PortOwnerError('PO1005', '--redact and --command-lines exclude each other');
    const forModule = this.problems === 'rows';
    const commands = forModule ? [] : ['help', ...Object.keys(this.context.catalogue).filter((name) => name !== '')];
    const subject = await subjectOf(this.ports, { eachError: forModule, commands });
    const request = {
      subject,
      filter: await filterOf(this),
      sort: this.sort === undefined ? null : (await import('../ownership/sort.ts')).parseSort(this.sort, endpoint),
      resolveSeconds: this.resolve === false ? null : resolveSeconds(this.resolve),
      protocols: protocolsOf(this, subject, this.ports),
      all: asksConnections(this),
      firewall: this.firewall,
      tree: this.tree,
      asks: (option: string) => this.asks(option),
      columns: columns.map(({ name }) => name),
      forPeople: this.forPeople,
      explain: this.forPeople || forModule,
      home: this.personReads ? this.surroundings.homeFolder() : null,
      projects: this.surroundings.projects,
    };
    const answer = await whoOwns(request, this.askedMachine(), this.progress);
    return withTable(this.isWide ? withShortFolders(answer, this.readerHome) : answer, this.wideTable);
  }
}

function resolveSeconds(value: string | boolean): number {
  if (value === true || value === 'true') return 3;
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 300)) throw unknownValue('--resolve', value, 'seconds, up to 300');
  return seconds;
}
