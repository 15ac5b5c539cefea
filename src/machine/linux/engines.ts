import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errorCode } from '../../io/errors.ts';
import { moreRights, type RawEntry } from '../../system/raw.ts';
import { askEngine } from '../engine.ts';
import { O_PATH } from '../regular-file.ts';
import { engineEntry } from '../waited-for.ts';

type Answer = Omit<RawEntry, 'at'>;

const files: Readonly<Record<string, string>> = { docker: 'docker.sock', podman: 'podman/podman.sock' };

const absent: Answer = { refusal: { code: 'NotSupported', text: 'it does not run here' } };

/**
 * Queries the engine behind a socket that `uid` created. The socket is opened first and reached by descriptor: a user's
 * folder may contain another user's socket instead, to which root would then connect on the user's behalf.
 */
async function askOwn(path: string, uid: number, container: string | null): Promise<Answer> {
  let place: number;
  try {
    place = openSync(path, O_PATH | constants.O_NONBLOCK);
  } catch (error) {
    return errorCode(error) === 'EACCES'
      ? { refusal: { code: 'AccessDenied', text: 'access is denied', needs: moreRights.linux } }
      : absent;
  }
  try {
    const found = fstatSync(place);
    if (!found.isSocket() || found.uid !== uid) return absent;
    return await askEngine(`/proc/self/fd/${place}`, `${moreRights.linux}, or the group of ${path}`, { container });
  } finally {
    closeSync(place);
  }
}

/** The containers of `docker` or `podman`, or of a user's engine: `podman/1000`; or one: `docker/inspect/ID`. */
export async function containers(engine: string): Promise<Answer> {
  const [, name = '', user, container = null] = engineEntry.exec(engine) ?? [];
  const folders = user === undefined ? ['/run', '/var/run'] : [`/run/user/${user}`];
  let last = absent;
  for (const folder of folders) {
    last = await askOwn(`${folder}/${files[name]}`, Number(user ?? 0), container);
    if (last.refusal?.code !== 'NotSupported') return last;
  }
  return last;
}
