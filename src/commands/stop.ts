import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { endpointText, isSame, looksLikeIdentity, parseIdentity, type Identity } from '../actions/identity.ts';
import { listens, planStop, type Situation, type Target } from '../actions/plan.ts';
import { processText } from '../ownership/attribution.ts';
import { planned, stopRow, stopTarget, type Stopped, type StopWorld } from '../actions/stop.ts';
import { refusalOf } from '../system/hands.ts';
import type { Socket } from '../facts/model/facts.ts';
import { gather } from '../facts/gather/gather.ts';
import { everything, holdsPort, type Question } from '../facts/model/question.ts';
import { sanitise } from '../formats/sanitise.ts';
import { addressMatcher } from '../ownership/filter.ts';
import { formatPorts, parsePorts, portMatcher, type PortSpan } from '../ports/expression.ts';
import { servicePorts } from '../ports/iana.ts';
import { PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import { stopResult } from '../schema/stop.ts';
import { factsText } from '../cli/notices.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { RowCommand, type Answer } from '../cli/row-command.ts';
import { exitCodeOf } from '../ownership/whole.ts';
import { isWhole } from '../facts/model/section.ts';

const protocols = { tcp: ['TCP'], udp: ['UDP'] } as const;
/** How long nobody may take the port afterwards: longer than systemd's and most other supervisors' pause. */
const settle = 1500;

/** What is to be stopped. */
interface Request {
  readonly spans: readonly PortSpan[];
  readonly pids: readonly number[] | null;
  /** Exactly these, as they were looked at. */
  readonly identities: readonly Identity[];
  readonly wanted: (socket: Socket) => boolean;
  readonly timeout: number;
}

/** What would end, for a person. */
function planText(target: Target): string {
  const lines: [string, readonly string[]][] = [
    ['how', target.means.how === 'refused' ? [] : [target.method]],
    ['never stopped', target.means.how === 'refused' ? [target.means.obstacle.text] : []],
    ['holders too', target.holders.map(processText)],
    ['children', target.children.map(processText)],
    ['services', target.services],
    ['with them', target.dependents],
    ['other ports', target.otherPorts.map(endpointText)],
    ['connections', target.connections === 0 ? [] : [`${target.connections} live`]],
    ['may start it again', target.supervisor === null ? [] : [target.supervisor]],
    ['note', target.notes],
  ];
  const shown = (texts: readonly string[]): string =>
    texts.slice(0, 8).join(', ') + (texts.length > 8 ? ` and ${texts.length - 8} more` : '');
  const details = lines
    .filter(([, texts]) => texts.length > 0)
    .map(([name, texts]) => `  ${name}: ${sanitise(shown(texts))}\n`);
  return `${sanitise(`${target.owner} on ${target.endpoints.map(endpointText).join(', ')}`)}\n${details.join('')}`;
}

/** Gives a port back. */
export class StopCommand extends RowCommand {
  static override paths = [['stop']];
  static override usage = Command.Usage({
    description: 'give a port back: stop who listens on it',
    details: `
      It first shows what would end: the owner, its children, its service and the services that need it, its other ports and its live connections. Then it asks, unless --yes is given. Only listeners of exactly the ports are stopped, never a client. Instead of a port, an Identity that --dry-run showed stands for exactly that target.

      A service is stopped by its manager (the Windows service manager, systemd), an IIS port at its site, and a container is named with the command that stops it. A program is asked to end: on Windows by closing its windows, or by Ctrl+C where it is alone on its console; on Linux by SIGTERM. It is ended by force only with --force, when it did not end within --timeout seconds, or could not be asked.

      Never stopped are the kernel, the programs of the session and its security, and the programs that this one runs in.

      Success means that the owner has ended, nobody listens, and nobody took the port within ${settle / 1000} seconds; who started it again is named.
    `,
    examples: [
      ['What would end', '$0 stop 8080 --dry-run'],
      ['Ask, then stop it', '$0 stop 8080'],
      ['In a script, if need be by force after 5 seconds', '$0 stop 8080 --yes --force --timeout 5'],
      ['Every port of a process', '$0 stop --pid 1234'],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [stopResult],
    operands: { column: 'LocalPort' },
    values: { '--protocol': Object.keys(protocols), '--pid': { column: 'OwningProcess' } },
    exitCodes: {
      0: 'given back (or with --dry-run: can be)',
      1: 'not, or nobody listens there',
      64: 'wrong usage, or nobody to ask and no --yes',
      69: 'cannot tell',
      77: 'needs elevated rights',
    },
    powershell: {
      name: 'Stop-PortOwner',
      operand: 'Port',
      own: ['InputObject'],
      parameters: {
        Id: '--pid',
        Protocol: '--protocol',
        Address: '--address',
        Force: '--force',
        TimeoutSec: '--timeout',
      },
      leftOut: {
        '--dry-run': 'ShouldProcess is asked about each target of a dry run',
        '--yes': 'only what ShouldProcess approved is stopped',
        '--columns': 'Select-Object selects',
      },
    },
  };

  // A process of a snapshot is not the one that has its number here.
  override readonly from: undefined = undefined;

  ports = Option.Rest({ name: 'PORTS' });
  pid = Option.Array('--pid', { description: 'only listeners of these processes; without PORTS all of them' });
  protocol = Option.String('--protocol', { description: 'only tcp or udp' });
  address = Option.Array('--address', { description: 'only listeners on this address, or CIDR range' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'only show what would end' });
  yes = Option.Boolean('--yes,-y', false, { description: 'do not ask' });
  force = Option.Boolean('--force', false, {
    description: 'end by force what does not end within --timeout, or cannot be asked',
  });
  timeout = Option.String('--timeout', { description: 'seconds to wait after asking (default: 10)' });

  override readonly schema = stopResult;

  protected async answer(): Promise<Answer> {
    const request = this.request();
    const person = this.surroundings.confirm;
    if (!this.dryRun && !this.yes && person === null) {
      throw new PortOwnerError('PO4103', 'there is no terminal to ask on', {
        hint: '--yes stops without asking, --dry-run shows what would end.',
      });
    }
    const world = await this.world();
    const situation = await world.look();
    const { facts } = situation;
    this.tell?.('Verbose', factsText(facts));
    const problems = sectionProblems(facts, []);
    const { targets, missing } = this.targets(situation, request);
    if (targets.length === 0 && missing.length === 0) {
      const what =
        request.spans.length > 0
          ? `port${/[,-]/.test(formatPorts(request.spans)) ? 's' : ''} ${formatPorts(request.spans)}`
          : 'any port';
      const seen = isWhole(facts.sections.sockets);
      return {
        rows: [],
        problems,
        exitCode: exitCodeOf(seen ? false : null),
        note: seen ? `Nobody that matches listens on ${what}.` : 'Cannot tell: not every source could be read.',
      };
    }
    const results: Stopped[] = [...missing];
    for (const target of targets) {
      if (this.forPeople && this.problems !== 'rows') this.surroundings.error(planText(target));
      if (this.dryRun || target.means.how === 'refused') results.push(planned(target));
      else if (!this.yes && !person!(`Stop ${sanitise(target.owner)}? [y/N] `))
        results.push(stopRow(target, { result: 'Declined', reasons: ['the answer was no'] }));
      else results.push(await stopTarget(target, world, { force: this.force, timeout: request.timeout, settle }));
    }
    return {
      rows: results.map(({ row }) => row),
      problems: [...problems, ...results.flatMap(problemOf)],
      exitCode: verdict(results),
    };
  }

  private request(): Request {
    const operands = this.ports.flatMap((text) => text.split(','));
    const texts = operands.filter((text) => !looksLikeIdentity(text));
    const identities = operands.filter(looksLikeIdentity).map(parseIdentity);
    const spans = texts
      .filter((text) => !/^pid:\d{1,10}$/.test(text))
      .flatMap((text) => parsePorts(text, servicePorts));
    const pids = [
      ...(this.pid ?? []).flatMap((text) => text.split(',')),
      ...texts.filter((text) => text.startsWith('pid:')).map((text) => text.slice(4)),
    ].map((text) => {
      if (!/^\d{1,10}$/.test(text))
        throw new PortOwnerError('PO1001', `--pid has no value ${JSON.stringify(text)}`, {
          hint: 'It takes process ids.',
          target: text,
        });
      return Number(text);
    });
    if (this.ports.length === 0 && pids.length === 0)
      throw new PortOwnerError('PO1001', 'it takes the port to give back, or --pid', {
        hint: 'For example: portowner stop 8080 --dry-run',
      });
    const wantedProtocols =
      this.protocol === undefined
        ? (['TCP', 'UDP'] as const)
        : Object.entries(protocols).find(([name]) => name === this.protocol!.toLowerCase())?.[1];
    if (wantedProtocols === undefined)
      throw new PortOwnerError('PO1001', `--protocol has no value ${JSON.stringify(this.protocol)}`, {
        hint: 'It takes tcp or udp.',
      });
    const address = this.address === undefined ? null : addressMatcher(this.address);
    const seconds =
      this.timeout === undefined
        ? 10
        : /^\d{1,4}(?:\.\d{1,3})?$/.test(this.timeout)
          ? Number(this.timeout)
          : Number.NaN;
    if (!(seconds <= 3600))
      throw new PortOwnerError('PO1001', `--timeout has no value ${JSON.stringify(this.timeout)}`, {
        hint: 'It takes seconds, up to 3600.',
      });
    const port = portMatcher(spans.length > 0 ? spans : null);
    const named = new Set(
      identities.flatMap(({ endpoints }) => endpoints.map((endpoint) => `${endpoint.protocol} ${endpoint.port}`)),
    );
    const asked = spans.length > 0 || pids.length > 0;
    const ofPids = (socket: Socket): boolean =>
      pids.length === 0 ||
      (socket.pid !== null && pids.includes(socket.pid)) ||
      socket.holders.some((pid) => pids.includes(pid));
    return {
      spans,
      pids,
      identities,
      timeout: seconds * 1000,
      wanted: (socket) =>
        holdsPort(socket) &&
        (wantedProtocols as readonly string[]).includes(socket.protocol) &&
        (address === null || address(socket.localAddress)) &&
        (named.has(`${socket.protocol} ${socket.localPort}`) ||
          (asked && port(socket.localPort) && ofPids(socket) && (spans.length > 0 || listens(socket)))),
    };
  }

  /** The plan; of exactly approved targets only these, and a row for each of them that is not there any more. */
  private targets(situation: Situation, request: Request): { targets: Target[]; missing: Stopped[] } {
    const all = planStop(situation, request.wanted);
    const { name } = situation.facts.machine;
    const missing: Stopped[] = [];
    const chosen = new Set<Target>();
    const port = portMatcher(request.spans.length > 0 ? request.spans : null);
    const asked = request.spans.length > 0 || (request.pids?.length ?? 0) > 0;
    for (const target of all)
      if (asked && target.endpoints.some((endpoint) => port(endpoint.port)) && this.isOfPids(target, request))
        chosen.add(target);
    for (const identity of request.identities) {
      const elsewhere = identity.computer !== null && identity.computer.toLowerCase() !== name.toLowerCase();
      // Of several services behind one endpoint of the kernel each is a target of its own.
      const found = elsewhere ? [] : all.filter((target) => isSame(target, identity));
      for (const target of found) chosen.add(target);
      if (found.length === 0)
        missing.push(
          absent(identity, all, elsewhere ? `it is on ${identity.computer}, and this is ${name}: stop it there` : null),
        );
    }
    return { targets: all.filter((target) => chosen.has(target)), missing };
  }

  private isOfPids(target: Target, { pids, identities, spans }: Request): boolean {
    if (pids === null || pids.length === 0) return spans.length > 0 || identities.length === 0;
    return pids.includes(target.pid) || target.holders.some(({ pid }) => pids.includes(pid));
  }

  private async world(): Promise<StopWorld> {
    const [source, hands] = [await this.surroundings.source(), await this.surroundings.hands()];
    const whole: Question = { ...everything, ranges: false, configured: false, firewall: false };
    const look = async (): Promise<Situation> => ({
      facts: await gather(source, whole, this.surroundings.now()),
      tree: hands.processes(),
      self: hands.self,
      asking: hands.asking,
      service: (id) => hands.service(id),
      sites: () => hands.sites(),
      mayStop: (pid, startTime) => {
        try {
          hands.hold(pid, startTime).release();
          return null;
        } catch (error) {
          const refusal = refusalOf(error);
          if (refusal === null) throw error;
          return refusal;
        }
      },
    });
    return {
      hands,
      look,
      watch: (ports) =>
        gather(
          source,
          { ...whole, localPorts: ports.map((port) => ({ start: port, end: port })), sockets: 'listeners' },
          this.surroundings.now(),
        ),
      pause: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
      now: () => performance.now(),
    };
  }
}

/** The row of a target that was approved, and is not there as it was. */
function absent(identity: Identity, targets: readonly Target[], why: string | null): Stopped {
  const keys = new Set(identity.endpoints.map(endpointText));
  const now = targets.filter(({ endpoints }) => endpoints.some((endpoint) => keys.has(endpointText(endpoint))));
  const target: Target = {
    ...identity,
    imageName: null,
    owner: `process ${identity.pid}`,
    means: { how: 'refused', obstacle: { text: '', rights: false, command: null } },
    method: 'none',
    command: null,
    holders: [],
    children: [],
    services: [],
    dependents: [],
    otherPorts: [],
    connections: 0,
    supervisor: null,
    notes: [],
  };
  const { row } = stopRow(target, { result: 'Refused' });
  if (why === null && now.length === 0)
    return { row: { ...row, Result: 'Gone', Reason: ['it has no such listener any more'] }, rights: false };
  return {
    row: {
      ...row,
      Result: 'Refused',
      Reason: [
        why ??
          `it is not what was looked at any more: the listener belongs to ${now.map(({ owner }) => owner).join(', ')} now`,
      ],
    },
    rights: false,
  };
}

const fine = new Set(['Planned', 'Stopped', 'Gone']);

function problemOf({ row, rights, untold }: Stopped): Problem[] {
  if (fine.has(row.Result ?? '') || row.Result === 'Declined') return [];
  const reason = row.Reason?.[0];
  const never = row.Result === 'Refused';
  return [
    {
      severity: 'Error',
      code: rights ? 'PO4106' : untold === true ? 'PO3001' : never ? 'PO4105' : 'PO4104',
      message: `${row.Owner ?? 'the target'} on ${row.Endpoints?.join(', ') ?? 'no port'} was not stopped${reason === undefined ? '' : `: ${reason}`}`,
      ...(row.Command === null ? {} : { hint: `By hand: ${row.Command}` }),
      target: row.Identity ?? '',
    },
  ];
}

function verdict(results: readonly Stopped[]): ExitCode {
  if (results.every(({ row }) => fine.has(row.Result ?? ''))) return exitCodeOf(true);
  if (results.some(({ rights }) => rights)) return exitCodeOf(null, 'rights');
  return exitCodeOf(results.some(({ untold }) => untold === true) ? null : false);
}
