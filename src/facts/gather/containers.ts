import { decodeContainers, decodeRestartPolicy, type ListedContainer } from '../decode/engine.ts';
import { controlGroupOf } from '../decode/linux-cgroup.ts';
import { decodeProcess } from '../decode/linux-processes.ts';
import { carriedBy, type Engine } from '../decode/relays.ts';
import type { Container, FieldRefusal, Process, Relay, Sections, Socket } from '../model/facts.ts';
import { holdsPort } from '../model/question.ts';
import { unmapped, withoutScope } from '../../ports/address.ts';
import { askSource, type RawSource, type Refusal } from '../../system/raw.ts';

/** The answer of an engine. */
interface Asked {
  /** The name of its raw entry. */
  readonly name: string;
  readonly engine: Engine;
  readonly containers: readonly ListedContainer[];
  /** Why there is no answer; null if the engine answered or is not installed. */
  readonly refusal: Refusal | null;
}

/** The maximum number of engines to query; each may belong to a different user. */
const most = 16;

const isEngine = (runtime: string): runtime is Engine => runtime === 'docker' || runtime === 'podman';

/**
 * Returns the entry names of the engines that may know a process. Only engines of the user who runs the process are
 * used.
 */
function entriesFor(source: RawSource, { pid, container }: Process, engines: readonly Engine[]): string[] {
  if (source.platform === 'win32') return engines.map((engine) => `engine/${engine}`);
  const details = decodeProcess(source.read(`process/${pid}`).text ?? '');
  // A process in a container may run as any user; its control group is below the service manager of the user who runs
  // the engine.
  const manager = /\/user@(\d{1,10})\.service\//.exec(controlGroupOf(details?.cgroup ?? '') ?? '')?.[1];
  const uid = container === null ? (details?.uid ?? null) : Number(manager ?? 0);
  if (uid === null) return [];
  return engines.map((engine) => (uid === 0 ? `engine/${engine}` : `engine/${engine}/${uid}`));
}

/** A process, and the engines to query about it. */
interface Candidate {
  readonly process: Process;
  readonly entries: readonly string[];
}

function candidates(source: RawSource, processes: readonly Process[]): Candidate[] {
  return processes.flatMap((process) => {
    const { container, relays = [] } = process;
    const engines =
      container === null
        ? [...new Set(relays.flatMap((relay) => carriedBy(relay)?.engines ?? []))]
        : isEngine(container.runtime)
          ? [container.runtime]
          : [];
    return engines.length === 0 ? [] : [{ process, entries: entriesFor(source, process, engines) }];
  });
}

async function askAll(source: RawSource, names: readonly string[]): Promise<Map<string, Asked>> {
  const answers = await Promise.all(
    names.slice(0, most).map(async (name): Promise<[string, Asked]> => {
      const engine = name.split('/')[1] as Engine;
      const { text, refusal } = await askSource(source, name);
      const containers = text === undefined ? null : decodeContainers(text);
      if (containers !== null) return [name, { name, engine, containers, refusal: null }];
      const reason: Refusal = refusal ?? { code: 'Failed', text: 'its answer is not readable' };
      return [name, { name, engine, containers: [], refusal: reason.code === 'NotSupported' ? null : reason }];
    }),
  );
  return new Map(answers);
}

function named({ engine }: Asked, { ports: _ports, addresses: _addresses, ...container }: ListedContainer): Container {
  return { runtime: engine, ...container };
}

/** Returns a refusal if an engine could not report which container it is. */
function unasked(asked: readonly Asked[]): FieldRefusal[] {
  const silent = asked.find(({ refusal }) => refusal !== null);
  if (silent === undefined) return [];
  const { code, text, needs } = silent.refusal!;
  return [
    {
      field: 'Owner',
      code,
      text: `${silent.engine} could not be asked which container it is: ${text}`,
      needs: needs ?? null,
    },
  ];
}

const wildcards = new Set(['', '0.0.0.0', '::']);

/** Returns the only container that publishes the port of a socket; null if there are none, or several. */
function publisher(containers: readonly ListedContainer[], socket: Socket, relay: Relay): ListedContainer | null {
  const address = unmapped(withoutScope(socket.localAddress));
  // For example, 172.17.0.2:80, or a name.
  const target = /^\[?([0-9a-f.:]+?)\]?:\d{1,5}$/i.exec(relay.target ?? '')?.[1] ?? null;
  const found = [(own: string) => own === address, (own: string) => wildcards.has(own)].map((fits) =>
    containers.filter(
      ({ ports, addresses }) =>
        (target === null || addresses.length === 0 || addresses.includes(target)) &&
        ports.some(
          ({ protocol, address: own, port }) => protocol === socket.protocol && port === socket.localPort && fits(own),
        ),
    ),
  );
  const nearest = found.find((one) => one.length > 0);
  return nearest?.length === 1 ? nearest[0]! : null;
}

/** A container with a known name, and the raw entry that has its details. */
interface Named {
  readonly container: Container;
  readonly entry: string;
}

/** Sets the container that a socket's owner forwards to. Returns null if it is unknown. */
function nameSocket(socket: Socket, relay: Relay, asked: readonly Asked[]): Named | null {
  for (const one of asked) {
    const container = publisher(one.containers, socket, relay);
    if (container !== null) {
      socket.container = named(one, container);
      return { container: socket.container, entry: `${one.name}/inspect/${container.id}` };
    }
  }
  socket.refusals.push(...unasked(asked));
  return null;
}

/** Sets the engine's name for the container of a process. Returns null if the engine does not know the container. */
function nameProcess(process: Process, asked: readonly Asked[]): Named | null {
  const { id } = process.container!;
  for (const one of asked) {
    const container = one.containers.find((other) => other.id.startsWith(id));
    if (container !== undefined) {
      process.container = { ...named(one, container), id };
      return { container: process.container, entry: `${one.name}/inspect/${container.id}` };
    }
  }
  process.refusals.push(...unasked(asked));
  return null;
}

/** Returns the relay of a process for a port: the relay for this port, or else the one for all ports. */
function relayOf({ relays = [] }: Process, port: number): Relay | undefined {
  const carriers = relays.filter((relay) => carriedBy(relay) !== null);
  return (
    carriers.find(({ listenPort }) => listenPort === port) ?? carriers.find(({ listenPort }) => listenPort === null)
  );
}

/**
 * Queries the restart policy of each container once. The number of containers is limited, because each takes a separate
 * query.
 */
async function tellPolicies(source: RawSource, found: readonly Named[]): Promise<void> {
  const byEntry = [...Map.groupBy(found, ({ entry }) => entry)].slice(0, most);
  await Promise.all(
    byEntry.map(async ([entry, all]) => {
      const { text } = await askSource(source, entry);
      const restart = text === undefined ? null : decodeRestartPolicy(text);
      if (restart !== null) for (const { container } of all) container.restart = restart;
    }),
  );
}

/**
 * Queries Docker and Podman for the names of containers that own ports or that owners forward ports to and, if
 * requested, for their restart policies. For a user's process, only that user's engines are queried.
 */
export async function nameContainers(
  source: RawSource,
  { sockets, processes }: Sections,
  withPolicies: boolean,
): Promise<void> {
  const found = candidates(source, processes.data);
  const answers = await askAll(source, [...new Set(found.flatMap(({ entries }) => entries))]);
  const askedOf = ({ entries }: Candidate): Asked[] => entries.flatMap((name) => answers.get(name) ?? []);
  const relaying = new Map<number, Candidate>();
  const told: (Named | null)[] = [];
  for (const one of found) {
    if (one.process.container === null) relaying.set(one.process.pid, one);
    else told.push(nameProcess(one.process, askedOf(one)));
  }
  for (const socket of relaying.size === 0 ? [] : sockets.data) {
    const pid = holdsPort(socket) ? socket.holders.find((holder) => relaying.has(holder)) : undefined;
    const one = pid === undefined ? undefined : relaying.get(pid);
    const relay = one === undefined ? undefined : relayOf(one.process, socket.localPort);
    if (relay !== undefined) told.push(nameSocket(socket, relay, askedOf(one!)));
  }
  if (withPolicies)
    await tellPolicies(
      source,
      told.filter((one) => one !== null),
    );
}
