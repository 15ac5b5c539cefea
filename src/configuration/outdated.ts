import type { AskedMachine } from '../facts/machine.ts';
import { holdsPort, pidsOf } from '../facts/model/question.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import { listenersQuestion, type Configured } from './instances.ts';
import { settingText, type RankedPort } from './overlay.ts';

/*
 * Servers that still run with the configuration that they started with: a file was changed since, by a move without a
 * restart or by hand. What they listen on is in no file any more.
 */

/** A running server that listens on ports of no setting, and settings of changed files where it does not listen. */
export interface Outdated {
  readonly configured: Configured;
  /** The ports that it listens on. */
  readonly ports: readonly number[];
  readonly places: readonly RankedPort[];
  /** When the last of the files was changed, ISO 8601, UTC. */
  readonly at: string;
}

/** Returns whether a configured server listens where a place says. */
export function isConfirmed({ sockets }: Pick<Configured, 'sockets'>, place: RankedPort): boolean {
  return sockets.some(({ protocol, localPort }) => protocol === place.protocol && localPort === place.port);
}

/** Returns what a running server does not use of its configuration yet; null if it uses all. */
export function outdated(configured: Configured, machine: ConfigurationMachine): Outdated | null {
  const { instance, sockets, startTime, places } = configured;
  if (instance.pid === null || startTime === null) return null;
  const started = Date.parse(startTime);
  const changes = new Map<string, number>();
  const missed = places.filter((place) => {
    const { role, isEffective, port, source } = place;
    if (role !== 'listen' || !isEffective || !port || source.kind !== 'file' || isConfirmed(configured, place))
      return false;
    const { path } = source.file;
    const changed = changes.get(path) ?? machine.changedAt(path) ?? 0;
    changes.set(path, changed);
    return changed > started;
  });
  const protocols = new Set(missed.map(({ protocol }) => protocol));
  const named = new Set(places.filter(({ role }) => role === 'listen').map(({ port }) => port));
  const ports = sockets.filter(
    ({ protocol, state, localPort }) => protocols.has(protocol) && state !== 'Bound' && !named.has(localPort),
  );
  if (ports.length === 0) return null;
  const last = Math.max(...changes.values());
  return {
    configured,
    ports: [...new Set(ports.map(({ localPort }) => localPort))].toSorted((a, b) => a - b),
    places: missed,
    at: new Date(last).toISOString(),
  };
}

const isOf = ({ ports }: Outdated, port: number): boolean => ports.includes(port);

/** Describes why a setting has no effect yet. */
export const outdatedReason = ({ ports, at }: Outdated): string =>
  `the running server does not listen there, but on port ${ports.join(', ')}: it started before the file was changed (${at})`;

/** Describes where a server that still listens on a port will listen after a restart. */
export const outdatedText = ({ configured: { family, instance }, places, at }: Outdated, port: number): string =>
  `${family.name} (process ${instance.pid ?? '?'}) still listens on port ${port}: it started before its configuration was changed (${at}); after a restart, it uses ${places.map(settingText).join(', ')}`;

/** Returns what the servers that hold a port do not use yet. The sockets of these servers are known for this port only. */
export async function outdatedAt(
  port: number,
  all: readonly Configured[],
  asked: AskedMachine,
  machine: ConfigurationMachine,
): Promise<string[]> {
  const candidates = all.filter((one) => {
    const found = outdated(one, machine);
    return found !== null && isOf(found, port);
  });
  if (candidates.length === 0) return [];
  const { sections } = await asked.facts({ ...listenersQuestion, details: new Set(['owner'] as const), ranges: false });
  return candidates.flatMap((one) => {
    const pids = new Set(one.sockets.flatMap(pidsOf));
    const sockets = sections.sockets.data.filter(
      (held) => holdsPort(held) && pidsOf(held).some((pid) => pids.has(pid)),
    );
    const found = outdated({ ...one, sockets }, machine);
    return found !== null && isOf(found, port) ? [outdatedText(found, port)] : [];
  });
}
