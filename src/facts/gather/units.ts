import { decodeUnitRestart } from '../decode/linux-units.ts';
import type { Process, Sections } from '../model/facts.ts';
import { askSource, type RawSource } from '../../system/raw.ts';

/** The maximum number of services to query, because each takes a separate query. */
const most = 16;

/** Sets, for owners that systemd runs, what it does when they end. */
export async function tellUnitRestarts(source: RawSource, { sockets, processes }: Sections): Promise<void> {
  if (source.platform !== 'linux') return;
  const owners = new Set(sockets.data.map(({ pid }) => pid));
  const units = Map.groupBy(
    processes.data.filter(({ pid, unit, container }) => owners.has(pid) && unit !== null && container === null),
    ({ unit, unitUser }) => `${unitUser ?? ''} ${unit}`,
  );
  for (const all of [...units.values()].slice(0, most)) await tellOne(source, all);
}

/** Queries one unit. One of its processes represents all of them. */
async function tellOne(source: RawSource, all: readonly Process[]): Promise<void> {
  const { text } = await askSource(source, `unit/${all[0]!.pid}`);
  const told = text === undefined ? null : decodeUnitRestart(text);
  if (told === null) return;
  for (const process of all) if (process.unit === told.unit) process.unitRestart = told.restart;
}
