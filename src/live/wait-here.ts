import { probe, type Bind } from '../facts/gather/probe.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { holdsPort, selectSockets, type Question } from '../facts/model/question.ts';
import { hasFailed } from '../facts/model/section.ts';
import { detailsFor } from '../ownership/details.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { rowFilter } from '../ownership/filter.ts';
import { isOwnerDenied, type OwnedEndpoint } from '../ownership/owned.ts';
import { unmapped } from '../ports/address.ts';
import { placeMatcher } from '../ports/place.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { RawSource } from '../system/raw.ts';
import {
  pause,
  targetText,
  type Condition,
  type Observation,
  type WaitTarget,
  type WaitWorld,
  type Watching,
} from './waiting.ts';
import { answerMs, webSight } from './wait-there.ts';

/** A change is seen within 100 ms: the pause between looks grows with their cost, but not beyond this. */
const [pauseMs, longestPauseMs] = [25, 50];
/** How often bound sockets are listed beside listening ones: the system walks through all connections for them. */
const boundMs = 500;
/** Owners can change without a change of the sockets, when one process passes them to another. */
const ownersMs = 500;

/** Watches ports of this machine. */
export async function watchHere(watching: Watching, world: WaitWorld): Promise<void> {
  const { rest = pause } = world;
  const eyes = await eyesOf(watching, world);
  const requests = new Map<WaitTarget, Promise<void>>();
  const listening = new Set<WaitTarget>();
  do {
    const start = performance.now();
    const open = watching.targets.filter((target) => !watching.isMet(target));
    const look = await eyes.look(open);
    for (const target of open) {
      const sight = eyes.sightOf(target, look);
      if (sight !== null) {
        listening.delete(target);
        watching.see(target, sight);
        continue;
      }
      // The answer can take longer than there is time.
      if (!listening.has(target)) watching.see(target, silentSight(target, look));
      listening.add(target);
      if (!requests.has(target))
        requests.set(
          target,
          ask(target, look, watching).finally(() => requests.delete(target)),
        );
    }
    if (watching.once) break;
    const cost = performance.now() - start;
    await rest(Math.max(pauseMs, Math.min(longestPauseMs, cost * 20)), watching.signal);
  } while (!watching.signal.aborted);
  await Promise.all(requests.values());
}

/** The sockets that hold ports, and their owners as of the last time they were searched for. */
interface Glance {
  readonly sockets: readonly Socket[];
  readonly owned: readonly OwnedEndpoint[];
}

/** Looks at this machine for a number of targets. */
interface Eyes {
  readonly look: (targets: readonly WaitTarget[]) => Promise<Glance>;
  /** Null if a request has to show it. */
  readonly sightOf: (target: WaitTarget, glance: Glance) => Observation | null;
}

const socketText = ({ protocol, localAddress, localPort, state }: Socket): string =>
  `${protocol} ${localAddress} ${localPort} ${state}`;

const matcherOf = ({ protocol, port, address }: WaitTarget): ReturnType<typeof placeMatcher> =>
  placeMatcher([{ start: port, end: port, protocol, ...(address === null ? {} : { address }) }]);

async function eyesOf({ targets }: Watching, { machine, binder }: WaitWorld): Promise<Eyes> {
  const matchers = new Map(targets.map((target) => [target, matcherOf(target)]));
  const owners = new Map(targets.map((target) => [target, ownerTest(target.condition)]));
  const binds = targets.some(({ condition }) => condition.kind === 'Free') ? await binder() : null;
  let last = { text: '', at: -Infinity, costMs: 0, owned: [] as readonly OwnedEndpoint[] };
  let isFirst = true;
  let bound = { sockets: [] as readonly Socket[], at: -Infinity, costMs: 0 };
  const searched = (facts: Facts, question: Question): readonly OwnedEndpoint[] =>
    endpoints(facts, selectSockets(facts.sections.sockets.data, question), { live: machine.live, serviceName: null });

  async function listed(question: Question): Promise<readonly Socket[]> {
    const { sections } = await machine.facts(question);
    if (hasFailed(sections.sockets))
      throw new PortOwnerError('PO3001', `the sockets cannot be read: ${sections.sockets.reason}`);
    return selectSockets(sections.sockets.data, question);
  }

  /** Lists the sockets: the listening ones each time, the bound ones less often, unless one of them is waited for. */
  async function list(question: Question, isFreeing: boolean): Promise<readonly Socket[]> {
    const start = performance.now();
    const isDue = start - bound.at > Math.max(boundMs, bound.costMs * 20);
    if (!isDue && !(isFreeing && bound.sockets.length > 0))
      return [...(await listed({ ...question, leavesBound: true })), ...bound.sockets];
    const sockets = await listed(question);
    const at = performance.now();
    bound = { sockets: sockets.filter(({ state }) => state === 'Bound'), at, costMs: at - start };
    return sockets;
  }

  async function look(open: readonly WaitTarget[]): Promise<Glance> {
    const question = questionOf(open);
    const isFreeing = open.some(({ condition }) => condition.kind === 'Free');
    const sockets = await list(question, isFreeing);
    const text = sockets.map(socketText).toSorted().join('\n');
    const now = performance.now();
    // Only this condition depends on the owner.
    const needsOwner = open.some(({ condition }) => condition.kind === 'OwnedBy');
    const isStale = needsOwner && sockets.length > 0 && now - last.at > Math.max(ownersMs, last.costMs * 20);
    if (text !== last.text || isStale) {
      const details = detailsFor(['Owner', 'ImageName', 'Application', 'Services']);
      // What has just opened is reported within 100 ms, among however many sockets.
      const hasty = !needsOwner && !isFreeing && !isFirst;
      const asked = { ...question, details, hasty, leavesBound: sockets.every(({ state }) => state !== 'Bound') };
      const owned = sockets.length === 0 ? [] : searched(await machine.facts(asked), asked);
      last = { text, at: performance.now(), costMs: performance.now() - now, owned };
    }
    isFirst = false;
    return { sockets, owned: last.owned };
  }

  return {
    look,
    sightOf(target, { sockets, owned }) {
      const matches = matchers.get(target)!;
      const held = sockets.filter((one) => matches(one.protocol, one.localAddress, one.localPort));
      const rows = owned.filter((row) => matches(row.Protocol, row.LocalAddress, row.LocalPort));
      if (target.condition.kind === 'Free')
        return held.length > 0 ? stillOwned(target, rows) : freeSight(target, binds!);
      if (held.length === 0) return { isMet: false, text: `${targetText(target)} is still free` };
      if (target.condition.kind === 'OwnedBy') return ownedSight(target, rows, owners.get(target)!);
      if (held.every(({ state }) => state === 'Bound'))
        return { isMet: false, text: `${targetText(target)} is bound by ${ownersText(rows)}, which does not listen` };
      return target.condition.kind === 'Http' ? null : openSight(target, rows);
    },
  };
}

function questionOf(targets: readonly WaitTarget[]): Question {
  return {
    localPorts: targets.map(({ port }) => ({ start: port, end: port })),
    protocols: [...new Set(targets.map(({ protocol }) => protocol))],
    sockets: 'listeners',
    details: new Set(),
    ranges: false,
  };
}

type OwnerTest = (row: OwnedEndpoint) => boolean | null;

/** Returns a test for the name of an owner: of its file, its application, or one of its services. Throws PO1001. */
function ownerTest(condition: Condition): OwnerTest {
  if (condition.kind !== 'OwnedBy') return () => false;
  const none = { states: null, pids: null, addresses: null, remotePorts: null, users: null, ranges: null };
  const names = [condition.name];
  const tests = [
    rowFilter({ ...none, images: names, services: null }),
    rowFilter({ ...none, images: null, services: names }),
  ];
  return (row) => {
    const results = new Set(tests.map((test) => test(row)));
    return results.has(true) ? true : results.has(null) ? null : false;
  };
}

/** Names the owners of rows. */
function ownersText(rows: readonly OwnedEndpoint[]): string {
  const names = [...new Set(rows.flatMap(({ Owner }) => Owner ?? []))];
  return names.length === 0 ? 'an unknown process' : names.join(' and ');
}

function rowPart({ LocalAddress, OwningProcess, ImageName, Owner }: OwnedEndpoint): NonNullable<Observation['row']> {
  return { LocalAddress, OwningProcess, ImageName, Owner };
}

/** The row is about a listener, if one is there. */
function openSight(target: WaitTarget, rows: readonly OwnedEndpoint[]): Observation {
  const row = rows.find(({ State }) => State !== 'Bound') ?? rows[0];
  return {
    isMet: true,
    text: `${targetText(target)} is open: ${ownersText(rows)}`,
    ...(row === undefined ? {} : { row: rowPart(row) }),
  };
}

function ownedSight(target: WaitTarget, rows: readonly OwnedEndpoint[], test: OwnerTest): Observation {
  const found = rows.find((row) => test(row) === true);
  const name = targetText(target);
  if (found !== undefined)
    return { isMet: true, text: `${name} is owned by ${found.Owner ?? found.ImageName}`, row: rowPart(found) };
  const wanted = target.condition.kind === 'OwnedBy' ? target.condition.name : '';
  const isHidden = rows.some((row) => test(row) === null && isOwnerDenied(row));
  return isHidden
    ? { isMet: null, text: `${name} is owned by a process that these rights do not show; expected ${wanted}` }
    : { isMet: false, text: `${name} is owned by ${ownersText(rows)}, not ${wanted}` };
}

const stillOwned = (target: WaitTarget, rows: readonly OwnedEndpoint[]): Observation => ({
  isMet: false,
  text: `${targetText(target)} is still owned by ${ownersText(rows)}`,
});

/** Tries to bind a port that nobody owns: the system may reserve it, or not have finished closing it. */
function freeSight(target: WaitTarget, binder: RawSource): Observation {
  const { attempts } = probe(binder, bindsOf(target, binder.platform));
  // Only the rights are missing for a privileged port.
  const refused = attempts.find(({ result, error }) => result === 'refused' && error !== 'EACCES' && error !== 'EPERM');
  const name = targetText(target);
  if (refused === undefined) return { isMet: true, text: `${name} is free` };
  return { isMet: false, text: `nobody owns ${name}, but it cannot be bound: ${refused.error}` };
}

/**
 * On Linux, servers set SO_REUSEADDR, so that connections in TIME_WAIT do not keep them from starting. On Windows, that
 * option has another meaning, and such connections do not matter.
 */
function bindsOf({ protocol, port, address }: WaitTarget, platform: RawSource['platform']): Bind[] {
  const places =
    address === null
      ? [
          { address: '0.0.0.0', ipv6Only: false },
          { address: '::', ipv6Only: true },
        ]
      : [{ address: address === 'localhost' ? '127.0.0.1' : address, ipv6Only: false }];
  const sharing = platform === 'linux' ? 'reuse' : 'default';
  return places.map((place): Bind => Object.assign({ protocol, port, sharing } as const, place));
}

const loopbacks: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Names the owners of the listeners of a target. */
function listenerText(target: WaitTarget, { owned }: Glance): string {
  const matches = matcherOf(target);
  return ownersText(
    owned.filter((row) => row.State !== 'Bound' && matches(row.Protocol, row.LocalAddress, row.LocalPort)),
  );
}

function silentSight(target: WaitTarget, glance: Glance): Observation {
  const { condition } = target;
  const path = condition.kind === 'Http' ? condition.path : '';
  const owner = listenerText(target, glance);
  return { isMet: false, text: `${targetText(target)} is open: ${owner}, but has not answered GET ${path} yet` };
}

/** Sends a request to a listener of this machine. */
async function ask(target: WaitTarget, glance: Glance, { see, signal }: Watching): Promise<void> {
  const matches = matcherOf(target);
  const listener = glance.sockets.find(
    (one) => holdsPort(one) && one.state !== 'Bound' && matches(one.protocol, one.localAddress, one.localPort),
  );
  const { condition } = target;
  if (listener === undefined || condition.kind !== 'Http') return;
  const own = unmapped(listener.localAddress);
  const asked = target.address === null || target.address === 'localhost' ? null : target.address;
  const address = asked ?? loopbacks[own] ?? own;
  const sight = await webSight(
    target,
    condition,
    { host: asked ?? 'localhost', address, owner: listenerText(target, glance) },
    { timeoutMs: answerMs, signal },
  );
  if (signal.aborted && sight.isMet !== true) return;
  see(target, sight);
  await pause(pauseMs, signal);
}
