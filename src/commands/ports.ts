import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { holdsPort, selectSockets, type Question } from '../facts/model/question.ts';
import { detailsFor } from '../ownership/details.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { RowFilter } from '../ownership/filter.ts';
import { defaultOrder } from '../ownership/order.ts';
import { formatPorts, parsePorts, type PortSpan } from '../ports/expression.ts';
import { exit, PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import type { Column } from '../schema/column.ts';
import { endpoint } from '../schema/endpoint.ts';
import { askedColumns, variantOf } from '../schema/variant.ts';
import { toRow, type OwnedEndpoint } from '../ownership/owned.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { ownersExitCode } from '../ownership/whole.ts';
import { RowCommand, type Answer } from '../cli/row-command.ts';

const rangeNames = { 'well-known': 'WellKnown', registered: 'Registered', dynamic: 'Dynamic' } as const;

/** Comma-separated values of an option that may be repeated; null when it was not given. Throws PO1001. */
function listed(option: string, values: readonly string[] | undefined): readonly string[] | null {
  if (values === undefined) return null;
  const list = values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
  // A script's variable that is not set must not become the answer "nobody".
  if (list.length === 0)
    throw new PortOwnerError('PO1001', `${option} needs a value`, {
      hint: 'portowner --help says which.',
      target: option,
    });
  return list;
}

function oneOf<T extends string>(option: string, values: readonly string[], allowed: Readonly<Record<string, T>>): T[] {
  return values.map((value) => {
    const found = Object.entries(allowed).find(([name]) => name.toLowerCase() === value.toLowerCase());
    if (found === undefined) {
      throw new PortOwnerError('PO1001', `${option} has no value ${JSON.stringify(value)}`, {
        hint: `It takes ${Object.keys(allowed).join(', ')}.`,
        target: value,
      });
    }
    return found[1];
  });
}

const states = Object.fromEntries(
  [
    'Bound',
    'Closed',
    'CloseWait',
    'Closing',
    'DeleteTCB',
    'Established',
    'FinWait1',
    'FinWait2',
    'LastAck',
    'Listen',
    'SynReceived',
    'SynSent',
    'TimeWait',
  ].map((name) => [name, name]),
);
const protocolNames = { tcp: 'TCP', udp: 'UDP' } as const;

/** What PORTS ask for. The PowerShell module also asks for processes there, as `pid:1234`: the answer has the sockets of either. */
interface Subject {
  /** Null asks for every port. */
  readonly spans: PortSpan[] | null;
  readonly pids: ReadonlySet<number>;
  /** What could not be read. */
  readonly problems: Problem[];
}

/** The main question: who owns a port. */
export class PortsCommand extends RowCommand {
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
      ['Answer from a snapshot of another machine', '$0 443 --from server7.json'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [endpoint],
    operands: { column: 'LocalPort' },
    values: {
      '--protocol': Object.keys(protocolNames),
      '--state': Object.keys(states),
      '--range': Object.keys(rangeNames),
      '--pid': { column: 'OwningProcess' },
      '--image': { column: 'ImageName' },
      '--user': { column: 'UserName' },
      '--service': { column: 'Services' },
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
  image = Option.Array('--image', { description: 'only owners with this file name; * and ? are wildcards' });
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

  override readonly schema = endpoint;

  protected override defaultColumns(): readonly Column[] {
    const connections = this.all || this.state !== undefined || this.remotePort !== undefined;
    const columns = super.defaultColumns().filter((column) => column.connectionsOnly !== true || connections);
    return [...columns, ...askedColumns(endpoint, (option) => this.asks(option))];
  }

  protected override asks(option: string): boolean {
    return option === 'resolve' ? this.resolve !== false : this.firewall;
  }

  protected async answer(columns: readonly Column[]): Promise<Answer> {
    const subject = await this.subject();
    if (subject.problems.length > 0 && subject.spans?.length === 0 && subject.pids.size === 0)
      return { rows: [], problems: subject.problems, exitCode: exit.usage };
    const { pids } = subject;
    const spans = pids.size === 0 ? subject.spans : null;
    const all = this.all || this.state !== undefined || this.remotePort !== undefined;
    const filter = await this.filter();
    const keys = this.sort === undefined ? null : (await import('../ownership/sort.ts')).parseSort(this.sort, endpoint);
    const resolveSeconds = this.resolve === false ? null : this.secondsToResolve(this.resolve);
    const wanted = [
      ...columns.map((column) => column.name),
      ...(this.firewall ? ['Path', 'Services'] : []),
      ...(keys ?? []).map((key) => key.column.name),
      ...(filter?.columns ?? []),
    ];

    const question: Question = {
      localPorts: spans,
      protocols: this.protocols(),
      sockets: all || (pids.size > 0 && subject.spans?.length !== 0) ? 'all' : spans === null ? 'listeners' : 'answer',
      details: detailsFor(wanted),
      ranges: false,
      firewall: this.firewall,
    };
    const facts = await this.facts(question);
    const serviceName = wanted.includes('PortService') ? (await import('../ports/iana.ts')).serviceName : null;
    const sockets =
      pids.size === 0
        ? selectSockets(facts.sections.sockets.data, question)
        : this.socketsOf(facts.sections.sockets.data, subject, question, all);
    let owned = endpoints(facts, sockets, { live: this.live, serviceName });
    const chosen = new Set(pids.size === 0 ? [] : sockets);
    // A socket whose owner is hidden may be one of a process that was asked for.
    const hidden =
      pids.size === 0
        ? []
        : facts.sections.sockets.data.filter(
            (socket) =>
              socket.pid === null &&
              socket.refusals.length > 0 &&
              question.protocols.includes(socket.protocol) &&
              (all || holdsPort(socket)) &&
              !chosen.has(socket),
          );
    let undecided: readonly OwnedEndpoint[] = endpoints(facts, hidden, { live: this.live, serviceName });
    if (filter !== null) {
      const { test } = filter;
      undecided = [...undecided.filter((row) => test(row) !== false), ...owned.filter((row) => test(row) === null)];
      owned = owned.filter((row) => test(row) === true);
    }
    if (this.firewall) owned = (await import('../ownership/firewall.ts')).withFirewall(owned, facts);
    owned.sort(defaultOrder);

    const problems = [
      ...subject.problems,
      ...sectionProblems(facts, undecided.length === 0 ? owned : [...owned, ...undecided]),
    ];
    if (resolveSeconds !== null) {
      const resolved = await (
        await import('../ownership/resolve.ts')
      ).resolveNames(owned, resolveSeconds, undefined, (addresses) => {
        this.tell?.(
          'Progress',
          `asking DNS for the names of ${addresses} address${addresses === 1 ? '' : 'es'}, for up to ${resolveSeconds} s`,
        );
      });
      owned = resolved.rows;
      problems.push(...resolved.problems);
    }
    const exitCode = ownersExitCode(facts, owned, undecided, spans !== null);
    const rows = owned.map(toRow);
    if (keys !== null) rows.sort((await import('../ownership/sort.ts')).compareRows(keys));
    const variant = variantOf(
      endpoint,
      rows.some((row) => row.RemotePort !== null),
      (option) => this.asks(option),
    ).name;
    if (rows.length > 0) return { rows, problems, exitCode, ...(variant === '' ? {} : { variant }) };
    if (exitCode !== exit.unavailable && !this.forPeople) return { rows, problems, exitCode };
    const note = await this.nobody(question, exitCode, filter !== null, undecided, facts);
    // An empty list would look like "nobody".
    if (!this.forPeople)
      problems.push({
        severity: 'Error',
        code: 'PO3001',
        message: `${note[0]!.toLowerCase()}${note.slice(1).replace(/\.$/, '')}`,
      });
    return { rows, problems, exitCode, note };
  }

  private async subject(): Promise<Subject> {
    if (this.ports.length === 0) return { spans: null, pids: new Set(), problems: [] };
    const spans: PortSpan[] = [];
    const pids = new Set<number>();
    const problems: Problem[] = [];
    for (const text of this.ports.flatMap((ports) => ports.split(','))) {
      const pid = /^pid:(\d{1,10})$/.exec(text)?.[1];
      if (pid !== undefined) {
        pids.add(Number(pid));
        continue;
      }
      try {
        spans.push(...(await this.spans([text]))!);
      } catch (error) {
        // A pipeline gets an error for each item that is wrong, and the answer for the others.
        if (!(error instanceof PortOwnerError) || this.problems !== 'rows') throw error;
        const { terminating: _, ...problem } = error.problem;
        problems.push(problem);
      }
    }
    return { spans, pids, problems };
  }

  /** Of the sockets, those on the ports and those of the processes that are asked for. */
  private socketsOf(sockets: readonly Socket[], { spans, pids }: Subject, question: Question, all: boolean): Socket[] {
    const byPort = new Set(
      selectSockets(sockets, { localPorts: spans, protocols: question.protocols, sockets: all ? 'all' : 'answer' }),
    );
    return sockets.filter(
      (socket) =>
        byPort.has(socket) ||
        (question.protocols.includes(socket.protocol) &&
          (all || holdsPort(socket)) &&
          ((socket.pid !== null && pids.has(socket.pid)) || socket.holders.some((pid) => pids.has(pid)))),
    );
  }

  /** What a person is told when there is no row: for a port also whether the system keeps it for itself. */
  private async nobody(
    question: Question,
    exitCode: ExitCode,
    filtered: boolean,
    undecided: readonly OwnedEndpoint[],
    { sections }: Facts,
  ): Promise<string> {
    const { status, reason } = sections.sockets;
    if (undecided.length > 0)
      return `Cannot tell: too little is known of ${undecided.length} socket${undecided.length === 1 ? '' : 's'} to say whether ${undecided.length === 1 ? 'it matches' : 'they match'}.`;
    if (exitCode !== exit.no)
      return `Cannot tell: ${(status === 'notAsked' ? reason : null) ?? 'not every source could be read'}.`;
    const protocol = question.protocols.length === 1 ? `${question.protocols[0]} ` : '';
    if (question.localPorts === null || filtered) return `No ${protocol}socket matches.`;
    const what = formatPorts(question.localPorts);
    const nobody = `Nobody owns ${protocol}port${/[,-]/.test(what) ? 's' : ''} ${what}.`;
    const facts = await this.facts({ ...question, protocols: [], details: new Set(), ranges: true });
    const { reservedNotes } = await import('../ownership/reserved.ts');
    return [nobody, ...reservedNotes(facts, question.localPorts, question.protocols)].join('\n');
  }

  private async spans(texts: readonly string[]): Promise<PortSpan[] | null> {
    if (texts.length === 0) return null;
    const named = texts.some((text) => /[a-z]/i.test(text));
    const servicePorts = named ? (await import('../ports/iana.ts')).servicePorts : () => [];
    return texts.flatMap((text) => parsePorts(text, servicePorts));
  }

  private protocols(): readonly ('TCP' | 'UDP')[] {
    const given = listed('--protocol', this.protocol);
    return given === null ? ['TCP', 'UDP'] : oneOf('--protocol', given, protocolNames);
  }

  private secondsToResolve(value: string | boolean): number {
    if (value === true || value === 'true') return 3;
    const seconds = Number(value);
    if (!(seconds > 0 && seconds <= 300)) {
      throw new PortOwnerError('PO1001', `--resolve has no value ${JSON.stringify(value)}`, {
        hint: 'It takes seconds, up to 300.',
      });
    }
    return seconds;
  }

  /** The filter that the options ask for, and the columns it looks at; null when they ask for none. */
  private async filter(): Promise<{ test: (row: OwnedEndpoint) => boolean | null; columns: readonly string[] } | null> {
    const remotePorts = this.remotePort === undefined ? null : await this.spans(this.remotePort);
    const pids = listed('--pid', this.pid)?.map((text) => {
      if (!/^\d{1,10}$/.test(text))
        throw new PortOwnerError('PO1001', `--pid has no value ${JSON.stringify(text)}`, {
          hint: 'It takes process ids.',
          target: text,
        });
      return Number(text);
    });
    const stateList = listed('--state', this.state);
    const rangeList = listed('--range', this.range);
    const filter: RowFilter = {
      states: stateList === null ? null : oneOf('--state', stateList, states as Record<string, string>),
      pids: pids ?? null,
      images: listed('--image', this.image),
      addresses: listed('--address', this.address),
      remotePorts,
      users: listed('--user', this.user),
      services: listed('--service', this.service),
      ranges: rangeList === null ? null : oneOf('--range', rangeList, rangeNames),
    };
    if (Object.values(filter).every((value) => value === null)) return null;
    const columns: string[] = [];
    if (filter.pids !== null) columns.push('OwningProcess');
    if (filter.images !== null) columns.push('ImageName');
    if (filter.users !== null) columns.push('UserName');
    if (filter.services !== null) columns.push('Services');
    return { test: (await import('../ownership/filter.ts')).rowFilter(filter), columns };
  }
}
