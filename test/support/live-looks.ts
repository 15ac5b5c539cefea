// Looks at a machine of which a test says what it has, one look after the other.
import { lookAtAll, startLooking, type Looker, type LookRequest } from '../../src/live/looker.ts';
import type { Look } from '../../src/live/look.ts';
import type { Platform, RawSource } from '../../src/system/raw.ts';
import { linux, type World } from './linux-raw.ts';

export interface Scene {
  /** Looks at this, `seconds` after the last look: a Linux machine, or any source. */
  readonly look: (world: World | RawSource, seconds?: number) => Promise<Look>;
  readonly looker: Looker;
  /** The names of all entries that were read since they were last taken. */
  readonly taken: () => string[];
}

/** Starts to look at a machine that changes. */
export async function scene(request: Partial<LookRequest> = {}, platform: Platform = 'linux'): Promise<Scene> {
  let world: RawSource = linux({});
  let names: string[] = [];
  let at = 1000;
  const source: RawSource = {
    platform,
    read(name, hint) {
      names.push(name);
      return world.read(name, hint);
    },
  };
  const looker = await startLooking({ source, close() {} }, { ...lookAtAll, ...request }, { clock: () => at, now: () => new Date(at) });
  return {
    looker,
    look(next, seconds = 1) {
      world = 'platform' in next ? next : linux(next);
      at += seconds * 1000;
      return looker.look();
    },
    taken() {
      const all = names;
      names = [];
      return all;
    },
  };
}
