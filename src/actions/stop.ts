import type { Facts, Socket } from '../facts/model/facts.ts';
import type { Refusal } from '../system/raw.ts';
import { serviceUnit } from '../diagnosis/stop-commands.ts';
import { isWhole } from '../facts/model/section.ts';
import { addressScope } from '../ownership/address.ts';
import { processText } from '../ownership/attribution.ts';
import { watcherOf } from '../ownership/origin.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { StopResult } from '../schema/stop.ts';
import { refusalOf, type Hands, type HeldProcess } from '../system/hands.ts';
import { endpointKeyText, identityText, isSame, type EndpointKey } from './identity.ts';
import { listens, meansText, planStop, type Means, type Member, type Situation, type Target } from './plan.ts';

/** How patient a stop is. Milliseconds. */
export interface StopOptions {
  readonly force: boolean;
  /** From asking until it is taken for a refusal. */
  readonly timeout: number;
  /** How long nobody may take the port afterwards. */
  readonly settle: number;
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

function family(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Whether whoever has one address keeps the other from being had. */
function meets(endpoint: EndpointKey, socket: Socket): boolean {
  if (socket.protocol !== endpoint.protocol || socket.localPort !== endpoint.port) return false;
  const [own, other] = [endpoint.address, socket.localAddress];
  if (own === other) return true;
  // :: may stand for both families, and nobody says whether it does.
  if (own === '::' || other === '::') return true;
  return family(own) === family(other) && (addressScope(own) === 'Any' || addressScope(other) === 'Any');
}

/** Waits, ever longer, until it is so or the time is up; the last look counts. */
async function until(
  done: () => boolean | Promise<boolean>,
  milliseconds: number,
  { pause, now }: StopWorld,
): Promise<boolean> {
  const end = now() + milliseconds;
  for (let wait = 15; ; wait = Math.min(wait * 2, 250)) {
    if (await done()) return true;
    const left = end - now();
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

/** Who keeps starting it: its service's manager, or the process that is the parent of the old and the new one. */
function supervisorOf(facts: Facts, situation: Situation, socket: Socket, target: Target): string | null {
  const process = facts.sections.processes.data.find(({ pid }) => pid === socket.pid);
  if (process === undefined) return target.supervisor;
  const unit = serviceUnit(process);
  if (unit !== null && (unit.name !== situation.self.unit || unit.user !== situation.self.unitUser))
    return `systemd (${unit.name})`;
  const service = facts.sections.services.data.find(({ pid }) => pid === process.pid);
  if (service !== undefined) return `the service manager (${service.name})`;
  const watcher = watcherOf(process, {
    processes: new Map(facts.sections.processes.data.map((one) => [one.pid, one])),
    servicesOf: new Map(),
  });
  if (watcher !== null) return watcher;
  const parent = situation.tree.find(({ pid }) => pid === process.parent);
  return parent === undefined || parent.pid <= 2 ? target.supervisor : processText(parent);
}

/** What is left on the ports, once the target has ended: success only when nobody listens there and nobody comes. */
async function settle(
  target: Target,
  before: ReadonlySet<string>,
  world: StopWorld,
  options: StopOptions,
  method: string,
): Promise<Outcome> {
  let found: { readonly socket: Socket; readonly facts: Facts } | null = null;
  const isNew = (socket: Socket): boolean => !before.has(socketName(socket));
  const look = async (withUnowned: boolean): Promise<boolean> => {
    const { others, facts } = await watchEndpoints(target, world);
    const socket = others.find((one) => isNew(one) && (withUnowned || one.pid !== null));
    if (socket !== undefined) found = { socket, facts };
    return socket !== undefined;
  };
  // A socket outlives its process for a moment, without an owner: only one that stays has a new one who cannot be seen.
  if (!(await until(() => look(false), options.settle, world))) await look(true);
  found = found as { readonly socket: Socket; readonly facts: Facts } | null;
  if (found !== null) {
    const situation = await world.look();
    const [row] = endpoints(found.facts, [found.socket], { live: true, serviceName: null });
    const newOwner = row?.Owner ?? 'somebody who cannot be seen';
    const supervisor = supervisorOf(found.facts, situation, found.socket, target);
    return {
      result: 'Retaken',
      method,
      newOwner,
      supervisor,
      reasons: [
        `it ended, but ${newOwner} has the port now${supervisor === null ? '' : `, started by ${supervisor}: stop that first`}`,
      ],
    };
  }
  const { own, others, facts } = await watchEndpoints(target, world);
  const all = await world.look();
  const keys = new Set(target.endpoints.map(({ protocol, port }) => `${protocol} ${port}`));
  const lingering = all.facts.sections.sockets.data.filter(
    (socket) => socket.remotePort !== null && keys.has(`${socket.protocol} ${socket.localPort}`),
  ).length;
  if (own.length > 0 || isStillServed(all, target))
    return { result: 'NotStopped', method, lingering, reasons: ['it still listens'] };
  if (!isWhole(facts.sections.sockets))
    return {
      result: 'NotStopped',
      method,
      lingering,
      reasons: [
        `it ended, but whether the port is free cannot be seen: ${facts.sections.sockets.reason ?? 'the look failed'}`,
      ],
    };
  const left = endpoints(facts, others, { live: true, serviceName: null }).map(
    ({ Owner }) => Owner ?? 'somebody who cannot be seen',
  );
  return {
    result: 'Stopped',
    method,
    lingering,
    reasons:
      left.length === 0 ? [] : [`others that were there before still have the port: ${[...new Set(left)].join(', ')}`],
  };
}

/** Asks processes to end, the owner first, and ends them by force where that is allowed. */
async function stopProcesses(
  target: Target,
  held: ReadonlyMap<number, HeldProcess>,
  world: StopWorld,
  options: StopOptions,
): Promise<{ method: string; outcome: Outcome | null }> {
  const methods = new Set<string>();
  const reasons: string[] = [];
  const all = members(target);
  const deadline = world.now() + options.timeout;
  const [owner] = all;
  for (const member of all) {
    const process = held.get(member.pid);
    if (process === undefined || process.ended()) continue;
    // A worker often ends by itself when its owner has.
    if (member !== owner && (await until(() => process.ended(), 500, world))) continue;
    try {
      const asked = process.ask();
      if ('how' in asked) {
        methods.add(asked.how);
        await until(() => process.ended(), Math.max(0, deadline - world.now()), world);
      } else reasons.push(`${processText(member)} cannot be asked: ${asked.cannot}`);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      if (refusal.code !== 'Gone')
        return { method: [...methods].join(', ') || target.method, outcome: failed(refusal) };
    }
  }
  const left = (): Member[] => all.filter(({ pid }) => held.get(pid)?.ended() === false);
  if (left().length > 0 && options.force) {
    methods.add('by force');
    try {
      for (const { pid } of left()) held.get(pid)!.end();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      if (refusal.code !== 'Gone') return { method: [...methods].join(', '), outcome: failed(refusal) };
    }
    await until(() => left().length === 0, 5000, world);
  }
  const method = [...methods].join(', ') || target.method;
  const still = left();
  if (still.length === 0) return { method, outcome: null };
  const who = still.map(processText).join(', ');
  const advice = options.force
    ? `${who} did not even end by force`
    : reasons.length === all.length
      ? `${who} goes on; --force ends it`
      : `${who} did not end within ${options.timeout / 1000} s; --force ends it`;
  return { method, outcome: { result: 'NotStopped', method, reasons: [...reasons, advice] } };
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

/**
 * Stops one target of a plan: makes sure that it is still what was looked at, asks, waits, forces where that is
 * allowed, and looks who has the port afterwards.
 */
export async function stopTarget(target: Target, world: StopWorld, options: StopOptions): Promise<Stopped> {
  if (target.means.how === 'refused') return planned(target);
  const held = new Map<number, HeldProcess>();
  try {
    for (const { pid, startTime } of members(target)) {
      try {
        held.set(pid, world.hands.hold(pid, startTime));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === null) throw error;
        if (refusal.code !== 'Gone') return stopRow(target, failed(refusal));
      }
    }
    // Now that the processes are held on to: are they still the owners of just these listeners?
    const situation = await world.look();
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
      if (isWhole(sockets)) return stopRow(target, { result: 'Gone', reasons: ['it has no such listener any more'] });
      return stopRow(target, {
        result: 'NotStopped',
        reasons: [`whether it still listens cannot be seen: ${sockets.reason ?? 'the look failed'}`],
      });
    }
    const same = again.find((one) => isSame(one, target) && isSameMeans(one.means, target.means));
    const heldAll = members(target).every(({ pid }) => held.has(pid));
    if (same === undefined || !heldAll) {
      const owner = again.map(({ owner: name }) => name).join(', ');
      const why = again.flatMap(({ means }) => (means.how === 'refused' ? [means.obstacle.text] : []));
      return stopRow(target, {
        result: 'Refused',
        reasons: [`it is not what was looked at any more: the listener belongs to ${owner} now`, ...why],
      });
    }
    // Who has the port besides is not new afterwards.
    const before = new Set(situation.facts.sections.sockets.data.filter(listens).map(socketName));
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
    return stopRow(target, outcome ?? (await settle(target, before, world, options, method)));
  } finally {
    for (const process of held.values()) process.release();
  }
}
