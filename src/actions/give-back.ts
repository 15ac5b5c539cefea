import { counted } from '../io/counted.ts';
import { applicationReader } from '../facts/gather/arguments.ts';
import { gather } from '../facts/gather/gather.ts';
import { factsText } from '../facts/gather/report.ts';
import type { AskedMachine } from '../facts/machine.ts';
import { commandThere, type There } from '../facts/there.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { everything, holdsPort, type Question } from '../facts/model/question.ts';
import { addressMatcher } from '../ownership/filter.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { portsText } from '../ports/expression.ts';
import { formatPlaces, placeMatcher, type Place } from '../ports/place.ts';
import type { Answer } from '../schema/answer.ts';
import { isWhole } from '../facts/model/section.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type ExitCode, type Problem, type Report } from '../schema/problems.ts';
import { refusalOf } from '../system/hands.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { endpointKeyText, isSame, type Identity } from './identity.ts';
import { planStop } from './plan.ts';
import { situationOf } from './told.ts';
import { listens, type Situation, type Target } from './target.ts';
import { planned, stopRow, stopTargets, type Stopped, type StopWorld } from './stop.ts';

/** A request to free ports. */
export interface GiveBackRequest {
  readonly spans: readonly Place[];
  readonly pids: ReadonlySet<number>;
  /** Exactly these targets, as they were inspected. */
  readonly identities: readonly Identity[];
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Addresses and CIDR ranges; null selects all. */
  readonly addresses: readonly string[] | null;
  /** Whether to only show what would be stopped. */
  readonly dryRun: boolean;
  readonly force: boolean;
  /** How long to wait for a graceful end, in milliseconds. */
  readonly timeout: number;
}

/** This machine, and the callbacks for decisions. */
export interface GiveBackWorld extends Pick<Surroundings, 'source' | 'hands' | 'now'> {
  /** Receives what would be stopped. */
  readonly show: (target: Target) => void;
  /** Approves or declines a target. */
  readonly approve: (target: Target) => boolean;
  /** The home folder of the person who reads the answer; empty if there is none. */
  readonly home: string;
  /** Another machine, for which a dry run shows what would end; missing for this one. */
  readonly told?: AskedMachine;
  /** Receives the facts about this machine before anything is said about them. */
  readonly note?: (facts: Facts) => void;
}

/** Stops the programs that listen on the requested ports. */
export async function giveBack(request: GiveBackRequest, world: GiveBackWorld, report?: Report): Promise<Answer> {
  const { dryRun, force, timeout } = request;
  const wanted = wantedBy(request);
  const machine = world.told === undefined ? await stopWorld(world) : null;
  const situation = machine === null ? await toldSituation(request, world) : await machine.look();
  const { facts } = situation;
  report?.('Verbose', factsText(facts));
  const problems = sectionProblems(facts, []);
  const plan = planStop(situation, wanted);
  const there = world.told?.there ?? null;
  const all = there === null ? plan : plan.map((target) => targetThere(target, there));
  const { targets, missing } = targetsOf(all, situation, request);
  if (targets.length === 0 && missing.length === 0) {
    const isNobody = isWhole(facts.sections.sockets);
    return {
      rows: [],
      problems,
      exitCode: exitCodeOf(isNobody ? false : null),
      note: isNobody ? nobodyText(request) : 'Cannot tell: some sources could not be read.',
    };
  }
  const decided = targets.map((target): Target | Stopped => {
    // If the only target is never stopped, the error contains all details.
    if (targets.length > 1 || target.means.how !== 'refused') world.show(target);
    if (dryRun || target.means.how === 'refused') return planned(target);
    return world.approve(target) ? target : stopRow(target, { result: 'Declined', reasons: ['the answer was no'] });
  });
  const approved = decided.filter((one): one is Target => 'means' in one);
  const stopped = machine === null ? [] : await stopTargets(approved, machine, { force, timeout });
  const results = [...missing, ...decided.map((one) => ('means' in one ? stopped.shift()! : one))];
  return {
    rows: results.map(({ row }) => row),
    ...headlineOf(results),
    problems: [...problems, ...results.flatMap(problemOf)],
    exitCode: verdict(results),
  };
}

/** Says that nothing is to be stopped. */
function nobodyText({ spans, pids, protocols, addresses }: GiveBackRequest): string {
  const [protocol] = protocols.length === 1 ? protocols : [];
  const ports = spans.length === 0 ? 'any port' : portsText(formatPlaces(spans));
  const where = addresses === null ? '' : ` on ${addresses.join(' or ')}`;
  const who =
    pids.size === 0
      ? 'Nobody listens'
      : pids.size === 1
        ? `Process ${[...pids][0]} does not listen`
        : 'None of these processes listens';
  return `${who} on ${protocol === undefined ? '' : `${protocol} `}${ports}${where}: there is nothing to stop.`;
}

/** Returns a target whose command says that it has to be run on that machine. */
function targetThere(target: Target, there: There): Target {
  if (target.command === null) return target;
  const command = commandThere(target.command, there, target.computer);
  return target.means.how === 'refused'
    ? { ...target, command, method: `manually: ${command}` }
    : { ...target, command };
}

/** Returns a filter for the requested sockets. */
function wantedBy({ spans, pids, identities, protocols, addresses }: GiveBackRequest): (socket: Socket) => boolean {
  const address = addresses === null ? null : addressMatcher(addresses);
  const isThere = placeMatcher(spans.length > 0 ? spans : null);
  const named = new Set(
    identities.flatMap(({ endpoints }) => endpoints.map((endpoint) => `${endpoint.protocol} ${endpoint.port}`)),
  );
  const asked = spans.length > 0 || pids.size > 0;
  const ofPids = (socket: Socket): boolean =>
    pids.size === 0 || (socket.pid !== null && pids.has(socket.pid)) || socket.holders.some((pid) => pids.has(pid));
  return (socket) =>
    holdsPort(socket) &&
    protocols.includes(socket.protocol) &&
    (address === null || address(socket.localAddress)) &&
    (named.has(`${socket.protocol} ${socket.localPort}`) ||
      (asked &&
        isThere(socket.protocol, socket.localAddress, socket.localPort) &&
        ofPids(socket) &&
        (spans.length > 0 || listens(socket))));
}

/**
 * Selects the targets to stop; if exact targets were approved, only these, with a row for each target that no longer
 * exists.
 */
function targetsOf(
  all: readonly Target[],
  { facts }: Situation,
  request: GiveBackRequest,
): { targets: Target[]; missing: Stopped[] } {
  const { name } = facts.machine;
  const missing: Stopped[] = [];
  const chosen = new Set<Target>();
  const isThere = placeMatcher(request.spans.length > 0 ? request.spans : null);
  const asked = request.spans.length > 0 || request.pids.size > 0;
  for (const target of all)
    if (
      asked &&
      target.endpoints.some(({ protocol, address, port }) => isThere(protocol, address, port)) &&
      isOfPids(target, request)
    )
      chosen.add(target);
  for (const identity of request.identities) {
    const elsewhere = identity.computer !== null && identity.computer.toLowerCase() !== name.toLowerCase();
    // Several services behind one endpoint of the kernel are separate targets.
    const found = elsewhere ? [] : all.filter((target) => isSame(target, identity));
    for (const target of found) chosen.add(target);
    if (found.length === 0)
      missing.push(
        absent(identity, all, elsewhere ? `it is on ${identity.computer}, and this is ${name}: stop it there` : null),
      );
  }
  return { targets: all.filter((target) => chosen.has(target)), missing };
}

function isOfPids(target: Target, { pids, identities, spans }: GiveBackRequest): boolean {
  if (pids.size === 0) return spans.length > 0 || identities.length === 0;
  return pids.has(target.pid) || target.holders.some(({ pid }) => pids.has(pid));
}

/** The facts that a plan needs. */
const whole: Question = {
  ...everything,
  details: new Set([...everything.details, 'ancestors', 'restarts', 'workingDirectory']),
  ranges: false,
  configured: false,
  firewall: false,
  addresses: false,
};

/** Returns the situation on another machine. Throws PO1005 if something is to be stopped there. */
async function toldSituation({ dryRun }: GiveBackRequest, { told, home }: GiveBackWorld): Promise<Situation> {
  if (!dryRun)
    throw new PortOwnerError('PO1005', '--from needs --dry-run: programs of other machines are stopped there', {
      hint: 'Use portowner why PORT --from FILE to show the command that stops the owner there.',
    });
  return { ...situationOf(await told!.facts(whole)), home };
}

/** Returns the machine, for repeated inspection while stopping. */
async function stopWorld({ source: asked, hands: given, now, home, note }: GiveBackWorld): Promise<StopWorld> {
  const [source, hands] = [await asked(), await given()];
  const seen = async (question: Question): Promise<Facts> => {
    const facts = await gather(source, question, now());
    note?.(facts);
    return facts;
  };
  const look = async (): Promise<Situation> => ({
    facts: await seen(whole),
    tree: hands.processes(),
    self: hands.self,
    home,
    asking: hands.asking,
    applicationOf: applicationReader(source),
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
      seen({ ...whole, localPorts: ports.map((port) => ({ start: port, end: port })), sockets: 'listeners' }),
    pause: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
    now: () => performance.now(),
  };
}

/** Returns the row of an approved target that no longer exists in that form. */
function absent(identity: Identity, targets: readonly Target[], why: string | null): Stopped {
  const keys = new Set(identity.endpoints.map(endpointKeyText));
  const now = targets.filter(({ endpoints }) => endpoints.some((endpoint) => keys.has(endpointKeyText(endpoint))));
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
    return { row: { ...row, Result: 'Gone', Reason: ['the listener no longer exists'] }, rights: false };
  return {
    row: {
      ...row,
      Result: 'Refused',
      Reason: [
        why ??
          `it has changed since it was inspected: the listener belongs to ${now.map(({ owner }) => owner).join(', ')} now`,
      ],
    },
    rights: false,
  };
}

/** Describes the result of a target to a person. */
function sentenceOf({ row, unseen }: Pick<Stopped, 'row' | 'unseen'>): string {
  const { Result, Owner, Endpoints, Method, NewOwner, Supervisor, Reason, LingeringConnections } = row;
  const who = Owner ?? 'the owner';
  // An owner with others: nginx (10) and 3 more.
  const isMany = who.endsWith(' more');
  // As in all sentences: TCP 127.0.0.1:80.
  const where = Endpoints === null ? 'no port' : [...new Set(Endpoints)].map((one) => one.replace('/', ' ')).join(', ');
  const why = Reason === null ? '' : `: ${Reason[0]}`;
  switch (Result) {
    case 'Planned':
      return `Would stop ${who} on ${where} (${Method}).`;
    case 'Stopped': {
      const left = LingeringConnections ?? 0;
      const rest = left === 0 ? '' : `, and ${counted(left, 'connection is', 'connections are')} left`;
      return `Stopped ${who}: nobody listens on ${where} now${rest}.`;
    }
    case 'Gone':
      return `${who} no longer ${isMany ? 'listen' : 'listens'} on ${where}.`;
    case 'Retaken':
      return `${who} ended, but ${NewOwner} has ${where} now${Supervisor === null ? '' : `, started by ${Supervisor}: stop that first`}.`;
    case 'Declined':
      return `You answered no: ${who} ${isMany ? 'are' : 'is'} still running.`;
    default:
      if (unseen === true)
        return `the owner of ${where} was not stopped: it is ${Owner ?? 'a process that cannot be seen'}.`;
      return `${who} on ${where} ${isMany ? 'were' : 'was'} not stopped${why}.`;
  }
}

const fine = new Set(['Planned', 'Stopped', 'Gone']);

/** Describes the results of the targets, except those that an error describes. */
function headlineOf(results: readonly Stopped[]): { headline?: readonly string[] } {
  const sentences = results.filter((one) => problemOf(one).length === 0).map(sentenceOf);
  return sentences.length === 0 ? {} : { headline: sentences };
}

function problemOf(one: Stopped): Problem[] {
  const { row, rights, untold } = one;
  if (fine.has(row.Result ?? '') || row.Result === 'Declined') return [];
  const never = row.Result === 'Refused';
  return [
    {
      severity: 'Error',
      code: rights ? 'PO4106' : untold === true ? 'PO3001' : never ? 'PO4105' : 'PO4104',
      message: sentenceOf(one).replace(/\.$/, ''),
      ...(row.Command === null ? {} : { hint: `To stop it manually: ${row.Command}` }),
      target: row.Identity ?? '',
    },
  ];
}

function verdict(results: readonly Stopped[]): ExitCode {
  if (results.every(({ row }) => fine.has(row.Result ?? ''))) return exitCodeOf(true);
  if (results.some(({ rights }) => rights)) return exitCodeOf(null, 'rights');
  return exitCodeOf(results.some(({ untold }) => untold === true) ? null : false);
}
