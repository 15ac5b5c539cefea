import type { Facts, Socket } from '../facts/model/facts.ts';
import type { Refusal } from '../system/raw.ts';
import { overlap, plainAddress } from '../diagnosis/overlap.ts';
import { stoppableUnit } from '../diagnosis/stop-commands.ts';
import { isWhole } from '../facts/model/section.ts';
import { processText } from '../ownership/attribution.ts';
import { ancestorsOf, restarterOf, suspectIn } from '../ownership/origin.ts';
import { isInit } from '../ownership/starters.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { StopResult } from '../schema/stop.ts';
import { refusalOf, type Hands, type HeldProcess, type Self } from '../system/hands.ts';
import { watchTime, watchTimes } from './restart.ts';
import { endpointKeyText, identityText, isSame, type EndpointKey } from './identity.ts';
import { planStop } from './plan.ts';
import { lineOf } from './process-tree.ts';
import { listens, meansText, type Means, type Member, type Situation, type Target } from './target.ts';

/** The timeouts of a stop, in milliseconds. */
export interface StopOptions {
  readonly force: boolean;
  /** How long to wait for a graceful end. */
  readonly timeout: number;
}

/** The machine, for repeated inspection. */
export interface StopWorld {
  readonly hands: Hands;
  /** Reads the complete situation again. */
  readonly look: () => Promise<Situation>;
  /** Reads the sockets on these ports with their owners, quickly. */
  readonly watch: (ports: readonly number[]) => Promise<Facts>;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
}

/** The result of a target, in addition to its plan. */
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
  /** Whether the owner cannot be seen. */
  readonly unseen?: boolean;
  /** Whether no rights would reveal it. */
  readonly untold?: boolean;
}

const list = (texts: readonly string[]): readonly string[] | null => (texts.length === 0 ? null : texts);

/** Returns a target as a row. */
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
    ...(obstacle?.unseen === true ? { unseen: true } : {}),
    ...(obstacle?.untold === true ? { untold: true } : {}),
  };
}

/** Returns a target of the plan as a row: what would be done. */
export function planned(target: Target): Stopped {
  return stopRow(target, { result: target.means.how === 'refused' ? 'Refused' : 'Planned' });
}

const failed = ({ code, text, needs }: Refusal): Outcome => ({
  result: 'NotStopped',
  reasons: [needs === undefined ? text : `${text} (needs ${needs})`],
  rights: code === 'AccessDenied',
});

/** Returns whether a socket on one address prevents a bind to the other. */
function meets(endpoint: EndpointKey, socket: Socket): boolean {
  if (socket.protocol !== endpoint.protocol || socket.localPort !== endpoint.port) return false;
  // :: may include IPv4; the facts do not say.
  const bound = (address: string) => ({ address, dual: plainAddress(address).text === '::' });
  return overlap(bound(endpoint.address), bound(socket.localAddress)) !== null;
}

/** Waits with increasing delays until the condition is met or the time is up, which can change; the last check counts. */
async function until(
  done: () => boolean | Promise<boolean>,
  milliseconds: number | (() => number),
  { pause, now }: StopWorld,
  longest = 250,
): Promise<boolean> {
  const start = now();
  for (let wait = 15; ; wait = Math.min(wait * 2, longest)) {
    if (await done()) return true;
    const left = start + (typeof milliseconds === 'number' ? milliseconds : milliseconds()) - now();
    if (left <= 0) return false;
    await pause(Math.min(wait, left));
  }
}

/** The longest delay between two checks of whether processes have ended, in milliseconds: a check costs little. */
const endCheck = 30;

/** How long workers have to end together with their owner before they are asked, in milliseconds. */
const workerGrace = 100;

const members = (target: Target): readonly Member[] => (target.means.how === 'process' ? target.means.members : []);

/** Returns the sockets on the target's endpoints, and whether they belong to the target. */
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

/** Returns whether HTTP.sys still listens for the stopped target. */
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

/** Returns whether this program itself runs in that unit, such as the one of a whole session. */
function isOwnUnit(unit: { readonly name: string; readonly user: number | null }, self: Self): boolean {
  return unit.name === self.unit && unit.user === self.unitUser;
}

/**
 * Returns what restarted it: its service manager, something that is known to restart programs, or an ancestor of the
 * new process.
 */
function supervisorOf(facts: Facts, situation: Situation, socket: Socket, target: Target): string | null {
  const process = facts.sections.processes.data.find(({ pid }) => pid === socket.pid);
  if (process === undefined) return target.supervisor;
  const unit = stoppableUnit(process);
  if (unit !== null && !isOwnUnit(unit, situation.self)) return `systemd (${unit.name})`;
  const service = facts.sections.services.data.find(({ pid }) => pid === process.pid);
  if (service !== undefined) return `the service manager (${service.name})`;
  const processes = new Map(facts.sections.processes.data.map((one) => [one.pid, one]));
  const restarter = restarterOf(process, { processes, servicesOf: new Map() });
  if (restarter !== null) return restarter.text;
  const suspect = suspectIn(ancestorsOf(process, { processes }));
  // It has restarted the program.
  if (suspect !== null) return suspect.isShell ? `${suspect.text} in a loop` : suspect.text;
  const parent = situation.tree.find(({ pid }) => pid === process.parent);
  return parent === undefined || isInit(parent) ? target.supervisor : processText(parent);
}

/**
 * Returns how long the port must stay free, in milliseconds, according to what remains that could restart the program.
 */
function watchOf(
  target: Target,
  { facts, tree, self }: Situation,
  { hands }: StopWorld,
  { force }: StopOptions,
): () => number {
  // Its manager stopped it, and does not restart it unless it was ended by force.
  if (target.means.how !== 'process') return () => (force ? watchTimes.supervised : watchTimes.alone);
  const before = new Map(tree.map((one) => [one.pid, one]));
  const own = new Set(lineOf(self.pid, before).map(({ pid }) => pid));
  const ending = new Set(members(target).map(({ pid }) => pid));
  const above = lineOf(target.pid, before).filter(({ pid }) => !ending.has(pid));
  const process = facts.sections.processes.data.find(({ pid }) => pid === target.pid);
  const unit = process === undefined ? null : stoppableUnit(process);
  // Its manager was unable to stop it.
  if (unit !== null && !isOwnUnit(unit, self)) return () => watchTimes.supervised;
  return () => watchTimes[watchTime(above, new Map(hands.processes().map((one) => [one.pid, one])), own)];
}

/** A new socket on the ports of a target, and the facts of that moment. */
interface Newcomer {
  readonly socket: Socket;
  readonly facts: Facts;
}

/** Finds the new owner of a target's ports within the remaining time; null if there is none. */
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
  // A socket outlives its process for a moment, without an owner: only a lasting one has a new owner that cannot be seen.
  const time = (): number => (unowned ? watchTimes.supervised : watch());
  if (!(await until(() => look(false), time, world))) await look(true);
  return found;
}

const ownerText = ({ Owner }: { readonly Owner: string | null }): string => Owner ?? 'somebody who cannot be seen';

/** Says who owns the port of a target now, and what started it. */
async function retaken(target: Target, { socket, facts }: Newcomer, world: StopWorld): Promise<Outcome> {
  const situation = await world.look();
  const [row] = endpoints(facts, [socket], { live: true, serviceName: null });
  const newOwner = ownerText(row ?? { Owner: null });
  const supervisor = supervisorOf(facts, situation, socket, target);
  const starter = supervisor === null ? '' : `, started by ${supervisor}: stop that first`;
  const reasons = [`it ended, but ${newOwner} has the port now${starter}`];
  return { result: 'Retaken', newOwner, supervisor, reasons };
}

/** Checks the ports after the target has ended: success only if nobody listens and nobody takes them. */
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
    return { result: 'NotStopped', lingering, reasons: ['it is still listening'] };
  if (!isWhole(facts.sections.sockets)) {
    const why = facts.sections.sockets.reason ?? 'the check failed';
    return {
      result: 'NotStopped',
      lingering,
      reasons: [`it ended, but it is unknown whether the port is free: ${why}`],
    };
  }
  const left = endpoints(facts, others, { live: true, serviceName: null }).map(ownerText);
  const reasons =
    left.length === 0 ? [] : [`other owners from before still have the port: ${[...new Set(left)].join(', ')}`];
  return { result: 'Stopped', lingering, reasons };
}

/** Processes that are held by handle, and what was done to end them. */
interface Ending {
  readonly held: ReadonlyMap<number, HeldProcess>;
  readonly methods: Set<string>;
  /** Why some could not be ended gracefully. */
  readonly reasons: string[];
}

/** Returns the error of ending a process; null on success, or if the process had already ended. */
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

/** Asks the running processes to end, all at once. */
function ask(some: readonly Member[], { held, methods, reasons }: Ending): Refusal | null {
  for (const member of some) {
    const refused = attempt(() => {
      const asked = held.get(member.pid)!.ask();
      if ('how' in asked) methods.add(asked.how);
      else reasons.push(`${processText(member)} cannot be ended gracefully: ${asked.cannot}`);
    });
    if (refused !== null) return refused;
  }
  return null;
}

/** Asks processes to end, the owner first, and ends them by force if allowed. */
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
  const untilEnded = (done: () => boolean, milliseconds: number): Promise<boolean> =>
    until(done, milliseconds, world, endCheck);
  const owner = all.slice(0, 1);
  let refused = ask(
    owner.filter((one) => left().includes(one)),
    ending,
  );
  if (refused === null && methods.size > 0) await untilEnded(() => !left().includes(owner[0]!), untilDeadline());
  // Workers often end together with their owner, if it could be asked.
  const grace = methods.size > 0 ? Math.min(workerGrace, untilDeadline()) : 0;
  if (refused === null && all.length > 1 && !(await untilEnded(ended, grace))) {
    refused = ask(
      left().filter((one) => one !== owner[0]),
      ending,
    );
    if (refused === null && methods.size > 0) await untilEnded(ended, untilDeadline());
  }
  if (refused === null && !ended() && options.force) {
    methods.add('by force');
    for (const { pid } of left()) refused ??= attempt(() => held.get(pid)!.end());
    if (refused === null) await untilEnded(ended, 5000);
  }
  if (refused !== null) return { method: method(), outcome: failed(refused) };
  if (ended()) return { method: method(), outcome: null };
  const who = left().map(processText).join(', ');
  const advice = options.force
    ? `${who} did not even end by force`
    : reasons.length === all.length
      ? `${who} is still running; use --force to end it`
      : `${who} did not end within ${options.timeout / 1000} s; use --force to end it`;
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
        `the service did not stop within ${options.timeout / 1000} s${means.alone ? '; use --force to end its process' : ''}`,
      ],
    };
  if (!means.alone)
    return {
      result: 'NotStopped',
      reasons: [
        `the service did not stop within ${options.timeout / 1000} s, and its process is not ended because other services share it`,
      ],
    };
  hands.endService(means.id);
  return (await until(stopped, 5000, world))
    ? null
    : { result: 'NotStopped', reasons: ['the service did not even stop by force'] };
}

/** Returns whether a new plan stops the same thing in the same way. The processes of a service may have changed. */
function isSameMeans(now: Means, before: Means): boolean {
  return now.how === 'process' ? before.how === 'process' : meansText(now) === meansText(before);
}

/** Opens handles to the processes of a target, or returns why that failed. Skips processes that have ended. */
function holdMembers(target: Target, { hands }: StopWorld, held: Map<number, HeldProcess>): Refusal | null {
  for (const { pid, startTime } of members(target)) {
    const refused = attempt(() => void held.set(pid, hands.hold(pid, startTime)));
    if (refused !== null) return refused;
  }
  return null;
}

/** Finds the target in a new plan, or returns the row that says why it is not stopped. */
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
      ? stopRow(target, { result: 'Gone', reasons: ['the listener no longer exists'] })
      : stopRow(target, {
          result: 'NotStopped',
          reasons: [`it is unknown whether it still listens: ${sockets.reason ?? 'the check failed'}`],
        });
  }
  const same = again.find((one) => isSame(one, target) && isSameMeans(one.means, target.means));
  if (same !== undefined && members(target).every(({ pid }) => held.has(pid))) return same;
  const owner = again.map(({ owner: name }) => name).join(', ');
  const why = again.flatMap(({ means }) => (means.how === 'refused' ? [means.obstacle.text] : []));
  return stopRow(target, {
    result: 'Refused',
    reasons: [`it has changed since it was inspected: the listener belongs to ${owner} now`, ...why],
  });
}

/**
 * Stops one target of a plan: verifies that it has not changed, asks it to end, waits, uses force if allowed, and checks who
 * owns the port afterwards.
 */
async function stopTarget(target: Target, world: StopWorld, options: StopOptions): Promise<Stopped> {
  if (target.means.how === 'refused') return planned(target);
  const held = new Map<number, HeldProcess>();
  try {
    const refused = holdMembers(target, world, held);
    if (refused !== null) return stopRow(target, failed(refused));
    // With the handles open, check again that the processes own exactly these listeners.
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

/** Merges simultaneous reads into one that starts afterwards. */
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

/** Stops all targets at once, and returns the results in order. */
export function stopTargets(targets: readonly Target[], world: StopWorld, options: StopOptions): Promise<Stopped[]> {
  const shared = targets.length === 1 ? world : sharedLooks(world);
  return Promise.all(targets.map((target) => stopTarget(target, shared, options)));
}
