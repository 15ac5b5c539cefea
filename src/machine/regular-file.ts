import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** fcntl.h: opens only a location in the tree, whatever kind of file it is. */
export const O_PATH = 0o10000000;

const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for reading that another user may have named; null if it is not a regular file. On Linux, nothing else is
 * opened even for a moment: that can start a watchdog, rewind a tape, or wait for the other end of a pipe.
 */
export function openRegular(
  path: string,
  { followLink = true }: { readonly followLink?: boolean } = {},
): number | null {
  const link = followLink ? 0 : (constants.O_NOFOLLOW ?? 0);
  const place = openSync(path, link | (process.platform === 'linux' ? O_PATH : reading));
  let opened: number | null = null;
  try {
    if (fstatSync(place).isFile())
      opened = process.platform === 'linux' ? openSync(`/proc/self/fd/${place}`, reading) : place;
    return opened;
  } finally {
    if (opened !== place) closeSync(place);
  }
}
