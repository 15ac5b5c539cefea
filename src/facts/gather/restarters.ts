import { restartsBy } from '../decode/application/restarts.ts';
import type { Sections } from '../model/facts.ts';
import type { RawSource } from '../../system/raw.ts';
import { argumentsReader } from './arguments.ts';

/** Sets, for each process, which of its arguments makes it restart its child processes. */
export function markRestarters(source: RawSource, { processes }: Pick<Sections, 'processes'>): void {
  const argumentsOf = argumentsReader(source);
  for (const process of processes.data) {
    const found = argumentsOf(process);
    if (found === null) continue;
    const by = restartsBy({ imageName: process.imageName!, arguments: found });
    if (by !== null) process.restartsBy = by;
  }
}
