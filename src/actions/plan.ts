import { withOwnersApart } from '../diagnosis/told-apart.ts';
import type { Socket } from '../facts/model/facts.ts';
import { processText } from '../ownership/attribution.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { socketOrder } from '../ownership/order.ts';
import { ancestorOf, restarterOf, suspectIn, suspectText, type Restarter, type Suspect } from '../ownership/origin.ts';
import { sceneOf, type StopDraft, type Scene } from './draft.ts';
import { endpointKeyText, whatText } from './identity.ts';
import { descendantsIn, lineOf, socketsIn } from './process-tree.ts';
import { draftsOf } from './stop-rules.ts';
import type { TreeProcess } from '../system/hands.ts';
import { keyOf, listens, meansText, type Means, type NamedProcess, type Situation, type Target } from './target.ts';

/** Drafts a stop of all sockets; merges drafts with the same action and target. */
function mergedDrafts(scene: Scene, sockets: readonly Socket[]): StopDraft[] {
  const rows = withOwnersApart(endpoints(scene.facts, sockets, { live: true, serviceName: null }), sockets, {
    platform: scene.platform,
    home: scene.situation.home ?? '',
  });
  const merged = new Map<string, StopDraft>();
  sockets.forEach((socket, index) => {
    for (const one of draftsOf(scene, { socket, row: rows[index]! })) {
      const key = `${one.pid} ${one.pid === 0 ? index : ''} ${meansText(one.means)}`;
      const same = merged.get(key);
      if (same === undefined) merged.set(key, one);
      else same.found.push(...one.found);
    }
  });
  return [...merged.values()];
}

/** Returns the names in an identity, in addition to the process. */
function namedBy(means: Means): string | null {
  if (means.how === 'service') return whatText('service', [means.id.name]);
  return means.how === 'sites' ? whatText('sites', means.names) : null;
}

/** Returns the processes that end together with a target. */
function endingWith({ means, pid }: StopDraft, holders: readonly number[]): readonly number[] {
  if (pid <= 4 || (means.how === 'service' && !means.alone)) return [];
  return [...new Set(holders)];
}

/** Finds the ancestor that may restart a process that ends; null if this program runs in it. */
function suspectOf(pid: number, { tree, processes, ancestors }: Scene): Suspect | null {
  const above = lineOf(pid, tree).slice(1);
  const suspect = suspectIn(above.map((one) => ancestorOf(processes.get(one.pid) ?? { ...one, path: null })));
  return suspect === null || ancestors.has(suspect.processId) ? null : suspect;
}

const named = (text: string | null): Restarter | null => (text === null ? null : { text, stop: null });

/** Returns what is known to restart it. */
function restarterFor({ means, pid }: StopDraft, scene: Scene): Restarter | null {
  const { situation, processes, services } = scene;
  if (means.how === 'service')
    return named(situation.service(means.id)?.restarts === true ? 'its service manager' : null);
  if (means.how !== 'process') return null;
  const process = processes.get(pid);
  return process === undefined ? null : restarterOf(process, { processes, servicesOf: services });
}

/** Says what stops it permanently, if something restarts it that needs a different command. */
const insteadNotes = (restarter: Restarter | null): readonly string[] =>
  restarter?.stop == null ? [] : [`if ${restarter.text} restarts it, stop it with: ${restarter.stop}`];

/** Lookups for each target, with indexes of all processes and sockets. */
interface Indexes {
  readonly descendantsOf: ReturnType<typeof descendantsIn>;
  readonly socketsOf: ReturnType<typeof socketsIn>;
}

/** Names a process by its application, as the owner is. */
function withApplication(one: TreeProcess, { processes, situation }: Scene): NamedProcess {
  const known = processes.get(one.pid);
  const application =
    known === undefined
      ? (situation.applicationOf?.(one) ?? undefined)
      : known.imageName === one.imageName
        ? known.application
        : undefined;
  return application === undefined ? one : { ...one, application };
}

function targetOf(one: StopDraft, scene: Scene, { descendantsOf, socketsOf }: Indexes): Target {
  const { found, means, pid } = one;
  const { tree, processes, situation, facts } = scene;
  const holders = means.how === 'process' ? means.members.map((member) => member.pid) : [pid];
  const index = new Set(found.map(({ socket }) => socket));
  const ending = endingWith(one, holders);
  const own = socketsOf(ending);
  const isHolder = new Set(holders);
  const process = processes.get(pid) ?? tree.get(pid);
  const restarter = restarterFor(one, scene);
  const isEnding = means.how === 'process' && ending.length > 0;
  const suspect = restarter === null && isEnding ? suspectOf(pid, scene) : null;
  return {
    endpoints: found
      .map(({ socket }) => keyOf(socket))
      .toSorted((a, b) => (endpointKeyText(a) < endpointKeyText(b) ? -1 : 1)),
    pid,
    startTime: pid <= 4 ? null : scene.startOf(pid),
    computer: facts.machine.name,
    what: namedBy(means),
    imageName: process?.imageName ?? null,
    owner: found[0]!.row.Owner ?? (process === undefined ? 'unknown' : processText(process)),
    means,
    method: means.how === 'service' ? (one.command ?? 'stop the service') : methodText(means, situation.asking),
    command: one.command,
    holders: holders
      .slice(1)
      .map((holder) => tree.get(holder) ?? { pid: holder, parent: 0, startTime: null, imageName: null })
      .map((holder) => withApplication(holder, scene)),
    children: descendantsOf(ending)
      .filter((child) => !isHolder.has(child.pid))
      .map((child) => withApplication(child, scene)),
    services: one.services,
    dependents: one.dependents,
    otherPorts: own.filter((socket) => listens(socket) && !index.has(socket)).map(keyOf),
    connections: own.filter((socket) => socket.remotePort !== null && socket.state !== 'TimeWait').length,
    supervisor: restarter?.text ?? suspectText(suspect),
    notes: [...one.notes, ...insteadNotes(restarter)],
  };
}

/** Plans a stop of these sockets, with one target for each owner. Pure except for lookups of the situation. */
export function planStop(situation: Situation, wanted: (socket: Socket) => boolean): Target[] {
  const scene = sceneOf(situation);
  const sockets = situation.facts.sections.sockets.data;
  const drafts = mergedDrafts(scene, sockets.filter(wanted).sort(socketOrder));
  const indexes: Indexes = { descendantsOf: descendantsIn(scene.tree), socketsOf: socketsIn(sockets) };
  return drafts.map((one) => targetOf(one, scene, indexes));
}

function methodText(means: Exclude<Means, { how: 'service' }>, asking: string): string {
  switch (means.how) {
    case 'process':
      return asking;
    case 'sites':
      return `stop the IIS site${means.names.length === 1 ? '' : 's'} ${means.names.join(', ')}`;
    case 'refused':
      return means.obstacle.command === null ? 'none' : `manually: ${means.obstacle.command}`;
  }
}
