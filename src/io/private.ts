import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from './errors.ts';

/*
 * Files that only this user, or root, can have made: who could change one could choose what this program believes, or
 * have it write into another file. On Windows the folder of a user's own programs belongs to that user alone, and its
 * access list is not looked at.
 */

/** Thrown for what somebody else could have made or could change; the message is the end of a sentence. */
export class NotPrivate extends Error {}

/** Thrown for what is there and no file of ours can be: a link, a pipe, a device, a folder, or too large a file. */
export class NotAFile extends Error {}

const maxLinks = 40;

const entriesOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));

/** Whether a group has no member but this user: the group of their own that many systems give each user. */
function isOwnGroup(gid: number): boolean {
  if (gid === 0) return true;
  const uid = process.geteuid?.();
  if (uid === undefined || gid !== process.getegid?.()) return false;
  try {
    const [name, , , members = ''] = entriesOf('/etc/group').find((entry) => entry[2] === String(gid)) ?? [];
    // With it as the main group one is a member, too.
    const users = entriesOf('/etc/passwd').filter((entry) => entry[3] === String(gid));
    const own = users.find((entry) => entry[2] === String(uid))?.[0];
    return (
      (gid === uid || (own !== undefined && name === own)) &&
      (members === '' || members === own) &&
      users.every((entry) => entry[2] === String(uid))
    );
  } catch {
    return false;
  }
}

/** Throws NotPrivate where another user than root owns a file, folder or link, or may write to it. */
function checkOwner(path: string, { uid, gid, mode }: Stats, mayBeShared: boolean): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  if (uid !== own && uid !== 0) throw new NotPrivate(`${path} belongs to another user (uid ${uid})`);
  // In a folder with the sticky bit others cannot rename or remove what is not theirs.
  if (mayBeShared && (mode & 0o1000) !== 0) return;
  if ((mode & 0o002) !== 0) throw new NotPrivate(`${path} can be written by every user`);
  if ((mode & 0o020) !== 0 && !isOwnGroup(gid)) throw new NotPrivate(`${path} can be written by a group (gid ${gid})`);
}

/** The real path of a folder, every step of which was looked at; null when it is missing and not to be made. */
function walk(path: string, make: boolean): string | null {
  let done = '/';
  let links = 0;
  const rest = path.split('/').filter((name) => name !== '');
  checkOwner(done, lstatSync(done), true);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '.') continue;
    const next = name === '..' ? dirname(done) : join(done, name);
    let found = lstatSync(next, { throwIfNoEntry: false });
    if (found === undefined) {
      if (!make) return null;
      makeFolder(next);
      found = lstatSync(next);
    }
    if (found.isSymbolicLink()) {
      // The mode of a link means nothing.
      checkOwner(next, { ...found, mode: 0 } as Stats, false);
      if (++links > maxLinks) throw Object.assign(new Error(`too many links at ${next}`), { code: 'ELOOP' });
      const target = readlinkSync(next);
      rest.unshift(...target.split('/').filter((part) => part !== ''));
      if (target.startsWith('/')) done = '/';
      continue;
    }
    if (!found.isDirectory()) throw new NotAFile(`${next} is not a folder`);
    checkOwner(next, found, true);
    done = next;
  }
  checkOwner(done, lstatSync(done), false);
  return done;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process created it first; its owner is checked next.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/**
 * Looks whether only this user, or root, can put files into a folder, rename it or those above it, and gives its path
 * without links. One that is missing is made when it is to be, else null is given. Throws NotPrivate, and what the
 * system says.
 */
export function privateFolder(path: string, { make }: { make: boolean }): string | null {
  const full = resolve(path);
  if (process.platform !== 'win32') return walk(full, make);
  if (make) mkdirSync(full, { recursive: true });
  const found = lstatSync(full, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) throw new NotAFile(`${full} is not a folder`);
  return found === undefined ? null : full;
}

/** An open file that is private. */
interface PrivateFile {
  readonly file: number;
  readonly size: number;
  readonly modifiedMs: number;
}

/** Windows has neither; there nothing waits when it is opened. */
const {
  O_NOFOLLOW = 0,
  O_NONBLOCK = 0,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
} = constants as Partial<typeof constants> & typeof constants;
const flags = { read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK, write: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK } as const;

/** Throws NotAFile, also before it is opened: opening a device may do something by itself. */
function checkKind(path: string, found: Stats): void {
  if (found.isFile()) return;
  const what = found.isSymbolicLink()
    ? 'a symbolic link'
    : found.isDirectory()
      ? 'a folder'
      : found.isFIFO()
        ? 'a named pipe'
        : found.isSocket()
          ? 'a socket'
          : 'a device';
  throw new NotAFile(`${path} is ${what}, not a file`);
}

/**
 * Opens a file in a private folder, to be read, or to be written and made where it is missing; never through a link,
 * and never a pipe or a device. Throws NotPrivate, and what the system says.
 */
export function openPrivate(path: string, purpose: keyof typeof flags): PrivateFile {
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before !== undefined) checkKind(path, before);
  const file = openSync(path, flags[purpose], 0o600);
  try {
    const found = fstatSync(file);
    checkKind(path, found);
    checkOwner(path, found, false);
    return { file, size: found.size, modifiedMs: found.mtimeMs };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** All of a file in a private folder; null when there is none. Throws as openPrivate does, and for one that is too large. */
export function readPrivate(path: string, maxBytes: number): { bytes: Buffer; modifiedMs: number } | null {
  let opened: PrivateFile;
  try {
    opened = openPrivate(path, 'read');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const { file, size, modifiedMs } = opened;
  try {
    if (size > maxBytes) throw new NotAFile(`${path} has more than ${maxBytes >> 20} MB`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let read = -1; length < size && read !== 0; length += read)
      read = readSync(file, bytes, length, size - length, null);
    return { bytes: bytes.subarray(0, length), modifiedMs };
  } finally {
    closeSync(file);
  }
}
