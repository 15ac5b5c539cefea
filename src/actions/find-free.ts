import type { AskedMachine } from '../facts/machine.ts';
import { probe } from '../facts/gather/probe.ts';
import type { Facts } from '../facts/model/facts.ts';
import { holdsPort, type Question } from '../facts/model/question.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { sectionProblems } from '../ownership/problems.ts';
import { portClass } from '../ports/classes.ts';
import { formatPorts, portsText } from '../ports/expression.ts';
import { serviceName } from '../ports/iana.ts';
import type { Answer } from '../schema/answer.ts';
import type { FreePort } from '../schema/free.ts';
import { hasFailed, isWhole } from '../facts/model/section.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type Problem } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import {
  attemptsReason,
  bindsFor,
  chooseFree,
  passedOver,
  reasonLines,
  registeredLines,
  skippedSpans,
  type FreeAnswer,
  type FreeKnowledge,
  type FreeRequest,
} from './free.ts';
import { addLeases, readLeases, type Lease } from './leases.ts';

/** A request for free ports. */
export interface FindFreeRequest extends FreeRequest {
  /** Whether to include the ports that were skipped. */
  readonly explain: boolean;
  /** How many seconds to hold the ports; null to not hold them. */
  readonly holdSeconds: number | null;
  /** The files of a policy and a baseline, which reserve ports. */
  readonly policy: string | null;
  readonly baseline: string | null;
}

/** What finding a port needs: the queried machine, bind attempts on this one, and the user's leases. */
interface FindFreeWorld extends Pick<Surroundings, 'binder' | 'stateFolder' | 'now'> {
  readonly machine: AskedMachine;
}

/** Finds ports that can be bound now; on another machine, according to its facts only. Throws PO3001 if the sockets are unknown. */
export async function findFree(request: FindFreeRequest, world: FindFreeWorld): Promise<Answer> {
  const { live } = world.machine;
  if (!live && request.holdSeconds !== null)
    throw new PortOwnerError('PO1005', '--hold can be used only for ports of this machine', {
      hint: 'Run portowner free --hold there.',
    });
  const facts = await world.machine.facts(questionOf(request, live));
  const { sockets } = facts.sections;
  // On this machine, an attempt shows what the tables do not.
  if (hasFailed(sockets) || (!live && !isWhole(sockets))) {
    throw new PortOwnerError(
      'PO3001',
      `cannot tell which ports are free: ${sockets.reason ?? 'the sockets could not be read'}`,
    );
  }
  const choose = await chooser(facts, request, world);
  const { answer, until } = live
    ? held(request, await world.stateFolder(), world.now, choose)
    : { answer: choose([]), until: null };
  const problems = sectionProblems(facts, []);
  if (answer.ports.length < request.count) problems.push(tooFew(request, answer));
  const notes = [
    ...(request.explain ? [] : passedOver(request, answer)),
    ...registeredLines(request, answer, { serviceName }),
  ];
  if (!live && answer.ports.length > 0)
    notes.push('According to the facts of that machine: no bind was attempted there.');
  return {
    ...(notes.length === 0 ? {} : { note: notes.join('\n') }),
    ...(answer.ports.length < request.count ? {} : { headline: freeText(answer.ports) }),
    rows: rowsOf(facts, request, answer, until),
    problems,
    exitCode: exitCodeOf(answer.ports.length >= request.count),
  };
}

/** Says which ports were found. */
function freeText(ports: readonly number[]): string {
  const text = portsText(formatPorts(ports.map((port) => ({ start: port, end: port }))));
  return `P${text.slice(1)} ${ports.length === 1 ? 'is' : 'are'} free.`;
}

function questionOf(request: FindFreeRequest, isTried: boolean): Question {
  const { protocols, spans } = request;
  return {
    localPorts: spans,
    protocols,
    sockets: isTried ? 'listeners' : 'all',
    details: new Set(namesOwners(request) ? ['owner', 'services'] : []),
    ranges: true,
  };
}

/** Chooses ports, and records leases for them if they are to be held. */
function held(
  { holdSeconds, protocols }: FindFreeRequest,
  folder: string,
  time: () => Date,
  choose: (leases: readonly Lease[]) => FreeAnswer,
): { answer: FreeAnswer; until: string | null } {
  const now = (): number => time().getTime();
  if (holdSeconds === null) return { answer: choose(readLeases(folder, now())), until: null };
  const end = now() + holdSeconds * 1000;
  const answer = addLeases(folder, now, (known) => {
    const chosen = choose(known);
    return {
      ...chosen,
      leases: chosen.ports.flatMap((port) => protocols.map((protocol): Lease => ({ protocol, port, until: end }))),
    };
  });
  return { answer, until: new Date(end).toISOString() };
}

/** Up to this many requested ports, the answer explains each of them. */
const fewPorts = 16;

/** Returns whether to look up the owners of ports in use. */
function namesOwners({ explain, spans }: FindFreeRequest): boolean {
  return explain || (spans !== null && spans.reduce((sum, { start, end }) => sum + end - start + 1, 0) <= fewPorts);
}

function tooFew(request: FindFreeRequest, { ports, skipped }: FreeAnswer): Problem {
  const { count, spans, consecutive } = request;
  const where = spans === null ? '' : ` in ${formatPorts(spans)}`;
  const isOne = spans?.length === 1 && spans[0]!.start === spans[0]!.end;
  const reasons = namesOwners(request) ? reasonLines(skippedSpans(skipped).slice(0, 3)) : [];
  return {
    severity: 'Error',
    code: 'PO4102',
    message: consecutive
      ? `no ${count} consecutive free ports${where}`
      : ports.length === 0
        ? isOne
          ? `port ${formatPorts(spans)} is not free`
          : `no free port${where}`
        : `only ${ports.length} of ${count} free ports found${where}`,
    hint:
      reasons.length === 0
        ? 'Use portowner free --explain to see why the others are not free.'
        : `${reasons.join('; ')}.`,
  };
}

/** Chooses ports, without recording leases. */
async function chooser(
  facts: Facts,
  request: FindFreeRequest,
  world: FindFreeWorld,
): Promise<(leases: readonly Lease[]) => FreeAnswer> {
  const binder = world.machine.live ? await world.binder() : null;
  const reserved = await reservedFor(request, world);
  const owners = new Map<number, string | null>();
  const named = namesOwners(request);
  if (named) {
    const sockets = facts.sections.sockets.data.filter((socket) => binder === null || holdsPort(socket));
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
      owner: (port) => (named ? (owners.get(port) ?? 'unknown') : null),
      tryBind:
        binder === null
          ? null
          : (port) => attemptsReason(probe(binder, bindsFor(port, request, binder.platform)).attempts),
    });
  };
}

/** Returns the ports that a policy and a baseline reserve. */
async function reservedFor(
  { policy, baseline, address }: FindFreeRequest,
  { now }: FindFreeWorld,
): Promise<FreeKnowledge['reserved']> {
  if (policy === null && baseline === null) return () => null;
  const { reservationsOf } = await import('../audit/reservations.ts');
  return reservationsOf({ policy, baseline }, address, now());
}

function rowsOf(
  { machine }: Facts,
  { protocols, address, explain }: FindFreeRequest,
  { ports, skipped }: FreeAnswer,
  until: string | null,
): FreePort[] {
  const row = (start: number, end: number, reason: string | null): FreePort => ({
    LocalPort: start,
    EndPort: end,
    IsFree: reason === null,
    Protocol: protocols.join(','),
    LocalAddress: address ?? '*',
    PortRange: portClass(start),
    HeldUntil: reason === null ? until : null,
    Reason: reason,
    ComputerName: machine.name,
  });
  const free = ports.map((port) => row(port, port, null));
  return explain ? [...free, ...skippedSpans(skipped).map(({ start, end, reason }) => row(start, end, reason))] : free;
}
