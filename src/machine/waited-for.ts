import type { RawEntry, RawSource } from '../system/raw.ts';

/** What `read` says of an entry that another program has to be waited for. */
export const hasToBeAsked: Omit<RawEntry, 'at'> = {
  refusal: { code: 'Failed', text: 'it has to be waited for' },
};

/** What of `engine/…` may be asked: which engine, whose (absent: the system's), and the container that is to be inspected. */
export const engineEntry = /^(docker|podman)(?:\/(\d{1,10}))?(?:\/inspect\/([0-9a-f]{12,64}))?$/;

/** An entry of a source: what a manager is asked for (`engine/…`, `unit/…`) is waited for, everything else is read. */
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
