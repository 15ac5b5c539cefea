import type { Facts, Socket } from '../facts/model/facts.ts';
import type { Refusal } from '../system/raw.ts';
import { overlap, plainAddress } from '../diagnosis/overlap.ts';
import { stoppableUnit } from '../diagnosis/stop-commands.ts';
import { isWhole } from '../facts/model/section.ts';
import { processText } from '../ownership/attribution.ts';
import { restarterOf } from '../ownership/origin.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { StopResult } from '../schema/stop.ts';
import { refusalOf, type Hands, type HeldProcess, type Self } from '../system/hands.ts';
import { watchTime, watchTimes } from './restart.ts';
import { endpointKeyText, identityText, isSame, type EndpointKey } from './identity.ts';
import { planStop } from './plan.ts';
import { lineOf } from './process-tree.ts';
import { listens, meansText, type Means, type Member, type Situation, type Target } from './target.ts';

/** How patient a stop is. Milliseconds. */
export interface StopOptions {
  readonly force: boolean;
  /** From asking until it is taken for a refusal. */
  readonly timeout: number;
}

/** The world that is looked at again and again. */
export interface StopWorld {
  readonly hands: Hands;
  /** The whole situation, new. */
  readonly look: () => Promise<Situation>;
  /** The sockets on these ports, with their owners: quick. */
  readonly watch: (ports: readonly number[]) => Promise<Facts>;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
}

/** What became of a target, besides what is in the plan. */
interface Outcome {
  readonly result: 'Stopped' | 'Gone' | 'NotStopped' | 'Retaken' | 'Refused' | 'Planned' | 'Declined';
  readonly method?: string;
  readonly reasons?: readonly string[];
  readonly lingering?: number | null;
  readonly newOwner?: string | null;
  readonly supervisor?: string | null;
  /** Whether more rights would help. */
  readonly rights?: boolean;
}

export interface Stopped {
  readonly row: StopResult;
  readonly rights: boolean;
  /** Whose it is could not be told. */
  readonly untold?: boolean;
}

const list = (texts: readonly string[]): readonly string[] | null => (texts.length === 0 ? null : texts);

/** A target as a row. */
export function stopRow(target: Target, outcome: Outcome): Stopped {
  const [first] = target.endpoints;
  const obstacle = target.means.how === 'refused' ? target.means.obstacle : null;
  const row: StopResult = {
    Result: outcome.result,
    Protocol: first?.protocol ?? null,
    LocalAddress: first?.address ?? null,
    LocalPort: first?.port ?? null,
    Endpoints: list(target.endpoints.map(endpointKeyText)),
    OwningProcess: target.pid === 0 ? null : target.pid,
    ImageName: target.imageName,
    StartTime: target.startTime,
    Owner: target.owner,
    Method: outcome.method ?? target.method,
    Command: target.command,
    Holders: list(target.holders.map(processText)),
    Children: list(target.children.map(processText)),
    Services: list(target.services),
    DependentServices: list(target.dependents),
    OtherPorts: list(target.otherPorts.map(endpointKeyText)),
    Connections: target.connections,
    LingeringConnections: outcome.lingering ?? null,
    NewOwner: outcome.newOwner ?? null,
    Supervisor: outcome.supervisor ?? target.supervisor,
    Reason: list([...(outcome.reasons ?? []), ...(obstacle === null ? [] : [obstacle.text]), ...target.notes]),
    Identity: identityText(target),
    ComputerName: target.computer,
  };
  return {
    row,
    rights: outcome.rights ?? obstacle?.rights ?? false,
    ...(obstacle?.untold === true ? { untold: true } : {}),
  };
}

/** The plan's own rows: what would be done. */
export function planned(target: Target): Stopped {
  return stopRow(target, { result: target.means.how === 'refused' ? 'Refused' : 'Planned' });
}

const failed = ({ code, text, needs }: Refusal): Outcome => ({
  result: 'NotStopped',
  reasons: [needs === undefined ? text : `${text} (needs ${needs})`],
  rights: code === 'AccessDenied',
});

/** Whether whoever has one address keeps the other from being had. */
function meets(endpoint: EndpointKey, socket: Socket): boolean {
  if (socket.protocol !== endpoint.protocol || socket.localPort !== endpoint.port) return false;
  // :: may stand for both families, and nobody says whether it does.
  const bound = (address: string) => ({ address, dual: plainAddress(address).text === '::' });
  return overlap(bound(endpoint.address), bound(socket.localAddress)) !== null;
}

/** Waits, ever longer, until it is so or the time is up, which may change meanwhile; the last look counts. */
async function until(
  done: () => boolean | Promise<boolean>,
  milliseconds: number | (() => number),
  { pause, now }: StopWorld,
): Promise<boolean> {
  const start = now();
  for (let wait = 15; ; wait = Math.min(wait * 2, 250)) {
    if (await done()) return true;
    const left = start + (typeof milliseconds === 'number' ? milliseconds : milliseconds()) - now();
    if (left <= 0) return false;
    await pause(Math.min(wait, left));
  }
}

const members = (target: Target): readonly Member[] => (target.means.how === 'process' ? target.means.members : []);

/** Whatever is on the target's endpoints, and whether that is what was meant. */
async function watchEndpoints(
  target: Target,
  world: StopWorld,
): Promise<{ own: Socket[]; others: Socket[]; facts: Facts }> {
  const facts = await world.watch(target.endpoints.map(({ port }) => port));
  const started = new Map(facts.sections.processes.data.map((process) => [process.pid, process.startTime]));
  const meant = new Map(members(target).map(({ pid, startTime }) => [pid, startTime]));
  const isMeant = (pid: number): boolean => meant.has(pid) && (started.get(pid) ?? meant.get(pid)) === meant.get(pid);
  const byPort = Map.groupBy(target.endpoints, ({ port }) => port);
  const listening = facts.sections.sockets.data.filter(
    (socket) => listens(socket) && (byPort.get(socket.localPort)?.some((endpoint) => meets(endpoint, socket)) ?? false),
  );
  const isOwn = (socket: Socket): boolean =>
    target.means.how === 'process'
      ? socket.holders.some(isMeant) || (socket.pid !== null && isMeant(socket.pid))
      : socket.pid === target.pid && !socket.kernel;
  const own = new Set(listening.filter(isOwn));
  return { own: [...own], others: listening.filter((socket) => !own.has(socket)), facts };
}

const socketName = (socket: Socket): string =>
  `${socket.protocol} ${socket.localAddress} ${socket.localPort} ${socket.pid}`;

/** Whether HTTP.sys still listens for what was stopped. */
function isStillServed(situation: Situation, target: Target): boolean {
  if (target.means.how === 'process') return false;
  const keys = new Set(target.endpoints.map(endpointKeyText));
  const what = (one: Target): string => JSON.stringify([one.pid, one.services]);
  return planStop(
    situation,
    (socket) =>
      socket.kernel &&
      listens(socket) &&
      keys.has(endpointKeyText({ protocol: socket.protocol, address: socket.localAddress, port: socket.localPort })),
  ).some((one) => what(one) === what(target));
}

/** Whether this program itself runs in that unit, such as the one of a whole session. */
function isOwnUnit(unit: { readonly name: string; readonly user: number | null }, self: Self): boolean {
  return unit.name === self.unit && unit.user === self.unitUser;
}

/** Who keeps starting it: its service's manager, or the process that is the parent of the old and the new one. */
function supervisorOf(facts: Facts, situation: Situation, socket: Socket, target: Target): string | null {
  const process = facts.sections.processes.data.find(({ pid }) => pid === socket.pid);
  if (process === undefined) return target.supervisor;
  const unit = stoppableUnit(process);
  if (unit !== null && !isOwnUnit(unit, situation.self)) return `systemd (${unit.name})`;
  const service = facts.sections.services.data.find(({ pid }) => pid === process.pid);
  if (service !== undefined) return `the service manager (${service.name})`;
  const restarter = restarterOf(process, {
    processes: new Map(facts.sections.processes.data.map((one) => [one.pid, one])),
    servicesOf: new Map(),
  });
  if (restarter !== null) return restarter.text;
  const parent = situation.tree.find(({ pid }) => pid === process.parent);
  return parent === undefined || parent.pid <= 2 ? target.supervisor : processText(parent);
}

/** How long the port has to stay free: by whoever is left that could start the program again. Milliseconds. */
function watchOf(
  target: Target,
  { facts, tree, self }: Situation,
  { hands }: StopWorld,
  { force }: StopOptions,
): () => number {
  // Its manager was told, and does not start again what it was told to stop, unless that was ended by force.
  if (target.means.how !== 'process') return () => (force ? watchTimes.supervised : watchTimes.alone);
  const before = new Map(tree.map((one) => [one.pid, one]));
  const own = new Set(lineOf(self.pid, before).map(({ pid }) => pid));
  const ending = new Set(members(target).map(({ pid }) => pid));
  const above = lineOf(target.pid, before).filter(({ pid }) => !ending.has(pid));
  const process = facts.sections.processes.data.find(({ pid }) => pid === target.pid);
  const unit = process === undefined ? null : stoppableUnit(process);
  // Its manager could not be asked to stop it, or else it would have been.
  if (unit !== null && !isOwnUnit(unit, self)) return () => watchTimes.supervised;
  return () => watchTimes[watchTime(above, new Map(hands.processes().map((one) => [one.pid, one])), own)];
}

/** A socket that came to the ports of a target, and the facts of that moment. */
interface Newcomer {
  readonly socket: Socket;
  readonly facts: Facts;
}

/** Who comes to the ports of a target within the time that is left for it; null when nobody does. */
async function newcomer(
  target: Target,
  before: Situation,
  world: StopWorld,
  watch: () => number,
): Promise<Newcomer | null> {
  let found: Newcomer | null = null;
  const known = new Set(before.facts.sections.sockets.data.filter(listens).map(socketName));
  let unowned = false;
  const look = async (withUnowned: boolean): Promise<boolean> => {
    const { others, facts } = await watchEndpoints(target, world);
    const fresh = others.filter((one) => !known.has(socketName(one)));
    unowned = fresh.some(({ pid }) => pid === null);
    const socket = fresh.find((one) => withUnowned || one.pid !== null);
    if (socket !== undefined) found = { socket, facts };
    return socket !== undefined;
  };
  // A socket outlives its process for a moment, without an owner: only one that stays has a new one who cannot be seen.
  const time = (): number => (unowned ? watchTimes.supervised : watch());
  if (!(await until(() => look(false), time, world))) await look(true);
  return found;
}

const ownerText = ({ Owner }: { readonly Owner: string | null }): string => Owner ?? 'somebody who cannot be seen';

/** Who has the port of a target now, and who starts it. */
async function retaken(target: Target, { socket, facts }: Newcomer, world: StopWorld): Promise<Outcome> {
  const situation = await world.look();
  const [row] = endpoints(facts, [socket], { live: true, serviceName: null });
  const newOwner = ownerText(row ?? { Owner: null });
  const supervisor = supervisorOf(facts, situation, socket, target);
  const starter = supervisor === null ? '' : `, started by ${supervisor}: stop that first`;
  const reasons = [`it ended, but ${newOwner} has the port now${starter}`];
  return { result: 'Retaken', newOwner, supervisor, reasons };
}

/** What is left on the ports, once the target has ended: success only when nobody listens there and nobody comes. */
async function settled(target: Target, before: Situation, world: StopWorld, watch: () => number): Promise<Outcome> {
  const found = await newcomer(target, before, world, watch);
  if (found !== null) return retaken(target, found, world);
  const { own, others, facts } = await watchEndpoints(target, world);
  const all = await world.look();
  const keys = new Set(target.endpoints.map(({ protocol, port }) => `${protocol} ${port}`));
  const lingering = all.facts.sections.sockets.data.filter(
    (socket) => socket.remotePort !== null && keys.has(`${socket.protocol} ${socket.localPort}`),
  ).length;
  if (own.length > 0 || isStillServed(all, target))
    return { result: 'NotStopped', lingering, reasons: ['it still listens'] };
  if (!isWhole(facts.sections.sockets)) {
    const why = facts.sections.sockets.reason ?? 'the look failed';
    return {
      result: 'NotStopped',
      lingering,
      reasons: [`it ended, but whether the port is free cannot be seen: ${why}`],
    };
  }
  const left = endpoints(facts, others, { live: true, serviceName: null }).map(ownerText);
  const reasons =
    left.length === 0 ? [] : [`others that were there before still have the port: ${[...new Set(left)].join(', ')}`];
  return { result: 'Stopped', lingering, reasons };
}

/** Processes that are held on to, and what was done to end them. */
interface Ending {
  readonly held: ReadonlyMap<number, HeldProcess>;
  readonly methods: Set<string>;
  /** Why some could not be asked. */
  readonly reasons: string[];
}

/** What the system refused to do to a process; null where it went well, or the process had ended. */
function attempt(act: () => void): Refusal | null {
  try {
    act();
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return refusal.code === 'Gone' ? null : refusal;
  }
}

/** Asks those that still run to end, all at once. */
function ask(some: readonly Member[], { held, methods, reasons }: Ending): Refusal | null {
  for (const member of some) {
    const refused = attempt(() => {
      const asked = held.get(member.pid)!.ask();
      if ('how' in asked) methods.add(asked.how);
      else reasons.push(`${processText(member)} cannot be asked: ${asked.cannot}`);
    });
    if (refused !== null) return refused;
  }
  return null;
}

/** Asks processes to end, the owner first, and ends them by force where that is allowed. */
async function stopProcesses(
  target: Target,
  held: ReadonlyMap<number, HeldProcess>,
  world: StopWorld,
  options: StopOptions,
): Promise<{ method: string; outcome: Outcome | null }> {
  const all = members(target);
  const ending: Ending = { held, methods: new Set(), reasons: [] };
  const { methods, reasons } = ending;
  const method = (): string => [...methods].join(', ') || target.method;
  const left = (): Member[] => all.filter(({ pid }) => held.get(pid)?.ended() === false);
  const ended = (): boolean => left().length === 0;
  const deadline = world.now() + options.timeout;
  const untilDeadline = (): number => Math.max(0, deadline - world.now());
  const owner = all.slice(0, 1);
  let refused = ask(
    owner.filter((one) => left().includes(one)),
    ending,
  );
  if (refused === null && methods.size > 0) await until(() => !left().includes(owner[0]!), untilDeadline(), world);
  // Workers often end by themselves when their owner has.
  if (refused === null && all.length > 1 && !(await until(ended, Math.min(500, untilDeadline()), world))) {
    refused = ask(
      left().filter((one) => one !== owner[0]),
      ending,
    );
    if (refused === null && methods.size > 0) await until(ended, untilDeadline(), world);
  }
  if (refused === null && !ended() && options.force) {
    methods.add('by force');
    for (const { pid } of left()) refused ??= attempt(() => held.get(pid)!.end());
    if (refused === null) await until(ended, 5000, world);
  }
  if (refused !== null) return { method: method(), outcome: failed(refused) };
  if (ended()) return { method: method(), outcome: null };
  const who = left().map(processText).join(', ');
  const advice = options.force
    ? `${who} did not even end by force`
    : reasons.length === all.length
      ? `${who} goes on; --force ends it`
      : `${who} did not end within ${options.timeout / 1000} s; --force ends it`;
  return { method: method(), outcome: { result: 'NotStopped', method: method(), reasons: [...reasons, advice] } };
}

async function stopService(target: Target, world: StopWorld, options: StopOptions): Promise<Outcome | null> {
  const { means } = target;
  if (means.how !== 'service') return null;
  const { hands } = world;
  hands.stopService(means.id);
  const stopped = (): boolean => hands.service(means.id)?.stopped ?? true;
  if (await until(stopped, options.timeout, world)) return null;
  if (!options.force)
    return {
      result: 'NotStopped',
      reasons: [
        `the service did not stop within ${options.timeout / 1000} s${means.alone ? '; --force ends its process' : ''}`,
      ],
    };
  if (!means.alone)
    return {
      result: 'NotStopped',
      reasons: [
        `the service did not stop within ${options.timeout / 1000} s, and its process is shared with others, so that it is not ended`,
      ],
    };
  hands.endService(means.id);
  return (await until(stopped, 5000, world))
    ? null
    : { result: 'NotStopped', reasons: ['the service did not even stop by force'] };
}

/** Whether a new look found the same way of stopping the same thing. Of a service's processes others may have come. */
function isSameMeans(now: Means, before: Means): boolean {
  return now.how === 'process' ? before.how === 'process' : meansText(now) === meansText(before);
}

/** Takes hold of what a target ends; gives why that is refused. What has ended by now is not held. */
function holdMembers(target: Target, { hands }: StopWorld, held: Map<number, HeldProcess>): Refusal | null {
  for (const { pid, startTime } of members(target)) {
    const refused = attempt(() => void held.set(pid, hands.hold(pid, startTime)));
    if (refused !== null) return refused;
  }
  return null;
}

/** The target as a new look finds it, or the row that says why it is not stopped. */
function lookAgain(target: Target, situation: Situation, held: ReadonlyMap<number, HeldProcess>): Target | Stopped {
  const wanted = new Set(target.endpoints.map(endpointKeyText));
  const again = planStop(
    situation,
    (socket) =>
      wanted.has(
        endpointKeyText({ protocol: socket.protocol, address: socket.localAddress, port: socket.localPort }),
      ) && listens(socket),
  );
  if (again.length === 0) {
    const { sockets } = situation.facts.sections;
    return isWhole(sockets)
      ? stopRow(target, { result: 'Gone', reasons: ['it has no such listener any more'] })
      : stopRow(target, {
          result: 'NotStopped',
          reasons: [`whether it still listens cannot be seen: ${sockets.reason ?? 'the look failed'}`],
        });
  }
  const same = again.find((one) => isSame(one, target) && isSameMeans(one.means, target.means));
  if (same !== undefined && members(target).every(({ pid }) => held.has(pid))) return same;
  const owner = again.map(({ owner: name }) => name).join(', ');
  const why = again.flatMap(({ means }) => (means.how === 'refused' ? [means.obstacle.text] : []));
  return stopRow(target, {
    result: 'Refused',
    reasons: [`it is not what was looked at any more: the listener belongs to ${owner} now`, ...why],
  });
}

/**
 * Stops one target of a plan: makes sure that it is still what was looked at, asks, waits, forces where that is
 * allowed, and looks who has the port afterwards.
 */
async function stopTarget(target: Target, world: StopWorld, options: StopOptions): Promise<Stopped> {
  if (target.means.how === 'refused') return planned(target);
  const held = new Map<number, HeldProcess>();
  try {
    const refused = holdMembers(target, world, held);
    if (refused !== null) return stopRow(target, failed(refused));
    // Now that the processes are held on to: are they still the owners of just these listeners?
    const situation = await world.look();
    const same = lookAgain(target, situation, held);
    if ('row' in same) return same;
    const watch = watchOf(same, situation, world, options);
    let method = target.method;
    let outcome: Outcome | null = null;
    try {
      if (target.means.how === 'process') ({ method, outcome } = await stopProcesses(same, held, world, options));
      else if (same.means.how === 'service') outcome = await stopService(same, world, options);
      else if (same.means.how === 'sites') for (const name of same.means.names) world.hands.stopSite(name);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      outcome = failed(refusal);
    }
    return stopRow(target, outcome ?? { method, ...(await settled(target, situation, world, watch)) });
  } finally {
    for (const process of held.values()) process.release();
  }
}

/** Looks that are asked for at the same moment become one, which begins after that moment. */
function sharedLooks(world: StopWorld): StopWorld {
  let looking: Promise<Situation> | null = null;
  let watching: { readonly ports: Set<number>; readonly facts: Promise<Facts> } | null = null;
  const soon = <T>(act: () => Promise<T>): Promise<T> => world.pause(0).then(act);
  return {
    ...world,
    look: () =>
      (looking ??= soon(() => {
        looking = null;
        return world.look();
      })),
    watch(ports) {
      if (watching === null) {
        const asked = new Set<number>();
        const facts = soon(() => {
          watching = null;
          return world.watch([...asked]);
        });
        watching = { ports: asked, facts };
      }
      for (const port of ports) watching.ports.add(port);
      return watching.facts;
    },
  };
}

/** Stops all of these at once, and gives what became of each, in their order. */
export function stopTargets(targets: readonly Target[], world: StopWorld, options: StopOptions): Promise<Stopped[]> {
  const shared = targets.length === 1 ? world : sharedLooks(world);
  return Promise.all(targets.map((target) => stopTarget(target, shared, options)));
}
