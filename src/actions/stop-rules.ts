import { carriedBy, type Carried } from '../facts/decode/relays.ts';
import type { HttpQueue, Process, Relay, Socket } from '../facts/model/facts.ts';
import { quote } from '../diagnosis/quote.ts';
import { carriedList, carriedStop, containerCommands, stoppableUnit } from '../diagnosis/stop-commands.ts';
import { isUnfound } from '../ownership/absent.ts';
import { processText } from '../ownership/attribution.ts';
import { portProxyOf } from '../ownership/relays.ts';
import { queuesBehind, startingService } from '../ownership/kernel.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Site } from '../system/hands.ts';
import { byProcess, byService, draft, obstacle, type StopDraft, type FoundListener, type Scene } from './draft.ts';
import { isServiceHost } from './protected.ts';
import { listens } from './target.ts';

/** One rule for stopping a socket; null if it does not apply. */
type SocketRule = (scene: Scene, found: FoundListener) => readonly StopDraft[] | null;

/** The same for a socket of an existing process. */
type ProcessRule = (scene: Scene, found: FoundListener, pid: number, process: Process) => StopDraft | null;

/** Says what is missing. */
const refusalTexts = ({ refusals }: OwnedEndpoint): string =>
  [...new Set(refusals.map(({ text }) => text))].join('; ') || 'the reason is unknown';

const boundOnly: SocketRule = (_scene, found) =>
  listens(found.socket)
    ? null
    : [draft(found, found.socket.pid ?? 0, obstacle('it is bound, but does not listen: only listeners are stopped'))];

/** For a port of HTTP.sys, stops the program that serves it, never HTTP.sys itself. */
const ofHttpSys: SocketRule = (scene, found) => {
  if (!found.socket.kernel || scene.platform !== 'win32' || found.row.OwnerKind !== 'HttpSys') return null;
  const queues = queuesBehind(scene.facts.sections.httpQueues?.data ?? [], found.socket);
  return queues.length === 0 ? null : queues.map((queue) => ofQueue(scene, found, queue));
};

const ofKernel: SocketRule = ({ platform, facts }, found) => {
  const { socket, row } = found;
  if (!socket.kernel) return null;
  const cannotTell = platform === 'win32' && row.refusals.length > 0;
  const part = socket.kernelPart === undefined ? '' : `, for its ${socket.kernelPart}`;
  const text =
    platform === 'win32'
      ? 'Windows itself listens there, for a driver: the kernel is never stopped'
      : `the Linux kernel itself listens there${part}: use the tools for that to stop it`;
  return [
    draft(
      found,
      socket.pid ?? 0,
      obstacle(cannotTell ? `${text}; ${refusalTexts(row)}` : text, {
        rights: cannotTell && facts.machine.elevated === false,
      }),
    ),
  ];
};

const ofNobody: SocketRule = (_scene, found) => {
  const { socket, row } = found;
  if (socket.pid !== null) return null;
  return [
    draft(
      found,
      0,
      obstacle(`its owner cannot be seen: ${refusalTexts(row)}`, {
        unseen: true,
        rights: row.refusals.some(({ code }) => code === 'AccessDenied'),
        untold: isUnfound(socket),
      }),
    ),
  ];
};

/**
 * For a socket that systemd itself opened for a service that it starts on demand, stops the service and the unit of the
 * socket.
 */
const activatedService: SocketRule = (scene, found) => {
  const { socket } = found;
  const { platform, processes } = scene;
  if (platform !== 'linux' || socket.pid !== 1) return null;
  const unitOf = (pid: number) => (processes.has(pid) ? stoppableUnit(processes.get(pid)!) : null);
  const activated = socket.holders.find((pid) => pid !== 1 && unitOf(pid) !== null);
  if (activated === undefined) return null;
  const unit = unitOf(activated)!;
  const service = byService(scene, found, scene.idOf(unit.name, activated, unit.user));
  return service !== null && service.services.length > 1 ? [service] : null;
};

const ofSystemd: SocketRule = ({ platform, processes }, found) =>
  platform === 'linux' && found.socket.pid === 1 && processes.get(1)?.imageName === 'systemd'
    ? [
        draft(
          found,
          1,
          obstacle('systemd listens for a service that it starts on demand: stop its socket unit', {
            command: 'systemctl list-sockets',
          }),
        ),
      ]
    : null;

/** For a socket of a process that has ended while others hold it, ends nothing on a guess. */
const ofEnded: SocketRule = ({ processes, tree }, found) => {
  const { pid, heirs = [], heirCandidates = [] } = found.socket;
  if (pid === null || processes.has(pid)) return null;
  const textOf = (one: number): string =>
    processText(processes.get(one) ?? tree.get(one) ?? { pid: one, imageName: null });
  const names = heirs.map(textOf);
  const candidates = heirCandidates.map(textOf).join(', ');
  const perhaps =
    candidates === ''
      ? ''
      : `; it may be one of the programs that were started since by programs that have ended, too: ${candidates}`;
  const held = `one of the programs that it started still holds its listener: ${names.join(', ')}`;
  const text =
    names.length === 0
      ? `process ${pid} has ended, and who has its listener now cannot be seen${perhaps}`
      : `process ${pid} has ended, but ${held}; Windows does not report which one`;
  const command = heirs.length === 1 ? { command: `Get-Process -Id ${heirs[0]}` } : {};
  return [draft(found, pid, obstacle(text, command))];
};

/** For an existing process, applies the list of rules. */
const ofProcess: SocketRule = (scene, found) => {
  const { pid } = found.socket;
  const process = pid === null ? undefined : scene.processes.get(pid);
  if (pid === null || process === undefined) return null;
  for (const rule of processRules) {
    const one = rule(scene, found, pid, process);
    if (one !== null) return [one];
  }
  return [byProcess(scene, found, pid)];
};

const inContainer: ProcessRule = ({ self }, found, pid, { container }) => {
  if (container === null || container.id === self.container) return null;
  const commands = containerCommands(container, pid);
  const command = commands?.stop ?? commands?.look ?? null;
  const how = command !== null && commands?.stop == null ? ' by its runtime' : '';
  return draft(found, pid, obstacle(`it runs in a container, which is stopped as a whole${how}`, { command }));
};

/** Returns the forwarding of a socket's port, if the row says that its process is a relay. */
function relayBehind({ processes }: Scene, { socket, row }: FoundListener, pid: number): Relay | undefined {
  if (row.OwnerKind !== 'Relay') return undefined;
  return socket.holders
    .concat(pid)
    .flatMap((one) => processes.get(one)?.relays ?? [])
    .find(({ listenPort }) => listenPort === null || listenPort === socket.localPort);
}

/** Returns why a relay is not ended, and the command that finds what it serves. */
function carriedObstacle(carried: Carried, socket: Socket): StopDraft['means'] {
  if (socket.container !== undefined)
    return obstacle('it forwards the port to a container, which is stopped as a whole', {
      command: carriedStop(socket),
    });
  const command = carriedList(carried, socket);
  return obstacle(
    command === null
      ? `it provides the network of a ${carried.what}, which would lose its connection: stop the program inside it instead`
      : 'it forwards the port to a container, and ending it would cut off others: stop the container that uses the port',
    { command },
  );
}

const relayToContainer: ProcessRule = (scene, found, pid) => {
  const relay = relayBehind(scene, found, pid);
  const carried = relay === undefined ? null : carriedBy(relay);
  return carried === null ? null : draft(found, pid, carriedObstacle(carried, found.socket));
};

const relayToWsl: ProcessRule = (scene, found, pid) =>
  relayBehind(scene, found, pid)?.name.startsWith('WSL') === true
    ? draft(
        found,
        pid,
        obstacle('it forwards the port to a program in WSL: stop that program there', {
          command: 'wsl --list --running',
        }),
      )
    : null;

const portProxyRule: ProcessRule = ({ facts }, found, pid, process) => {
  if (found.row.OwnerKind !== 'Relay' || !/^svchost/i.test(process.imageName ?? '')) return null;
  const proxy = portProxyOf(facts.sections.portProxies?.data ?? [], found.socket);
  if (proxy === undefined) return null;
  const address = quote(proxy.listenAddress, 'win32');
  const port = found.socket.localPort;
  const command =
    address === null
      ? null
      : `netsh interface portproxy delete ${proxy.table} listenport=${port} listenaddress=${address}`;
  const text = 'it is a rule of netsh interface portproxy: delete the rule instead of stopping all rules';
  return draft(found, pid, obstacle(text, { command }));
};

/** For a process with Windows services, stops the service that owns the socket, if known. */
const windowsService: ProcessRule = (scene, found, pid, process) => {
  if (scene.platform !== 'win32') return null;
  const rights = scene.facts.machine.elevated === false;
  const names = found.row.Services ?? [];
  if (names.length > 1) {
    const text = `it hosts several services, and which one listens cannot be seen: ${names.join(', ')}`;
    return draft(found, pid, obstacle(text, { rights }), { services: names });
  }
  const service = names.length === 1 ? byService(scene, found, scene.idOf(names[0]!, pid)) : null;
  if (service !== null || !isServiceHost(process)) return service;
  return draft(found, pid, obstacle('it hosts services, and which one listens cannot be seen', { rights }));
};

/** In the container that this program runs in, too, the unit belongs to the systemd there. */
const systemdService: ProcessRule = (scene, found, pid, process) => {
  const { platform, self } = scene;
  const unit = platform === 'win32' ? null : stoppableUnit({ ...process, container: null });
  const isOwn = unit !== null && unit.name === self.unit && unit.user === self.unitUser;
  return unit === null || isOwn ? null : byService(scene, found, scene.idOf(unit.name, pid, unit.user));
};

const sitesOf = new WeakMap<Scene, readonly Site[]>();

/** Returns the IIS sites, which are queried once. */
function sitesHere(scene: Scene): readonly Site[] {
  const known = sitesOf.get(scene) ?? scene.situation.sites();
  sitesOf.set(scene, known);
  return known;
}

/** Returns whether a queue of HTTP.sys is one of IIS. */
function isOfIis({ servicesOf, processes, tree }: Scene, queue: HttpQueue): boolean {
  const { controller } = queue;
  if (controller !== null && servicesOf(controller).some((name) => name === 'WAS' || name === 'W3SVC')) return true;
  return queue.processes.some(({ pid }) =>
    /^w3wp\.exe$/i.test(processes.get(pid)?.imageName ?? tree.get(pid)?.imageName ?? ''),
  );
}

/** For IIS, stops the site, not its worker process. */
function ofSites(scene: Scene, found: FoundListener, queue: HttpQueue): StopDraft {
  const port = String(found.socket.localPort);
  const isOnPort = (binding: string): boolean => /^https?\//i.test(binding) && binding.split(':').at(-2) === port;
  const sites = sitesHere(scene)
    .filter(({ started, bindings }) => started && bindings.some(isOnPort))
    .filter((site) => servesQueue(site, queue));
  const pool = queue.name === null ? 'IIS' : `the IIS application pool ${queue.name}`;
  if (sites.length === 0)
    return draft(
      found,
      4,
      obstacle(`${pool} serves it, but its sites could not be read`, {
        rights: scene.facts.machine.elevated === false,
        command: 'Get-Website | Stop-Website -WhatIf',
      }),
    );
  return draft(
    found,
    4,
    { how: 'sites', names: sites.map(({ name }) => name) },
    { services: sites.map(({ name }) => `site ${name}`), notes: [`${pool} serves it`] },
  );
}

/** Drafts a stop of what serves a queue of HTTP.sys. */
function ofQueue(scene: Scene, found: FoundListener, queue: HttpQueue): StopDraft {
  if (isOfIis(scene, queue)) return ofSites(scene, found, queue);
  const [first] = queue.processes;
  if (first === undefined) return draft(found, 4, obstacle('HTTP.sys keeps it for a queue that no process serves'));
  const tagged = first.service === null ? scene.servicesOf(first.pid) : [first.service];
  const known = tagged.length > 1 ? (found.row.Services ?? []).filter((name) => tagged.includes(name)) : tagged;
  const [only] = known;
  if (only === undefined) {
    const starting = startingService(first.pid, { processes: scene.processes, servicesOf: scene.services });
    const service = starting === null ? null : byService(scene, found, scene.idOf(starting.name, starting.pid));
    return service ?? byProcess(scene, found, first.pid);
  }
  if (known.length > 1) {
    const text = `one of several services in a shared process serves it, and which one cannot be seen: ${known.join(', ')}`;
    return draft(found, first.pid, obstacle(text), { services: known });
  }
  return (
    byService(scene, found, scene.idOf(only, first.pid)) ??
    draft(found, first.pid, obstacle(`the service ${only} serves it, but its manager cannot be asked`))
  );
}

/**
 * Returns whether the queue serves an IIS site: it belongs to one of the site's pools, and any running worker is of
 * that pool.
 */
function servesQueue({ pools, workers }: Site, queue: HttpQueue): boolean {
  const name = queue.name?.toLowerCase();
  return (
    pools.some((pool) => pool.toLowerCase() === name) &&
    (queue.processes.length === 0 || queue.processes.some(({ pid }) => workers.includes(pid)))
  );
}

// In both lists, the first rule that applies decides.

const socketRules: readonly SocketRule[] = [
  boundOnly,
  ofHttpSys,
  ofKernel,
  ofNobody,
  activatedService,
  ofSystemd,
  ofEnded,
  ofProcess,
];

/** If no rule applies, the process itself is stopped. */
const processRules: readonly ProcessRule[] = [
  inContainer,
  relayToContainer,
  relayToWsl,
  portProxyRule,
  windowsService,
  systemdService,
];

/** Returns the drafts for a socket, one for each owner. */
export function draftsOf(scene: Scene, found: FoundListener): readonly StopDraft[] {
  for (const rule of socketRules) {
    const drafts = rule(scene, found);
    if (drafts !== null) return drafts;
  }
  return [];
}
