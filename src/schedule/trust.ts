import { listWriters } from '../facts/decode/linux-acl.ts';
import {
  decodeDescriptor,
  isAdministrative,
  right,
  rightsOf,
  type Descriptor,
} from '../facts/decode/windows-descriptor.ts';
import type { Access, PathState, Standing } from '../system/scheduler.ts';

/*
 * Checks whether anybody but administrators could change what a task runs, reads, or writes. Nobody else must be able to
 * rename or empty any folder on the path to a file, or to create files in the last one: they could plant a DLL next to an
 * executable, or a journal next to a store.
 */

/** A file or folder that a task uses. */
export interface Used {
  /** Its role in the task, such as `the baseline`. */
  readonly role: string;
  readonly path: string;
  /** The task creates it if it is missing, in an existing folder. */
  readonly mayBeMissing: boolean;
  readonly standing: 'file' | 'folder';
}

/** A problem of one path. */
export interface Concern {
  readonly role: string;
  readonly path: string;
  readonly text: string;
  /** How to fix it. */
  readonly hint: string;
  /** Whether others could change it; false for any other problem. */
  readonly isOpen: boolean;
}

/** Accounts that can write anywhere on the machine anyway, or run the task. */
export interface Trusted {
  /** Windows SIDs in addition to those that are always trusted. */
  readonly sids: readonly string[];
  /** Linux user IDs in addition to root. */
  readonly uids: readonly number[];
}

const isTrusted = (sid: string, { sids }: Trusted): boolean => isAdministrative(sid) || sids.includes(sid);

/** The position of a folder on the path to a used file. */
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

function linuxWriters(
  { uid, gid, mode, list }: Access & { platform: 'linux' },
  position: Position,
  trusted: Trusted,
): string[] {
  // With the sticky bit, others can create files in a folder, but cannot touch root's files.
  const sticky = (mode & 0o1000) !== 0 && position === 'above';
  const named = list === null ? [] : listWriters(list);
  const writers = [
    ...(uid === 0 || trusted.uids.includes(uid) ? [] : [`user:${uid}`]),
    // If there is an ACL, the group bits are its mask.
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

/** The parent folders of a path from the root, and the path: `C:\`, `C:\a`, `C:\a\b`. */
export function pathSteps(path: string, platform: 'win32' | 'linux'): string[] {
  if (platform === 'linux') {
    const names = path.split('/').filter((name) => name !== '');
    return ['/', ...names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`)];
  }
  // For \\server\share\a, the share is the root.
  const root = /^(?:[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+\\?)/.exec(path)?.[0] ?? '';
  const names = path
    .slice(root.length)
    .split('\\')
    .filter((name) => name !== '');
  const start = root.endsWith('\\') ? root : `${root}\\`;
  return [start, ...names.map((_, i) => start + names.slice(0, i + 1).join('\\'))];
}

/** The access to information about paths. */
export interface Examination {
  readonly platform: 'win32' | 'linux';
  readonly look: (path: string) => PathState;
  readonly trusted: Trusted;
  readonly accountName: (id: string) => string;
}

/** A problem of one step of a path, without its position. */
type Flaw = Pick<Concern, 'text' | 'hint'>;

/** Why a step of a path is invalid, so that nothing below it needs a check; null if it is valid. */
function misplaced({ standing, refusal }: PathState, wanted: Used['standing'] | 'folder'): Flaw | null {
  if (refusal !== null)
    return {
      text: `cannot tell who can write there: ${refusal.text}`,
      hint: refusal.needs === undefined ? 'Choose another path.' : `Needs ${refusal.needs}.`,
    };
  if (standing === 'link')
    return {
      text: 'it is a link or another reparse point',
      hint: 'Specify the target path instead.',
    };
  return standing === wanted ? null : { text: `it is not a ${wanted}`, hint: 'Choose another path.' };
}

/** Who else, apart from trusted accounts, can change a step of a path, and why that may be unknown. */
function writersOf(
  { standing, access }: PathState,
  position: Position,
  trusted: Trusted,
): { readonly writers: readonly string[]; readonly flaw: string | null } {
  if (access === null) return { writers: [], flaw: null };
  if (access.platform !== 'win32') return { writers: linuxWriters(access, position, trusted), flaw: null };
  const descriptor = decodeDescriptor(access.descriptor);
  return { writers: windowsWriters(descriptor, position, standing, trusted), flaw: descriptor.flaw };
}

/** The position of a step on the path to a used file. */
function positionOf(looks: readonly PathState[], index: number, used: Used): Position {
  if (index === looks.length - 1) return 'itself';
  if (looks[index + 1]?.standing === 'missing') return 'holdsMissing';
  return index === looks.length - 2 && used.standing === 'file' ? 'holds' : 'above';
}

/** Checks one file of a task; empty if only administrators can change it. */
export function concernsOf(used: Used, { platform, look, trusted, accountName }: Examination): Concern[] {
  const steps = pathSteps(used.path, platform);
  const looks = steps.map(look);
  const concerns: Concern[] = [];
  const add = (path: string, flaw: Flaw, isOpen = false): void =>
    void concerns.push({ role: used.role, path, ...flaw, isOpen });
  for (const [index, path] of steps.entries()) {
    const found = looks[index]!;
    const isLast = index === steps.length - 1;
    if (found.standing === 'missing') {
      // A task creates files but not their folders; that others could create it is more important.
      if (!used.mayBeMissing || (!isLast && concerns.length === 0))
        add(path, { text: 'it does not exist', hint: isLast ? 'Create it first.' : 'Create the folder first.' });
      // Its folder was checked as one with a missing file.
      return concerns;
    }
    const wrong = misplaced(found, isLast ? used.standing : 'folder');
    if (wrong !== null) {
      add(path, wrong);
      return concerns;
    }
    const position = positionOf(looks, index, used);
    const { writers, flaw } = writersOf(found, position, trusted);
    if (flaw !== null) add(path, { text: `cannot tell who can write there: ${flaw}`, hint: 'Choose another path.' });
    if (writers.length === 0) continue;
    const names = writers.map(accountName).join(', ');
    const what =
      found.standing === 'file' ? 'the file' : position === 'above' ? 'the folder' : 'the contents of the folder';
    add(path, { text: `${names} could change ${what}`, hint: closeIt[platform] }, true);
  }
  return concerns;
}

/** How to prevent others from changing something. */
const closeIt = {
  win32: 'Choose a path that only administrators can change, such as a folder in C:\\Program Files.',
  linux: 'Choose a path that only root can change, or restrict the rights with chown and chmod.',
} as const;

/** Groups of every account that logs on as a batch job: Everyone, Authenticated Users, Users, BATCH. */
const everybody = ['S-1-1-0', 'S-1-5-11', 'S-1-5-32-545', 'S-1-5-3'];

/** Whether the access list grants an account all rights of a mask, directly or through the groups of all accounts; null if unknown. */
export function mayAccount(access: Access | null, sid: string, mask: number): boolean | null {
  if (access === null || access.platform !== 'win32') return null;
  const { entries, flaw, owner } = decodeDescriptor(access.descriptor);
  if (entries === null) return true;
  if (flaw !== null) return null;
  return (rightsOf(entries, new Set([sid, ...everybody, ...(owner === sid ? ['S-1-3-4'] : [])])) & mask) === mask;
}
