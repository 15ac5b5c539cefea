import { decodeDescriptor, right, rightsOf, type Descriptor } from './descriptor.ts';
import type { Access, Look, Standing } from '../system/scheduler.ts';

/*
 * Whether anybody but administrators could change what a task runs, reads or writes. On the way to a file each folder
 * must be one that nobody else can rename or empty, and the last one none in which others can make files: they would
 * plant a DLL beside an executable, or a journal beside a store.
 */

/** A file or folder that a task uses. */
export interface Used {
  /** What it is to the task, such as `the baseline`. */
  readonly role: string;
  readonly path: string;
  /** It is made by the task where it is missing, in a folder that is there. */
  readonly mayBeMissing: boolean;
  readonly standing: 'file' | 'folder';
}

/** What is wrong with one path. */
export interface Concern {
  readonly role: string;
  readonly path: string;
  readonly text: string;
  /** What makes it right. */
  readonly hint: string;
  /** Whether others could change what is there; false for whatever else is wrong. */
  readonly isOpen: boolean;
}

/** Who may write anywhere on the machine anyway, or is the task itself. */
export interface Trusted {
  /** Windows SIDs besides those that are always trusted. */
  readonly sids: readonly string[];
  /** Linux user ids besides root. */
  readonly uids: readonly number[];
}

/** SYSTEM, Administrators, TrustedInstaller, and the entries that stand for an owner, who is looked at by itself. */
const always: ReadonlySet<string> = new Set([
  'S-1-5-18',
  'S-1-5-32-544',
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
  'S-1-3-0',
  'S-1-3-4',
]);
/** The built-in Administrator, Domain Admins and Enterprise Admins, of any machine or domain. */
const administrators = /^S-1-5-21-\d+-\d+-\d+-(?:500|512|519)$/;

const isTrusted = (sid: string, { sids }: Trusted): boolean =>
  always.has(sid) || administrators.test(sid) || sids.includes(sid);

/** Where a path stands on the way to what is used. */
type Position = 'above' | 'holds' | 'holdsMissing' | 'itself';

function windowsMask(position: Position, standing: Standing): number {
  const change = right.remove | right.writeList | right.writeOwner;
  if (position === 'above') return change | right.deleteChild;
  if (position === 'itself' && standing === 'file') return change | right.write | right.append;
  return change | right.deleteChild | right.write | right.append;
}

function windowsWriters(descriptor: Descriptor, position: Position, standing: Standing, trusted: Trusted): string[] {
  if (descriptor.entries === null) return ['S-1-1-0'];
  const mask = windowsMask(position, standing);
  const accounts = new Set(descriptor.entries.map(({ sid }) => sid).filter((sid) => !isTrusted(sid, trusted)));
  const entries = descriptor.entries;
  const writers = [...accounts].filter((sid) => {
    const one = new Set([sid]);
    const onNew =
      position === 'holdsMissing' && (rightsOf(entries, one, 'files') & windowsMask('itself', 'file')) !== 0;
    return onNew || (rightsOf(entries, one) & mask) !== 0;
  });
  return descriptor.owner !== null && !isTrusted(descriptor.owner, trusted)
    ? [...new Set([descriptor.owner, ...writers])]
    : writers;
}

const tag = { user: 0x2, group: 0x8, mask: 0x10 } as const;

/**
 * Named users and groups whom the list of an extended attribute lets write, as `user:1000` and `group:50`.
 * https://man7.org/linux/man-pages/man5/acl.5.html; its bytes are struct posix_acl_xattr_header and _entry.
 */
export function listWriters(bytes: Uint8Array): string[] | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 4 || view.readUInt32LE() !== 2 || (view.length - 4) % 8 !== 0) return null;
  const entries = Array.from({ length: (view.length - 4) / 8 }, (_, i) => ({
    kind: view.readUInt16LE(4 + 8 * i),
    rights: view.readUInt16LE(6 + 8 * i),
    id: view.readUInt32LE(8 + 8 * i),
  }));
  const limit = entries.find(({ kind }) => kind === tag.mask)?.rights ?? 7;
  return entries.flatMap(({ kind, rights, id }) =>
    (rights & limit & 2) === 0 ? [] : kind === tag.user ? [`user:${id}`] : kind === tag.group ? [`group:${id}`] : [],
  );
}

function linuxWriters(
  { uid, gid, mode, list }: Access & { platform: 'linux' },
  position: Position,
  trusted: Trusted,
): string[] {
  // With the sticky bit others make files in a folder, and cannot touch what is root's.
  const sticky = (mode & 0o1000) !== 0 && position === 'above';
  const named = list === null ? [] : listWriters(list);
  const writers = [
    ...(uid === 0 || trusted.uids.includes(uid) ? [] : [`user:${uid}`]),
    // Where there is a list, the group's bits are its mask.
    ...((mode & 0o020) !== 0 && gid !== 0 && !sticky ? [`group:${gid}`] : []),
    ...(named === null
      ? ['others']
      : named.filter(
          (one) => one !== 'user:0' && one !== 'group:0' && !trusted.uids.some((id) => one === `user:${id}`),
        )),
    ...((mode & 0o002) !== 0 && !sticky ? ['others'] : []),
  ];
  return [...new Set(writers)];
}

/** The folders above a path from the outermost on, and the path: `C:\`, `C:\a`, `C:\a\b`. */
export function pathSteps(path: string, platform: 'win32' | 'linux'): string[] {
  if (platform === 'linux') {
    const names = path.split('/').filter((name) => name !== '');
    return ['/', ...names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`)];
  }
  // Of \\server\share\a the share is the outermost.
  const root = /^(?:[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+\\?)/.exec(path)?.[0] ?? '';
  const names = path
    .slice(root.length)
    .split('\\')
    .filter((name) => name !== '');
  const start = root.endsWith('\\') ? root : `${root}\\`;
  return [start, ...names.map((_, i) => start + names.slice(0, i + 1).join('\\'))];
}

/** What a person should know of one thing that a task uses; empty when only administrators can change it. */
export function examine(
  used: Used,
  platform: 'win32' | 'linux',
  look: (path: string) => Look,
  trusted: Trusted,
  accountName: (id: string) => string,
): Concern[] {
  const steps = pathSteps(used.path, platform);
  const looks = steps.map(look);
  const concerns: Concern[] = [];
  const add = (path: string, text: string, hint: string, isOpen = false): void =>
    void concerns.push({ role: used.role, path, text, hint, isOpen });
  for (const [index, path] of steps.entries()) {
    const { standing, access, refusal } = looks[index]!;
    const isLast = index === steps.length - 1;
    if (standing === 'missing') {
      // A task makes files, but no folders for them; that others could make it says more.
      if (!used.mayBeMissing || (!isLast && concerns.length === 0))
        add(path, 'it does not exist', isLast ? 'Create it first.' : 'Create the folder first.');
      // The folder to make it in was looked at as one that holds something missing.
      return concerns;
    }
    if (refusal !== null) {
      add(
        path,
        `who may write there cannot be told: ${refusal.text}`,
        refusal.needs === undefined ? 'Choose another place.' : `It takes ${refusal.needs}.`,
      );
      return concerns;
    }
    if (standing === 'link') {
      add(path, 'it leads elsewhere: it is a link or another reparse point', 'Give the path that it leads to.');
      return concerns;
    }
    const wanted = isLast ? used.standing : 'folder';
    if (standing !== wanted) {
      add(path, `it is no ${wanted}`, 'Choose another path.');
      return concerns;
    }
    const next = looks[index + 1];
    const isHolder = index === steps.length - 2 && used.standing === 'file';
    const position: Position = isLast
      ? 'itself'
      : next?.standing === 'missing'
        ? 'holdsMissing'
        : isHolder
          ? 'holds'
          : 'above';
    if (access === null) continue;
    let writers: string[];
    if (access.platform === 'win32') {
      const descriptor = decodeDescriptor(access.descriptor);
      if (descriptor.flaw !== null)
        add(path, `who may write there cannot be told: ${descriptor.flaw}`, 'Choose another place.');
      writers = windowsWriters(descriptor, position, standing, trusted);
    } else writers = linuxWriters(access, position, trusted);
    if (writers.length > 0) {
      const names = writers.map(accountName).join(', ');
      const what = standing === 'file' ? 'the file' : position === 'above' ? 'the folder' : 'what is in the folder';
      add(
        path,
        `${names} could change ${what}`,
        platform === 'win32'
          ? 'Choose a place that only administrators can change, such as a folder in C:\\Program Files.'
          : 'Choose a place that only root can change, or take the rights away with chown and chmod.',
        true,
      );
    }
  }
  return concerns;
}

/** Groups that every account is in which logs on as a batch job: Everyone, Authenticated Users, Users, BATCH. */
const everybody = ['S-1-1-0', 'S-1-5-11', 'S-1-5-32-545', 'S-1-5-3'];

/** Whether the access list lets an account do all that a mask says, by itself or by the groups that all are in; null when it cannot be told. */
export function mayAccount(access: Access | null, sid: string, mask: number): boolean | null {
  if (access === null || access.platform !== 'win32') return null;
  const { entries, flaw, owner } = decodeDescriptor(access.descriptor);
  if (entries === null) return true;
  if (flaw !== null) return null;
  return (rightsOf(entries, new Set([sid, ...everybody, ...(owner === sid ? ['S-1-3-4'] : [])])) & mask) === mask;
}
