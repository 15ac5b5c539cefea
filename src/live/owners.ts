import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import { gather } from '../facts/gather/gather.ts';
import type { Detail } from '../facts/model/question.ts';
import { askSource, type RawEntry, type RawSource } from '../system/raw.ts';

/** Entries that stay the same for a while, and are needed for every new owner. */
const lasting = /^(?:machine|boot|users|user\/.*|interfaces|engine\/.*|servicetags|drivers)$/;
const lastsMs = 10_000;

/** Returns a source that remembers lasting entries for a while. */
export function remembering(source: RawSource, clock: () => number): RawSource {
  const known = new Map<string, { readonly entry: RawEntry; readonly at: number }>();
  const fresh = (name: string): RawEntry | null => {
    const one = known.get(name);
    return one !== undefined && clock() - one.at < lastsMs ? one.entry : null;
  };
  const keep = (name: string, entry: RawEntry): RawEntry => {
    if (lasting.test(name)) known.set(name, { entry, at: clock() });
    return entry;
  };
  return {
    platform: source.platform,
    read: (name, hint) => fresh(name) ?? keep(name, source.read(name, hint)),
    ask: async (name) => fresh(name) ?? keep(name, await askSource(source, name)),
  };
}

/** Returns a source that gives these entries once; later, an entry is read again. */
function withEntries(source: RawSource, entries: ReadonlyMap<string, RawEntry>): RawSource {
  const left = new Map(entries);
  return {
    platform: source.platform,
    read(name, hint) {
      const entry = left.get(name);
      if (entry === undefined) return source.read(name, hint);
      left.delete(name);
      return entry;
    },
    ask: async (name) => askSource(source, name),
  };
}

export interface OwnersRequest {
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /** Empty: no owners. */
  readonly details: ReadonlySet<Detail>;
  readonly home: string | null;
  readonly now: () => Date;
}

/** Returns the endpoints of the sockets in these lists, in their order. */
export async function ownersOf(
  source: RawSource,
  entries: ReadonlyMap<string, RawEntry>,
  { protocols, details, home, now }: OwnersRequest,
): Promise<OwnedEndpoint[]> {
  const question = { localPorts: null, protocols, sockets: 'all', details, ranges: false } as const;
  const facts = await gather(withEntries(source, entries), question, now());
  return endpoints(facts, facts.sections.sockets.data, { live: true, serviceName: null, home });
}
