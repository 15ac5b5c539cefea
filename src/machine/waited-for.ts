import type { RawEntry, RawSource } from '../system/raw.ts';

/** The answer of `read` for an entry that requires waiting for another program. */
export const hasToBeAsked: Omit<RawEntry, 'at'> = {
  refusal: { code: 'Failed', text: 'it has to be waited for' },
};

/** The valid names of `engine/…`: the engine, its user (absent: the system's), and the container to inspect. */
export const engineEntry = /^(docker|podman)(?:\/(\d{1,10}))?(?:\/inspect\/([0-9a-f]{12,64}))?$/;

/** An entry of a source: waits for those that a manager answers (`engine/…`, `unit/…`), and reads all others. */
export async function waitedFor(
  name: string,
  read: RawSource['read'],
  ask: (first: string, rest: string) => Promise<Omit<RawEntry, 'at'>>,
): Promise<RawEntry> {
  const known = read(name);
  const slash = name.indexOf('/');
  return known.refusal === hasToBeAsked.refusal
    ? { at: known.at, ...(await ask(name.slice(0, slash), name.slice(slash + 1))) }
    : known;
}
