import type { RawEntry, RawSource } from '../system/raw.ts';

/** What `read` says of an entry that another program has to be waited for. */
export const hasToBeAsked: Omit<RawEntry, 'at'> = {
  refusal: { code: 'Failed', text: 'it has to be waited for' },
};

/** What of `engine/…` may be asked: which engine, whose (absent: the system's), and the container that is to be inspected. */
export const engineEntry = /^(docker|podman)(?:\/(\d{1,10}))?(?:\/inspect\/([0-9a-f]{12,64}))?$/;

/** An entry of a source: containers of an engine (`engine/…`) are waited for, everything else is read. */
export async function waitedFor(
  name: string,
  read: RawSource['read'],
  containers: (engine: string) => Promise<Omit<RawEntry, 'at'>>,
): Promise<RawEntry> {
  const known = read(name);
  return known.refusal === hasToBeAsked.refusal
    ? { at: known.at, ...(await containers(name.slice(name.indexOf('/') + 1))) }
    : known;
}
