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
 * Files that only this user or root can have created: anyone else who can change one could control what this program
 * believes, or make it write into another file. On Windows, the folder for a user's own programs belongs to that user
 * only, and its access list is not checked; for any other folder, see ownFolder in secret.ts.
 */

/** Thrown if another user could have created or could change something; the message completes a sentence. */
export class NotPrivate extends Error {
  /** The commands that make it private; null if unknown. */
  readonly remedy: string | null;

  constructor(message: string, remedy: string | null = null) {
    super(message);
    this.remedy = remedy;
  }
}

/**
 * Thrown for anything that cannot be a file of this program: a link, a pipe, a device, a folder, or too large a file.
 */
export class NotAFile extends Error {}

const maxLinks = 40;

const entriesOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));

/** Whether this user is the only member of a group, such as the private group that many systems give each user. */
function isOwnGroup(gid: number): boolean {
  if (gid === 0) return true;
  const uid = process.geteuid?.();
  if (uid === undefined || gid !== process.getegid?.()) return false;
  try {
    const [name, , , members = ''] = entriesOf('/etc/group').find((entry) => entry[2] === String(gid)) ?? [];
    // A user whose primary group it is also belongs to it.
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

/** Throws NotPrivate if a user other than root and this one owns a file, folder or link, or can write to it. */
function checkOwner(path: string, { uid, gid, mode }: Stats, mayBeShared: boolean): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  if (uid !== own && uid !== 0) throw new NotPrivate(`${path} belongs to another user (uid ${uid})`);
  // In a folder with the sticky bit, users cannot rename or remove files of others.
  if (mayBeShared && (mode & 0o1000) !== 0) return;
  if ((mode & 0o002) !== 0) throw new NotPrivate(`${path} can be written by every user`);
  if ((mode & 0o020) !== 0 && !isOwnGroup(gid)) throw new NotPrivate(`${path} can be written by a group (gid ${gid})`);
}

/** Returns the real path of a folder after checking every step; null if it is missing and not to be created. */
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
      // The mode of a link has no meaning.
      checkOwner(next, { ...found, mode: 0 } as Stats, false);
      if (++links > maxLinks)
        throw Object.assign(new Error(`too many links at ${next}`), { code: 'ELOOP', syscall: 'lstat' });
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
 * Checks that only this user or root can put files into a folder, or rename it or its parents, and returns its path
 * without links. Creates a missing folder if `make` is set; otherwise returns null for it. Throws NotPrivate and system
 * errors.
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

/** Windows has neither flag; opening a file never blocks there. */
const {
  O_NOFOLLOW = 0,
  O_NONBLOCK = 0,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
} = constants as Partial<typeof constants> & typeof constants;
const flags = { read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK, write: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK } as const;

/** Throws NotAFile. Call it before opening, too: opening a device can have side effects. */
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
 * Opens a file in a private folder to read, or to write and create it if missing; never follows a link, and never opens
 * a pipe or a device. Throws NotPrivate and system errors.
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

/**
 * Reads a file in a private folder; null if it does not exist. Throws like openPrivate, and if the file is too large.
 */
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
