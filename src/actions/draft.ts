import type { Facts, Process, Service, Socket } from '../facts/model/facts.ts';
import { isVitalService, systemctlCommand, quotePattern } from '../diagnosis/stop-commands.ts';
import { processText } from '../ownership/attribution.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Self, ServiceId, ServiceState, TreeProcess } from '../system/hands.ts';
import type { Platform, Refusal } from '../system/raw.ts';
import { lineOf } from './process-tree.ts';
import { isServiceHost, protectedReason } from './protected.ts';
import type { Means, Member, StopObstacle, Situation } from './target.ts';

export const obstacle = (text: string, more: Partial<StopObstacle> = {}): Means => ({
  how: 'refused',
  obstacle: { text, rights: false, command: null, ...more },
});
const fromRefusal = ({ code, text, needs }: Refusal): Means =>
  obstacle(needs === undefined ? text : `${text} (needs ${needs})`, { rights: code === 'AccessDenied' });

/** One socket with its row. */
export interface FoundListener {
  readonly socket: Socket;
  readonly row: OwnedEndpoint;
}

export interface StopDraft {
  readonly found: FoundListener[];
  readonly pid: number;
  readonly means: Means;
  readonly services: readonly string[];
  readonly dependents: readonly string[];
  readonly notes: readonly string[];
  readonly command: string | null;
}

/** The situation, indexed for lookups while drafting targets. */
export interface Scene {
  readonly situation: Situation;
  readonly facts: Facts;
  readonly self: Self;
  readonly platform: Platform;
  readonly tree: ReadonlyMap<number, TreeProcess>;
  readonly processes: ReadonlyMap<number, Process>;
  /** This program and all its ancestors. */
  readonly ancestors: ReadonlySet<number>;
  /** The services by process. */
  readonly services: ReadonlyMap<number, readonly Service[]>;
  readonly servicesOf: (pid: number) => readonly string[];
  readonly startOf: (pid: number) => string | null;
  readonly idOf: (name: string, pid: number, user?: number | null) => ServiceId;
}

export function sceneOf(situation: Situation): Scene {
  const { facts, self } = situation;
  const tree = new Map(situation.tree.map((one) => [one.pid, one]));
  const processes = new Map(facts.sections.processes.data.map((one) => [one.pid, one]));
  const services = Map.groupBy(facts.sections.services.data, ({ pid }) => pid);
  const startOf = (pid: number): string | null => processes.get(pid)?.startTime ?? tree.get(pid)?.startTime ?? null;
  return {
    situation,
    facts,
    self,
    platform: facts.machine.platform,
    tree,
    processes,
    ancestors: new Set(lineOf(self.pid, tree).map(({ pid }) => pid)),
    services,
    servicesOf: (pid) => (services.get(pid) ?? []).map(({ name }) => name),
    startOf,
    idOf: (name, pid, user = null) => ({ name, pid, startTime: startOf(pid), user }),
  };
}

export const draft = (found: FoundListener, pid: number, means: Means, more: Partial<StopDraft> = {}): StopDraft => ({
  found: [found],
  pid,
  means,
  services: [],
  dependents: [],
  notes: [],
  command: means.how === 'refused' ? means.obstacle.command : null,
  ...more,
});

/** Returns the command that stops a service manually. */
function serviceCommand(
  { name }: ServiceId,
  { manager, triggers, dependents }: ServiceState,
  platform: Platform,
): string | null {
  if (platform !== 'win32') return systemctlCommand('stop', [...triggers, name], manager);
  const quoted = quotePattern(name);
  return quoted === null ? null : `Stop-Service ${quoted}${dependents.length > 0 ? ' -Force' : ''}`;
}

/** Returns why not even the process's owner may end it; null if it may be ended. */
function never(scene: Scene, pid: number): string | null {
  const named = scene.processes.get(pid) ?? { pid, imageName: scene.tree.get(pid)?.imageName ?? null, path: null };
  if (scene.ancestors.has(pid)) return pid === scene.self.pid ? 'it is this program' : 'this program runs in it';
  return protectedReason(named, scene.platform);
}

/**
 * Returns why a service, or a service that depends on it, is never stopped to free a port; null if it may be stopped.
 */
function vitalReason({ name }: ServiceId, { dependents }: ServiceState, platform: Platform): string | null {
  if (platform !== 'win32') return null;
  if (isVitalService(name)) return `much of Windows needs the service ${name}: it is never stopped to free a port`;
  const vital = dependents.filter(isVitalService);
  if (vital.length === 0) return null;
  const [which, they] = vital.length === 1 ? ['service', 'it is'] : ['services', 'they are'];
  const needed = `${which} ${vital.join(', ')}, which would be stopped with ${name}`;
  return `much of Windows needs the ${needed}: ${they} never stopped to free a port`;
}

/** Stops a service through its manager; null if the manager does not know it. */
export function byService(scene: Scene, found: FoundListener, id: ServiceId): StopDraft | null {
  const state = scene.situation.service(id);
  if (state === null) return null;
  const services = [...state.triggers, id.name];
  const process = scene.processes.get(id.pid);
  const reason = never(scene, id.pid);
  // A host of shared services is not ended; only its service is stopped, unless it is an ancestor of this program.
  const forbidden =
    reason !== null &&
    (scene.ancestors.has(id.pid) || !isServiceHost(process ?? { imageName: null, path: null, pid: id.pid }));
  const shared = scene.servicesOf(id.pid).length > 1 || (process !== undefined && isServiceHost(process));
  const vital = vitalReason(id, state, scene.platform);
  const means: Means = forbidden
    ? obstacle(reason)
    : vital !== null
      ? obstacle(vital)
      : state.foreign !== null
        ? obstacle(`it cannot be stopped as ${id.name}: ${state.foreign}`)
        : state.refusal !== null
          ? fromRefusal(state.refusal)
          : { how: 'service', id, alone: !shared };
  return draft(found, id.pid, means, {
    services,
    dependents: state.dependents,
    command: state.foreign === null && vital === null ? serviceCommand(id, state, scene.platform) : null,
  });
}

/** Asks the processes that hold a socket, the owner first. */
export function byProcess(scene: Scene, found: FoundListener, owner: number): StopDraft {
  const { holders } = found.socket;
  const all = [owner, ...holders.filter((pid) => pid !== owner && pid !== 4)];
  for (const pid of all) {
    const reason = never(scene, pid);
    if (reason !== null)
      return draft(
        found,
        owner,
        obstacle(
          pid === owner
            ? reason
            : `${processText(scene.processes.get(pid) ?? { pid, imageName: null })} holds the listener too: ${reason}`,
        ),
      );
  }
  const members: Member[] = [];
  for (const pid of all) {
    const startTime = scene.startOf(pid);
    if (startTime === null)
      return draft(
        found,
        owner,
        obstacle(`the start time of process ${pid} cannot be seen, so it could be confused with another process`, {
          rights: scene.facts.machine.elevated !== true,
        }),
      );
    const refusal = scene.situation.mayStop(pid, startTime);
    if (refusal !== null && refusal.code !== 'Gone') return draft(found, owner, fromRefusal(refusal));
    members.push({
      pid,
      startTime,
      imageName: scene.processes.get(pid)?.imageName ?? scene.tree.get(pid)?.imageName ?? null,
    });
  }
  return draft(found, owner, { how: 'process', members });
}
