import type { Facts, HttpQueue, Process, Socket } from '../facts/model/facts.ts';
import type { Platform, Refusal } from '../system/raw.ts';
import { quote } from '../diagnosis/quote.ts';
import { containerCommands, quotePattern, serviceUnit, systemctlCommand } from '../diagnosis/stop-commands.ts';
import { isUnfound } from '../ownership/absent.ts';
import { processText } from '../ownership/attribution.ts';
import { endpoints } from '../ownership/endpoints.ts';
import { roleOf } from '../ownership/starters.ts';
import { watcherOf } from '../ownership/origin.ts';
import { portProxyOf } from '../ownership/relays.ts';
import { queuesBehind } from '../ownership/kernel.ts';
import { reasonTexts, type OwnedEndpoint } from '../ownership/owned.ts';
import type { Self, ServiceId, ServiceState, Site, TreeProcess } from '../system/hands.ts';
import { endpointKeyText, whatText, type EndpointKey, type Identity } from './identity.ts';
import { isServiceHost, protectedReason } from './protected.ts';

/** All that a plan is made from. */
export interface Situation {
  /** Every socket of the machine, with owners, paths, parents and services. */
  readonly facts: Facts;
  /** Every process. */
  readonly tree: readonly TreeProcess[];
  readonly self: Self;
  /** How a program is asked here, in words. */
  readonly asking: string;
  readonly service: (id: ServiceId) => ServiceState | null;
  readonly sites: () => readonly Site[];
  /** Whether this user may stop a process: null when so. */
  readonly mayStop: (pid: number, startTime: string) => Refusal | null;
}

/** Why a target is not stopped. `rights`: more of them would change that. `untold`: whose it is could not be told. */
export interface Obstacle {
  readonly text: string;
  readonly rights: boolean;
  readonly untold?: boolean;
  /** What the user can do instead. */
  readonly command: string | null;
}

export interface Member {
  readonly pid: number;
  readonly startTime: string;
  readonly imageName: string | null;
}

/** What is done to a target. */
export type Means =
  /** Ask these, the owner first, and with --force end them. */
  | { readonly how: 'process'; readonly members: readonly Member[] }
  | {
      readonly how: 'service';
      readonly id: ServiceId;
      /** Whether it may be ended by force. */ readonly alone: boolean;
    }
  | { readonly how: 'sites'; readonly names: readonly string[] }
  | { readonly how: 'refused'; readonly obstacle: Obstacle };

/** One thing to stop, and what would end with it. */
export interface Target extends Identity {
  readonly imageName: string | null;
  readonly owner: string;
  readonly means: Means;
  readonly method: string;
  readonly command: string | null;
  readonly holders: readonly TreeProcess[];
  readonly children: readonly TreeProcess[];
  readonly services: readonly string[];
  readonly dependents: readonly string[];
  readonly otherPorts: readonly EndpointKey[];
  readonly connections: number;
  readonly supervisor: string | null;
  readonly notes: readonly string[];
}

const keyOf = (socket: Pick<Socket, 'protocol' | 'localAddress' | 'localPort'>): EndpointKey => ({
  protocol: socket.protocol,
  address: socket.localAddress,
  port: socket.localPort,
});

/** Waits for others on its port: what a stop is about. */
export function listens({ protocol, state, remotePort }: Pick<Socket, 'protocol' | 'state' | 'remotePort'>): boolean {
  return protocol === 'TCP' ? state === 'Listen' : remotePort === null;
}

function parentOf(one: TreeProcess, tree: ReadonlyMap<number, TreeProcess>): TreeProcess | undefined {
  const above = tree.get(one.parent);
  // A number that went to a younger process is no parent.
  const younger =
    above !== undefined && above.startTime !== null && one.startTime !== null && above.startTime > one.startTime;
  return younger ? undefined : above;
}

/** A process and all above it. */
function lineOf(pid: number, tree: ReadonlyMap<number, TreeProcess>): TreeProcess[] {
  const line = new Set<TreeProcess>();
  for (let next = tree.get(pid); next !== undefined && !line.has(next); next = parentOf(next, tree)) line.add(next);
  return [...line];
}

/** What finds all that processes have started, and what those have, in the order of the tree. */
function descendantsIn(tree: ReadonlyMap<number, TreeProcess>): (pids: readonly number[]) => TreeProcess[] {
  const children = new Map<number, { readonly one: TreeProcess; readonly order: number }[]>();
  for (const [order, one] of [...tree.values()].entries()) {
    const parent = parentOf(one, tree);
    if (parent === undefined) continue;
    const known = children.get(parent.pid);
    if (known === undefined) children.set(parent.pid, [{ one, order }]);
    else known.push({ one, order });
  }
  return (pids) => {
    const seen = new Set(pids);
    const found: { readonly one: TreeProcess; readonly order: number }[] = [];
    // It grows while it is walked.
    for (const pid of seen) {
      for (const child of children.get(pid) ?? []) {
        if (seen.has(child.one.pid)) continue;
        seen.add(child.one.pid);
        found.push(child);
      }
    }
    return found.toSorted((a, b) => a.order - b.order).map(({ one }) => one);
  };
}

/** What finds the sockets that processes have, in the order of the list. */
function socketsIn(sockets: readonly Socket[]): (pids: readonly number[]) => Socket[] {
  const byPid = new Map<number, Set<number>>();
  for (const [order, { pid, holders }] of sockets.entries()) {
    for (const holder of pid === null ? [] : [pid, ...holders]) {
      const known = byPid.get(holder);
      if (known === undefined) byPid.set(holder, new Set([order]));
      else known.add(order);
    }
  }
  return (pids) =>
    [...new Set(pids.flatMap((pid) => [...(byPid.get(pid) ?? [])]))]
      .sort((a, b) => a - b)
      .map((order) => sockets[order]!);
}

/** Relays that a container's runtime keeps, by the name the facts give them: the container is what one stops. */
const containerRelays = /^(?:docker-proxy|Docker Desktop|rootless port forwarder|slirp4netns|pasta|Podman machine)/;

const obstacle = (text: string, more: Partial<Obstacle> = {}): Means => ({
  how: 'refused',
  obstacle: { text, rights: false, command: null, ...more },
});
const fromRefusal = ({ code, text, needs }: Refusal): Means =>
  obstacle(needs === undefined ? text : `${text} (needs ${needs})`, { rights: code === 'AccessDenied' });

/** One socket and what is said of it. */
interface Found {
  readonly socket: Socket;
  readonly row: OwnedEndpoint;
}

interface Draft {
  readonly found: Found[];
  readonly pid: number;
  readonly means: Means;
  readonly services: readonly string[];
  readonly dependents: readonly string[];
  readonly notes: readonly string[];
  readonly command: string | null;
}

/** What a stop of these sockets would do: pure but for what the situation looks up. One target for each owner. */
export function planStop(situation: Situation, wanted: (socket: Socket) => boolean): Target[] {
  const { facts, self } = situation;
  const { platform, name: computer } = facts.machine;
  const tree = new Map(situation.tree.map((one) => [one.pid, one]));
  const processes = new Map(facts.sections.processes.data.map((one) => [one.pid, one]));
  const ancestors = new Set(lineOf(self.pid, tree).map(({ pid }) => pid));
  const sockets = facts.sections.sockets.data.filter(wanted);
  const rows = endpoints(facts, sockets, { live: true, serviceName: null });

  const draft = (found: Found, pid: number, means: Means, more: Partial<Draft> = {}): Draft => ({
    found: [found],
    pid,
    means,
    services: [],
    dependents: [],
    notes: [],
    command: means.how === 'refused' ? means.obstacle.command : null,
    ...more,
  });
  const services = Map.groupBy(facts.sections.services.data, ({ pid }) => pid);
  const servicesOf = (pid: number): string[] => (services.get(pid) ?? []).map(({ name }) => name);
  const startOf = (pid: number): string | null => processes.get(pid)?.startTime ?? tree.get(pid)?.startTime ?? null;
  const idOf = (name: string, pid: number, user: number | null = null): ServiceId => ({
    name,
    pid,
    startTime: startOf(pid),
    user,
  });

  /** Why not even the process's owner may end it; null when nothing speaks against it. */
  function never(pid: number): string | null {
    const named = processes.get(pid) ?? { pid, imageName: tree.get(pid)?.imageName ?? null, path: null };
    if (ancestors.has(pid)) return pid === self.pid ? 'it is this program' : 'it is a program that this one runs in';
    return protectedReason(named, platform);
  }

  function byService(found: Found, id: ServiceId, more: Partial<Draft> = {}): Draft | null {
    const state = situation.service(id);
    if (state === null) return null;
    const services = [...state.triggers, id.name];
    const process = processes.get(id.pid);
    const reason = never(id.pid);
    // A host of shared services is not ended, its service is stopped: only what stands above this program forbids that.
    const forbidden =
      reason !== null &&
      (ancestors.has(id.pid) || !isServiceHost(process ?? { imageName: null, path: null, pid: id.pid }));
    const shared = servicesOf(id.pid).length > 1 || (process !== undefined && isServiceHost(process));
    const means: Means = forbidden
      ? obstacle(reason)
      : state.foreign !== null
        ? obstacle(`it cannot be stopped as ${id.name}: ${state.foreign}`)
        : state.refusal !== null
          ? fromRefusal(state.refusal)
          : { how: 'service', id, alone: !shared };
    return draft(found, id.pid, means, {
      services,
      dependents: state.dependents,
      command: state.foreign === null ? serviceCommand(id, state, platform) : null,
      ...more,
    });
  }

  function byProcess(found: Found, owner: number): Draft {
    const { holders } = found.socket;
    const all = [owner, ...holders.filter((pid) => pid !== owner && pid !== 4)];
    for (const pid of all) {
      const reason = never(pid);
      if (reason !== null)
        return draft(
          found,
          owner,
          obstacle(
            pid === owner
              ? reason
              : `${processText(processes.get(pid) ?? { pid, imageName: null })} holds the listener too: ${reason}`,
          ),
        );
    }
    const members: Member[] = [];
    for (const pid of all) {
      const startTime = startOf(pid);
      if (startTime === null)
        return draft(
          found,
          owner,
          obstacle(`when process ${pid} was started cannot be seen, so that it could be mistaken for another one`, {
            rights: facts.machine.elevated !== true,
          }),
        );
      const refusal = situation.mayStop(pid, startTime);
      if (refusal !== null && refusal.code !== 'Gone') return draft(found, owner, fromRefusal(refusal));
      members.push({ pid, startTime, imageName: processes.get(pid)?.imageName ?? tree.get(pid)?.imageName ?? null });
    }
    return draft(found, owner, { how: 'process', members });
  }

  function ofProcess(found: Found, pid: number): Draft {
    const process = processes.get(pid);
    if (process === undefined) {
      const { heirs = [] } = found.socket;
      const names = heirs.map((heir) =>
        processText(processes.get(heir) ?? tree.get(heir) ?? { pid: heir, imageName: null }),
      );
      return draft(
        found,
        pid,
        obstacle(
          names.length === 0
            ? `process ${pid} has ended, and who has its listener now cannot be seen`
            : `process ${pid} has ended, and its listener lives on in one of the programs that it started: ${names.join(', ')}; Windows does not say which`,
          // Which of them has it is not shown: none is ended on a guess.
          heirs.length === 1 ? { command: `Get-Process -Id ${heirs[0]}` } : {},
        ),
      );
    }
    const { container } = process;
    if (container !== null && container.id !== self.container) {
      const commands = containerCommands(container, pid);
      const command = commands?.stop ?? commands?.look ?? null;
      const how = command === null ? '' : commands?.stop == null ? `; this shows it: ${command}` : `: ${command}`;
      return draft(
        found,
        pid,
        obstacle(`it runs in a container, which is stopped as a whole${how}`, {
          command,
        }),
      );
    }
    const relay = relayDraft(found, pid, process);
    if (relay !== null) return relay;
    if (platform === 'win32') {
      const names = found.row.Services ?? [];
      if (names.length > 1) {
        return draft(
          found,
          pid,
          obstacle(`it hosts several services, and which of them listens cannot be seen: ${names.join(', ')}`, {
            rights: facts.machine.elevated === false,
          }),
          { services: names },
        );
      }
      const service = names.length === 1 ? byService(found, idOf(names[0]!, pid)) : null;
      if (service !== null) return service;
      if (isServiceHost(process))
        return draft(
          found,
          pid,
          obstacle('it hosts services, and which of them listens cannot be seen', {
            rights: facts.machine.elevated === false,
          }),
        );
    } else {
      // Inside of the container that this program runs in too, the unit is that of the systemd there.
      const unit = serviceUnit({ ...process, container: null });
      const own = unit !== null && unit.name === self.unit && unit.user === self.unitUser;
      const service = unit === null || own ? null : byService(found, idOf(unit.name, pid, unit.user));
      if (service !== null) return service;
    }
    return byProcess(found, pid);
  }

  function relayDraft(found: Found, pid: number, process: Process): Draft | null {
    if (found.row.OwnerKind !== 'Relay') return null;
    const port = found.socket.localPort;
    const relay = found.socket.holders
      .concat(pid)
      .flatMap((one) => processes.get(one)?.relays ?? [])
      .find(({ listenPort }) => listenPort === null || listenPort === port);
    if (relay !== undefined && containerRelays.test(relay.name)) {
      const tool = /Podman|pasta|slirp|rootless/.test(relay.name) ? 'podman' : 'docker';
      const command = `${tool} ps --filter publish=${port}`;
      return draft(
        found,
        pid,
        obstacle(
          `it passes the port on to a container, and ending it would cut off others: find the container with ${command} and stop that`,
          { command },
        ),
      );
    }
    if (relay !== undefined && relay.name.startsWith('WSL')) {
      return draft(
        found,
        pid,
        obstacle(
          'it passes the port on to a program in WSL, which is stopped there: wsl --list --running names the machines',
          { command: 'wsl --list --running' },
        ),
      );
    }
    const proxy = portProxyOf(facts.sections.portProxies?.data ?? [], found.socket);
    if (proxy !== undefined && /^svchost/i.test(process.imageName ?? '')) {
      const address = quote(proxy.listenAddress, 'win32');
      const command =
        address === null
          ? null
          : `netsh interface portproxy delete ${proxy.table} listenport=${port} listenaddress=${address}`;
      return draft(
        found,
        pid,
        obstacle('it is a rule of netsh interface portproxy, which is deleted instead of stopping all rules', {
          command,
        }),
      );
    }
    return null;
  }

  let sitesHere: readonly Site[] | undefined;

  /** What serves a queue of HTTP.sys: never HTTP.sys itself, and of IIS the site, not its worker. */
  function ofQueue(found: Found, queue: HttpQueue): Draft {
    const iis =
      (queue.controller !== null && servicesOf(queue.controller).some((name) => name === 'WAS' || name === 'W3SVC')) ||
      queue.processes.some(({ pid }) =>
        /^w3wp\.exe$/i.test(processes.get(pid)?.imageName ?? tree.get(pid)?.imageName ?? ''),
      );
    const first = queue.processes[0];
    if (iis) {
      const port = found.socket.localPort;
      sitesHere ??= situation.sites();
      const sites = sitesHere
        .filter(
          ({ started, bindings }) =>
            started &&
            bindings.some((binding) => /^https?\//i.test(binding) && binding.split(':').at(-2) === String(port)),
        )
        .filter((site) => servesQueue(site, queue));
      const pool = queue.name === null ? 'IIS' : `the IIS application pool ${queue.name}`;
      if (sites.length === 0)
        return draft(
          found,
          4,
          obstacle(`${pool} serves it, and which of its sites does could not be read`, {
            rights: facts.machine.elevated === false,
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
    if (first === undefined) return draft(found, 4, obstacle('HTTP.sys keeps it for a queue that no process serves'));
    const tagged = first.service === null ? servicesOf(first.pid) : [first.service];
    const known = tagged.length > 1 ? (found.row.Services ?? []).filter((name) => tagged.includes(name)) : tagged;
    if (known.length > 1)
      return draft(
        found,
        first.pid,
        obstacle(
          `one of several services of a shared process serves it, and which one cannot be seen: ${known.join(', ')}`,
        ),
        { services: known },
      );
    if (known.length === 1)
      return (
        byService(found, idOf(known[0]!, first.pid)) ??
        draft(found, first.pid, obstacle(`the service ${known[0]} serves it, but its manager cannot be asked`))
      );
    return byProcess(found, first.pid);
  }

  function ofKernel(found: Found): Draft[] {
    const { socket } = found;
    if (platform === 'win32' && found.row.OwnerKind === 'HttpSys') {
      const queues = queuesBehind(facts.sections.httpQueues?.data ?? [], found.socket);
      if (queues.length > 0) return queues.map((queue) => ofQueue(found, queue));
    }
    const cannotTell = platform === 'win32' && found.row.refusals.length > 0;
    const text =
      platform === 'win32'
        ? 'Windows itself listens there, for a driver: the kernel is never stopped'
        : `the Linux kernel itself listens there${socket.kernelPart === undefined ? '' : `, for its ${socket.kernelPart}`}: it is stopped by the tools for that`;
    return [
      draft(
        found,
        socket.pid ?? 0,
        obstacle(cannotTell ? `${text}. ${reasonTexts(found.row.refusals).join('; ')}` : text, {
          rights: cannotTell && facts.machine.elevated === false,
        }),
      ),
    ];
  }

  function drafts(found: Found): Draft[] {
    const { socket, row } = found;
    if (!listens(socket))
      return [draft(found, socket.pid ?? 0, obstacle('it is bound, but does not listen: only listeners are stopped'))];
    if (socket.kernel) return ofKernel(found);
    if (socket.pid === null)
      return [
        draft(
          found,
          0,
          obstacle(`its owner cannot be seen. ${reasonTexts(row.refusals).join('; ')}`, {
            rights: row.refusals.some(({ code }) => code === 'AccessDenied'),
            untold: isUnfound(socket),
          }),
        ),
      ];
    // systemd itself has a socket open for a service that it starts on demand: the service and the socket's unit are what to stop.
    const activated =
      platform === 'linux' && socket.pid === 1
        ? socket.holders.find((pid) => pid !== 1 && processes.has(pid) && serviceUnit(processes.get(pid)!) !== null)
        : undefined;
    if (activated !== undefined) {
      const unit = serviceUnit(processes.get(activated)!)!;
      const service = byService(found, idOf(unit.name, activated, unit.user));
      if (service !== null && service.services.length > 1) return [service];
    }
    if (platform === 'linux' && socket.pid === 1 && processes.get(1)?.imageName === 'systemd') {
      return [
        draft(
          found,
          1,
          obstacle(
            'systemd listens for a service that it starts on demand: stop its socket unit, which systemctl list-sockets names',
            { command: 'systemctl list-sockets' },
          ),
        ),
      ];
    }
    return [ofProcess(found, socket.pid)];
  }

  const merged = new Map<string, Draft>();
  sockets.forEach((socket, index) => {
    for (const one of drafts({ socket, row: rows[index]! })) {
      const key = `${one.pid} ${one.pid === 0 ? index : ''} ${meansText(one.means)}`;
      const same = merged.get(key);
      if (same === undefined) merged.set(key, one);
      else same.found.push(...one.found);
    }
  });

  const descendantsOf = descendantsIn(tree);
  const socketsOf = socketsIn(facts.sections.sockets.data);
  return [...merged.values()].map((one): Target => {
    const { found, means, pid } = one;
    const holders = means.how === 'process' ? means.members.map((member) => member.pid) : [pid];
    const index = new Set(found.map(({ socket }) => socket));
    const ending = pid <= 4 ? [] : means.how === 'service' && !means.alone ? [] : [...new Set(holders)];
    const own = socketsOf(ending);
    const isHolder = new Set(holders);
    const parent = ending.length === 0 ? undefined : lineOf(pid, tree)[1];
    const state = means.how === 'service' ? situation.service(means.id) : null;
    const startTime = pid <= 4 ? null : startOf(pid);
    const process = processes.get(pid) ?? tree.get(pid);
    const fact = processes.get(pid);
    const watcher = fact === undefined ? null : watcherOf(fact, { processes, servicesOf: services });
    return {
      endpoints: found
        .map(({ socket }) => keyOf(socket))
        .toSorted((a, b) => (endpointKeyText(a) < endpointKeyText(b) ? -1 : 1)),
      pid,
      startTime,
      computer,
      what:
        means.how === 'service'
          ? whatText('service', [means.id.name])
          : means.how === 'sites'
            ? whatText('sites', means.names)
            : null,
      imageName: process?.imageName ?? null,
      owner: found[0]!.row.Owner ?? (process === undefined ? 'unknown' : processText(process)),
      means,
      method: means.how === 'service' ? (one.command ?? 'stop the service') : methodText(means, situation.asking),
      command: one.command,
      holders: holders
        .slice(1)
        .map((holder) => tree.get(holder) ?? { pid: holder, parent: 0, startTime: null, imageName: null }),
      children: descendantsOf(ending).filter((child) => !isHolder.has(child.pid)),
      services: one.services,
      dependents: one.dependents,
      otherPorts: own.filter((socket) => listens(socket) && !index.has(socket)).map(keyOf),
      connections: own.filter((socket) => socket.remotePort !== null && socket.state !== 'TimeWait').length,
      supervisor:
        state?.restarts === true
          ? 'its service manager'
          : means.how === 'process'
            ? (watcher ?? (parent === undefined || ancestors.has(parent.pid) ? null : parentText(parent, processes)))
            : null,
      notes: one.notes,
    };
  });
}

/** A parent that may start its child again: one that is not known to start programs for people alone. */
function parentText(parent: TreeProcess, processes: ReadonlyMap<number, Process>): string | null {
  const known = processes.get(parent.pid) ?? { ...parent, path: null };
  const role = roleOf(known);
  const forPeople = role !== null && role !== 'Supervisor' && role !== 'Scheduler';
  return parent.pid <= 2 || forPeople ? null : processText(known);
}

/** What is done to what, in one text: two of them are the same only when both are. */
export function meansText(means: Means): string {
  switch (means.how) {
    case 'service':
      return JSON.stringify([means.how, means.id.name, means.id.user, means.id.pid, means.id.startTime]);
    case 'sites':
      return JSON.stringify([means.how, means.names]);
    case 'refused':
      return JSON.stringify([means.how, means.obstacle.text]);
    case 'process':
      return JSON.stringify([means.how, means.members.map(({ pid, startTime }) => [pid, startTime])]);
  }
}

/** Whether a site of IIS is served by the queue: one of its pools, and of what runs, a worker of that pool. */
function servesQueue({ pools, workers }: Site, queue: HttpQueue): boolean {
  const name = queue.name?.toLowerCase();
  return (
    pools.some((pool) => pool.toLowerCase() === name) &&
    (queue.processes.length === 0 || queue.processes.some(({ pid }) => workers.includes(pid)))
  );
}

/** What stops a service by hand. */
function serviceCommand(
  { name }: ServiceId,
  { manager, triggers, dependents }: ServiceState,
  platform: Platform,
): string | null {
  if (platform !== 'win32') return systemctlCommand('stop', [...triggers, name], manager);
  const quoted = quotePattern(name);
  return quoted === null ? null : `Stop-Service ${quoted}${dependents.length > 0 ? ' -Force' : ''}`;
}

function methodText(means: Exclude<Means, { how: 'service' }>, asking: string): string {
  switch (means.how) {
    case 'process':
      return asking;
    case 'sites':
      return `stop the IIS site${means.names.length === 1 ? '' : 's'} ${means.names.join(', ')}`;
    case 'refused':
      return means.obstacle.command === null ? 'none' : `by hand: ${means.obstacle.command}`;
  }
}
