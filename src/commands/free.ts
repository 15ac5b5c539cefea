import { isIP } from 'node:net';
import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import {
  attemptsReason,
  bindsFor,
  chooseFree,
  skippedSpans,
  type FreeAnswer,
  type FreeKnowledge,
  type FreeRequest,
} from '../actions/free.ts';
import { addLeases, longestHold, readLeases, type Lease } from '../actions/leases.ts';
import type { Facts } from '../facts/model/facts.ts';
import { probe } from '../facts/gather/probe.ts';
import { holdsPort, type Question } from '../facts/model/question.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { portClass } from '../ports/classes.ts';
import { formatPorts, parsePorts, type PortSpan } from '../ports/expression.ts';
import { serviceName, servicePorts } from '../ports/iana.ts';
import { PortOwnerError, type ExitCode } from '../schema/problems.ts';
import { freePort, type FreePort } from '../schema/free.ts';
import { problemText } from '../cli/base.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { named } from '../cli/files.ts';
import { RowCommand, type Answer } from '../cli/row-command.ts';
import { exitCodeOf } from '../ownership/whole.ts';
import { hasFailed } from '../facts/model/section.ts';

const protocols = { tcp: ['TCP'], udp: ['UDP'], both: ['TCP', 'UDP'] } as const;

function whole(option: string, text: string, most: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most)
    throw new PortOwnerError('PO1001', `${option} has no value ${JSON.stringify(text)}`, {
      hint: `It takes a whole number from 1 to ${most}.`,
      target: text,
    });
  return number;
}

/** Ports that nobody has. */
export class FreeCommand extends RowCommand {
  static override paths = [['free']];
  static override usage = Command.Usage({
    description: 'find ports that can be bound now',
    details: `
      A port is free when nobody holds it and binding it really succeeds on the address asked for, by default on every address, IPv4 and IPv6. It must be outside of the machine's dynamic, reserved and excluded ranges, and not be registered with IANA for a service, unless --registered allows that, nor be kept for others by --policy or --baseline. It is looked for from 10000 up, unless --range or --near says where. Nothing is listened on, so that no firewall asks.

      Without --format the numbers alone are written, one a line: PORT=$(portowner free).

      --hold SECONDS keeps other calls of portowner free by the same user from handing the port out for that time. It does not keep the port bound: any other program may take it. What is held is noted in a file: leases.json in %LOCALAPPDATA%\\PortOwner on Windows, in $XDG_STATE_HOME/portowner or ~/.local/state/portowner on Linux.
    `,
    examples: [
      ['A free port', '$0 free'],
      ['Five, that nobody else gets for a minute', '$0 free --count 5 --hold 60'],
      ['The closest to 8080, and why not 8080 itself', '$0 free --near 8080 --explain'],
      ['Ten in a row, for UDP', '$0 free --count 10 --consecutive --protocol udp'],
      ['Only this machine needs to reach it', '$0 free --range 8000-8999 --address 127.0.0.1'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [freePort],
    operands: null,
    values: { '--protocol': Object.keys(protocols), '--policy': 'file', '--baseline': 'file' },
    exitCodes: { 0: 'as many as wanted', 1: 'fewer', 69: 'cannot tell' },
    powershell: {
      name: 'Get-FreePort',
      parameters: {
        Count: '--count',
        Range: '--range',
        Near: '--near',
        Consecutive: '--consecutive',
        Protocol: '--protocol',
        Address: '--address',
        IncludeRegistered: '--registered',
        Except: '--except',
        PolicyPath: '--policy',
        BaselinePath: '--baseline',
        Explain: '--explain',
        HoldSec: '--hold',
        Column: '--columns',
      },
    },
  };

  // Nobody binds a port of a snapshot, and --count says how many ports are wanted.
  override readonly from: undefined = undefined;
  override readonly countRows: boolean = false;

  count = Option.String('--count', { description: 'how many ports (default: 1)' });
  range = Option.Array('--range', { description: 'only ports of this expression: 8000-8999' });
  near = Option.String('--near', { description: 'the ports closest to this one' });
  consecutive = Option.Boolean('--consecutive', false, { description: 'ports that follow one another' });
  protocol = Option.String('--protocol', { description: 'tcp (default), udp or both' });
  address = Option.String('--address', {
    description: 'free on this address of the machine (default: on every address, IPv4 and IPv6)',
  });
  registered = Option.Boolean('--registered', false, { description: 'ports that IANA registered for a service, too' });
  except = Option.Array('--except', { description: 'none of these ports' });
  policy = Option.String('--policy', {
    description: 'none that this policy forbids, or allows only to a named program',
  });
  baseline = Option.String('--baseline', { description: 'none that is in this baseline' });
  explain = Option.Boolean('--explain', false, { description: 'also the ports that were passed over, and why' });
  hold = Option.String('--hold', {
    description:
      'keep other calls of free by this user from handing the ports out, for so many seconds; it does not keep them bound',
  });

  override readonly schema = freePort;

  override async perform(): Promise<ExitCode> {
    const bare =
      this.format === undefined &&
      this.columns === undefined &&
      this.output === undefined &&
      !this.explain &&
      this.problems !== 'rows';
    if (!bare) return super.perform();
    // For $(portowner free): a header would be in the way.
    const { rows, problems, exitCode } = await this.checkedAnswer([]);
    const sink = this.surroundings.output();
    for (const row of rows) sink.write(`${(row as FreePort).LocalPort}\n`);
    sink.close();
    for (const problem of problems) this.surroundings.error(problemText(problem));
    return exitCode;
  }

  protected override files() {
    return {
      inputs: [...super.files().inputs, ...named('--policy', this.policy), ...named('--baseline', this.baseline)],
    };
  }

  protected async answer(): Promise<Answer> {
    const request = this.request();
    const seconds = this.hold === undefined ? null : whole('--hold', this.hold, longestHold);
    const facts = await this.facts(this.question(request));
    if (hasFailed(facts.sections.sockets)) {
      throw new PortOwnerError(
        'PO3001',
        `cannot tell which ports are free: ${facts.sections.sockets.reason ?? 'the sockets could not be read'}`,
      );
    }
    const choose = await this.chooser(facts, request);
    const now = (): number => this.surroundings.now().getTime();
    const folder = this.surroundings.stateFolder();
    let answer: FreeAnswer;
    let until: string | null = null;
    if (seconds === null) answer = choose(readLeases(folder, now()));
    else {
      const end = now() + seconds * 1000;
      until = new Date(end).toISOString();
      answer = addLeases(folder, now, (known) => {
        const chosen = choose(known);
        return {
          ...chosen,
          leases: chosen.ports.flatMap((port) =>
            request.protocols.map((protocol): Lease => ({ protocol, port, until: end })),
          ),
        };
      });
    }
    const problems = sectionProblems(facts, []);
    if (answer.ports.length < request.count) {
      const where = request.spans === null ? '' : ` in ${formatPorts(request.spans)}`;
      const found = request.consecutive
        ? 'no such ports follow one another'
        : answer.ports.length === 0
          ? 'none is'
          : `only ${answer.ports.length} ${answer.ports.length === 1 ? 'is' : 'are'}`;
      problems.push({
        severity: 'Error',
        code: 'PO4102',
        message: `${request.count} free port${request.count === 1 ? '' : 's'} wanted${where}: ${found} free`,
        hint: 'portowner free --explain says why the others are not.',
      });
    }
    return {
      rows: this.rows(facts, request, answer, until),
      problems,
      exitCode: exitCodeOf(answer.ports.length >= request.count),
    };
  }

  private question({ protocols: wanted }: FreeRequest): Question {
    return {
      localPorts: null,
      protocols: wanted,
      sockets: 'listeners',
      details: new Set(this.explain ? ['owner', 'services'] : []),
      ranges: true,
    };
  }

  private request(): FreeRequest {
    const wanted = Object.entries(protocols).find(([name]) => name === (this.protocol ?? 'tcp').toLowerCase());
    if (wanted === undefined)
      throw new PortOwnerError('PO1001', `--protocol has no value ${JSON.stringify(this.protocol)}`, {
        hint: 'It takes tcp, udp or both.',
        target: this.protocol!,
      });
    if (this.address !== undefined && isIP(this.address.replace(/%.*$/s, '')) === 0) {
      throw new PortOwnerError('PO1004', `${JSON.stringify(this.address)} is not an IP address`, {
        hint: 'Give one address of this machine, such as 127.0.0.1 or ::1.',
        target: this.address,
      });
    }
    const spans = (texts: readonly string[]): PortSpan[] => texts.flatMap((text) => parsePorts(text, servicePorts));
    return {
      count: this.count === undefined ? 1 : whole('--count', this.count, 10_000),
      spans: this.range === undefined ? null : spans(this.range),
      near: this.near === undefined ? null : whole('--near', this.near, 65_535),
      consecutive: this.consecutive,
      protocols: wanted[1],
      address: this.address ?? null,
      registered: this.registered,
      except: this.except === undefined ? [] : spans(this.except),
    };
  }

  /** The choice, but for the leases. */
  private async chooser(facts: Facts, request: FreeRequest): Promise<(leases: readonly Lease[]) => FreeAnswer> {
    const binder = await this.surroundings.binder();
    const reserved = await this.reserved(request);
    const owners = new Map<number, string | null>();
    if (this.explain) {
      const sockets = facts.sections.sockets.data.filter(holdsPort);
      for (const row of endpoints(facts, sockets, { live: false, serviceName: null }))
        owners.set(row.LocalPort!, owners.get(row.LocalPort!) ?? row.Owner);
    }
    return (leases) => {
      const leased = new Map(
        leases.map(({ protocol, port, until }) => [`${protocol} ${port}`, new Date(until).toISOString()]),
      );
      return chooseFree(facts, request, {
        serviceName,
        reserved,
        leasedUntil: (port, protocol) => leased.get(`${protocol} ${port}`) ?? null,
        owner: (port) => owners.get(port) ?? null,
        tryBind: (port) => attemptsReason(probe(binder, bindsFor(port, request, binder.platform)).attempts),
      });
    };
  }

  /** What a policy and a baseline keep for others. */
  private async reserved({ address }: FreeRequest): Promise<FreeKnowledge['reserved']> {
    const { policy, baseline } = this;
    if (policy === undefined && baseline === undefined) return () => null;
    const [{ reservations }, { parsePolicy }, { parseBaseline }, { readDocument }] = await Promise.all([
      import('../audit/reservations.ts'),
      import('../audit/policy.ts'),
      import('../audit/baseline.ts'),
      import('../audit/document.ts'),
    ]);
    return reservations(
      policy === undefined ? null : parsePolicy(readDocument(policy), policy),
      baseline === undefined ? null : parseBaseline(readDocument(baseline), baseline),
      address,
      this.surroundings.now().toISOString(),
    );
  }

  private rows(
    { machine }: Facts,
    request: FreeRequest,
    { ports, skipped }: FreeAnswer,
    until: string | null,
  ): FreePort[] {
    const row = (start: number, end: number, reason: string | null): FreePort => ({
      LocalPort: start,
      EndPort: end,
      IsFree: reason === null,
      Protocol: request.protocols.join(','),
      LocalAddress: request.address ?? '*',
      PortRange: portClass(start),
      HeldUntil: reason === null ? until : null,
      Reason: reason,
      ComputerName: machine.name,
    });
    const free = ports.map((port) => row(port, port, null));
    return this.explain
      ? [...free, ...skippedSpans(skipped).map(({ start, end, reason }) => row(start, end, reason))]
      : free;
  }
}
