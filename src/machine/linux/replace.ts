import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { listWriters } from '../../facts/decode/linux-acl.ts';
import { errorWords } from '../../io/errors.ts';
import { replaceFile } from '../../io/temporary.ts';
import { nameObstacle, type ReplaceObstacle } from '../obstacle.ts';
import { openRegular } from '../regular-file.ts';

type Ffi = typeof import('node:ffi');

const largest = 65_536;

/** The extended attributes of a file, which are access lists, SELinux labels, and those of users. */
class Attributes {
  private readonly calls = attributeCalls();
  private readonly path: Buffer;

  constructor(path: string) {
    this.path = Buffer.from(`${path}\0`);
  }

  names(): string[] {
    const names = Buffer.alloc(largest);
    const length = Number(this.calls.listxattr(this.path, names, BigInt(names.length)));
    // Without a list, the file system has none.
    return length <= 0 ? [] : names.toString('latin1', 0, length - 1).split('\0');
  }

  /** Returns a value; null if it cannot be read. */
  value(name: string): Buffer | null {
    const value = Buffer.alloc(largest);
    const size = this.calls.getxattr(this.path, nameBytes(name), value, BigInt(value.length));
    return size < 0n ? null : value.subarray(0, Number(size));
  }

  set(name: string, value: Buffer): boolean {
    return this.calls.setxattr(this.path, nameBytes(name), value, BigInt(value.length), 0) === 0;
  }

  remove(name: string): boolean {
    return this.calls.removexattr(this.path, nameBytes(name)) === 0;
  }
}

const nameBytes = (name: string): Buffer => Buffer.from(`${name}\0`, 'latin1');

function attributeCalls() {
  const ffi = process.getBuiltinModule('node:ffi') as Ffi;
  const { functions } = ffi.dlopen(null, {
    listxattr: { arguments: ['buffer', 'buffer', 'uint64'], return: 'int64' },
    getxattr: { arguments: ['buffer', 'buffer', 'buffer', 'uint64'], return: 'int64' },
    setxattr: { arguments: ['buffer', 'buffer', 'buffer', 'uint64', 'int32'], return: 'int32' },
    removexattr: { arguments: ['buffer', 'buffer'], return: 'int32' },
    ioctl: { arguments: ['int32', 'uint64', 'buffer'], return: 'int32' },
  } as const);
  return functions;
}

/** Which of the attributes of chattr keep a file or folder from being changed; null if none does. */
function lockedBy(path: string): 'immutable' | 'append-only' | null {
  // https://man7.org/linux/man-pages/man2/ioctl_iflags.2.html
  const [getFlags, immutable, appendOnly] = [0x8008_6601n, 0x10, 0x20];
  const file = openRegular(path) ?? openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const flags = Buffer.alloc(8);
    // Not every file system has them.
    if (attributeCalls().ioctl(file, getFlags, flags) !== 0) return null;
    const found = flags.readUInt32LE();
    return (found & immutable) !== 0 ? 'immutable' : (found & appendOnly) !== 0 ? 'append-only' : null;
  } finally {
    closeSync(file);
  }
}

/** Gives a file the extended attributes of another one, and no others. Throws if that is not possible. */
function copyAttributes(from: string, to: string, name: string): void {
  const [source, target] = [new Attributes(from), new Attributes(to)];
  const names = source.names();
  for (const attribute of names) {
    const value = source.value(attribute);
    // What it already has may not be changed by everybody, such as its SELinux label.
    const isSame = value !== null && target.value(attribute)?.equals(value) === true;
    if (!isSame && (value === null || !target.set(attribute, value)))
      throw new Error(`the extended attribute ${attribute} of ${name} cannot be copied`);
  }
  // A folder gives new files its default access list.
  for (const attribute of target.names())
    if (!names.includes(attribute) && !target.remove(attribute))
      throw new Error(`the extended attribute ${attribute}, which ${name} does not have, cannot be removed`);
}

/**
 * Replaces a file atomically: it has the old contents or the new ones, and keeps its owner, mode, access list, and
 * extended attributes. Throws system errors.
 */
export function replaceKeeping(path: string, bytes: Uint8Array): void {
  // By descriptors: who owns a folder could put a link in its place, or in that of the file.
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const here = `/proc/self/fd/${folder}`;
    if (readlinkSync(here) !== dirname(path)) throw new Error(`${dirname(path)} has been replaced by a link`);
    replaceIn(here, path, bytes);
    // The name is durable only when its folder is.
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function replaceIn(folder: string, path: string, bytes: Uint8Array): void {
  const own = join(folder, basename(path));
  const found = lstatSync(own, { throwIfNoEntry: false });
  if (found?.isFile() === false) throw new Error(`${path} is not a regular file`);
  const { uid, gid } = found ?? statSync(folder);
  const prepare = (file: number): void => {
    // A file that was deleted belongs to the owner of its folder again, as far as this user can give it away.
    if (found !== undefined || process.geteuid?.() === 0) fchownSync(file, uid, gid);
    fchmodSync(file, found === undefined ? 0o640 : found.mode & 0o7777);
    if (found !== undefined) copyAttributes(own, `/proc/self/fd/${file}`, path);
  };
  replaceFile(own, bytes, 0o600, { prepare });
}

/** The mount point of a file, and whether it is mounted read-only; a file can be a mount point itself. */
function mountOf(path: string): { readonly isFile: boolean; readonly isReadOnly: boolean } {
  let best = { point: '', isReadOnly: false };
  // https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [, , , , point = '', options = ''] = line.split(' ');
    const name = point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
    const covers = name !== '' && (path === name || path.startsWith(name === '/' ? '/' : `${name}/`));
    if (covers && name.length >= best.point.length)
      best = { point: name, isReadOnly: options.split(',').includes('ro') };
  }
  return { isFile: best.point === path, isReadOnly: best.isReadOnly };
}

/** Whether a group has no members but its user, as the group that many distributions make for each user. */
function isPrivateGroup(gid: number, owner: number): boolean {
  const fieldsOf = (path: string): string[][] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  try {
    const users = fieldsOf('/etc/passwd');
    const name = users.find(([, , uid]) => Number(uid) === owner)?.[0];
    const group = fieldsOf('/etc/group').find(([, , id]) => Number(id) === gid);
    const members = [
      ...(group?.[3]?.split(',') ?? []),
      ...users.filter(([, , , id]) => Number(id) === gid).map(([user]) => user),
    ];
    return group !== undefined && members.every((member) => member === '' || member === name);
  } catch {
    return false;
  }
}

/** Returns who else can write to a file or folder than root and the user whom the configuration belongs to; null if nobody. */
function sharedWith(path: string, owner: number, isAbove = false): string | null {
  const { uid, gid, mode } = statSync(path);
  if (uid !== 0 && uid !== owner) return `user ${uid} owns ${path}`;
  // In a sticky folder, others can make files, but not rename those that lead here.
  if (isAbove && (mode & 0o1000) !== 0) return null;
  if ((mode & 0o002) !== 0) return `every user can write to ${path}`;
  if ((mode & 0o020) === 0) return null;
  // An access list that lets anyone write shows in the bits of the group, which are then its mask.
  const list = new Attributes(path).value('system.posix_acl_access');
  const named = list === null ? [] : (listWriters(list) ?? ['somebody']);
  const other = named.find((one) => !['user:0', 'group:0', `user:${owner}`].includes(one));
  if (other !== undefined) return `${other.replace(':', ' ')} can write to ${path}`;
  const isShared = gid !== 0 && !isPrivateGroup(gid, uid);
  return isShared ? `group ${gid} can write to ${path}` : null;
}

/** The folders above a path, nearest first. */
function foldersAbove(path: string): string[] {
  const folders = [dirname(path)];
  for (let above = dirname(folders[0]!); above !== folders.at(-1); above = dirname(above)) folders.push(above);
  return folders;
}

/** Returns why this process cannot replace a file; null if it can. */
function rightsObstacle(
  path: string,
  { uid: owner, gid }: { readonly uid: number; readonly gid: number },
): string | null {
  const folder = dirname(path);
  for (const one of [path, folder]) {
    const lock = lockedBy(one);
    if (lock !== null) return `${one} is ${lock} (chattr -${lock[0]!} changes that)`;
  }
  const self = process.geteuid?.();
  // A file keeps its owner and its group, which only root can give to any.
  if (self !== 0 && self !== owner)
    return `changing ${path} needs ${owner === 0 ? 'root' : `root, or user ${owner}`}, to whom it belongs`;
  if (self !== 0 && ![process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(gid))
    return `changing ${path} needs root, or a member of its group ${gid}`;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `${folder} cannot be written to: ${errorWords(error, 'write')}`;
  }
}

/** Why a file must not be replaced; see ConfigurationMachine. */
export function replaceObstacle(path: string): ReplaceObstacle | null {
  const found = lstatSync(path);
  const hindrance = nameObstacle(path, found);
  if (hindrance !== null) return hindrance;
  const mount = mountOf(path);
  if (mount.isFile) return { text: `${path} is a mount of its own, which cannot be replaced`, serious: true };
  if (mount.isReadOnly) return { text: `${path} is mounted read-only`, serious: true };
  const denied = rightsObstacle(path, found);
  if (denied !== null) return { text: denied, serious: true };
  if (process.geteuid?.() !== 0) return null;
  // In its own folder, the user of a server can change its files anyway.
  let shared = sharedWith(path, found.uid);
  for (const [index, folder] of foldersAbove(path).entries()) shared ??= sharedWith(folder, found.uid, index > 0);
  return shared === null ? null : { text: `others can change it while this runs as root: ${shared}`, serious: false };
}
