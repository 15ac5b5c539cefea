import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorWords } from '../io/errors.ts';
import { takeLock } from '../io/lock.ts';
import { parseJson } from '../io/nesting.ts';
import { privateFolder, readPrivate } from '../io/private.ts';
import { replaceFile, syncFolder } from '../io/temporary.ts';
import { changedLines } from './diff.ts';
import { decodeFile } from './text-file.ts';
import { writeObstacle } from './writers.ts';
import { concernsOf } from '../schedule/trust.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { AdministratorsFolder, ConfigurationMachine } from '../system/configuration.ts';
import { refusalOf } from '../system/hands.ts';
import type { Surroundings } from '../system/surroundings.ts';

/*
 * The journal of moves: one file for each in a private folder, with the old contents of every file that it changes. It
 * is complete before the first file is changed, so that a move can be undone wherever it was interrupted.
 */

/** A file of a move. */
export interface JournalFile {
  readonly path: string;
  /** The old contents, in Base64. */
  readonly contents: string;
  /** SHA-256 of the old and of the new contents. */
  readonly before: string;
  readonly after: string;
}

export interface Move {
  readonly kind: 'PortOwner.Move';
  readonly version: 1;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly application: string;
  readonly from: number;
  readonly to: number;
  /**
   * `begun` until every file has been changed, and the server has been checked; `rolledBack` if that failed, or `kept` if
   * another program had changed a file by then, which was kept.
   */
  readonly state: 'begun' | 'done' | 'rolledBack' | 'kept' | 'undone';
  readonly changes: readonly string[];
  readonly files: readonly JournalFile[];
}

const largest = 64 * 1024 * 1024;
const lockWaitMs = 5000;
const idForm = /^\d{8}-\d{6}-[0-9a-f]{4}$/;

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function unusable(path: string, why: unknown): PortOwnerError {
  const text = typeof why === 'string' ? why : errorWords(why, 'write');
  return new PortOwnerError('PO4405', `the journal of moves in ${path} cannot be used: ${text}`, {
    target: path,
    cause: why,
  });
}

type Given<T> = Partial<Record<keyof T, unknown>>;
const isPort = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

/** Whether the old contents of a file are whole: they are written over the present ones. */
function isFile(data: unknown): data is JournalFile {
  const { path, contents, before, after } = (data ?? {}) as Given<JournalFile>;
  if (typeof path !== 'string' || typeof contents !== 'string' || typeof after !== 'string') return false;
  return digestOf(Buffer.from(contents, 'base64')) === before;
}

/** Whether data is a move, in the file of its own. */
function isMove(data: unknown, ownId: string): data is Move {
  const { kind, version, id, at, application, from, to, state, changes, files } = (data ?? {}) as Given<Move>;
  const isKnown = kind === 'PortOwner.Move' && version === 1 && id === ownId && isPort(from) && isPort(to);
  const isTold = typeof application === 'string' && typeof at === 'string' && !Number.isNaN(Date.parse(at));
  const areTexts = Array.isArray(changes) && changes.every((one) => typeof one === 'string');
  const isInState = typeof state === 'string' && ['begun', 'done', 'rolledBack', 'kept', 'undone'].includes(state);
  return isKnown && isTold && areTexts && isInState && Array.isArray(files) && files.every(isFile);
}

/** The names of the moves in a folder. */
const movesIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.json') && idForm.test(name.replace(/\.json$/, '')));

/** Whether there are moves in a folder; false if that is unknown. */
function hasMoves(folder: string): boolean {
  try {
    return movesIn(folder).length > 0;
  } catch {
    return false;
  }
}

/** Where administrators keep moves; null if it is unknown, for a process that does not need it. Throws PO4405. */
function administratorsFolderOf(machine: ConfigurationMachine): AdministratorsFolder | null {
  try {
    return machine.administratorsFolder();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    if (machine.isElevated) throw unusable('ProgramData', refusal.text);
    return null;
  }
}

/** Reads a move. Throws PO4405 if somebody damaged it. */
function readMove(folder: string, name: string): Move {
  const path = join(folder, name);
  const { bytes } = readPrivate(path, largest)!;
  let data: unknown;
  try {
    data = parseJson(new TextDecoder().decode(bytes));
  } catch {
    data = null;
  }
  if (isMove(data, name.replace(/\.json$/, ''))) return data;
  throw new PortOwnerError('PO4405', `the journal of moves in ${folder} cannot be used: ${path} is damaged`, {
    target: path,
    hint: 'It has the old contents of files, in Base64. Move it elsewhere to use the other moves.',
  });
}

/** A journal that only administrators can change: an elevated undo writes what it says. */
interface ProtectedJournal extends AdministratorsFolder {
  /** Throws PO4405 if others could have changed the folder, or a file in it. */
  check(path: string, standing: 'folder' | 'file'): void;
}

/** The journal in a folder of this user, or of administrators. Every method throws PO4405. */
export class Journal {
  private readonly folder: string;
  private readonly shield: ProtectedJournal | null;
  /** Says where the other journal of this user is; null if there is none. */
  readonly elsewhere: string | null;

  private constructor(folder: string, shield: ProtectedJournal | null, elsewhere: string | null) {
    this.folder = folder;
    this.shield = shield;
    this.elsewhere = elsewhere;
  }

  /**
   * Returns the journal of this process: on Windows, an elevated one has its own, because programs of the same user that
   * are not elevated can change the other.
   */
  static async of({ stateFolder, machine }: JournalWorld): Promise<Journal> {
    const own = join(await stateFolder(), 'moves');
    const { access } = machine;
    const shared = access === null ? null : administratorsFolderOf(machine);
    if (shared === null || access === null) return new Journal(own, null, null);
    if (!machine.isElevated)
      return new Journal(
        own,
        null,
        existsSync(shared.path) ? `Elevated moves are in ${shared.path}: list and undo them elevated.` : null,
      );
    const other = `Moves that were not elevated are in ${own}: list and undo them without elevation.`;
    return new Journal(shared.path, protectedBy(shared, access), hasMoves(own) ? other : null);
  }

  private using<T>(work: (folder: string | null) => T, make = false): T {
    const { shield, folder } = this;
    try {
      if (shield === null) return work(privateFolder(folder, { make }));
      if (make && !existsSync(folder)) shield.make();
      const path = privateFolder(folder, { make: false });
      if (path !== null) shield.check(path, 'folder');
      return work(path);
    } catch (error) {
      if (error instanceof PortOwnerError) throw error;
      throw unusable(folder, refusalOf(error)?.text ?? error);
    }
  }

  /** Keeps other moves of this user away; returns how to let them again. */
  lock(): () => void {
    return this.using((folder) => takeLock(join(folder!, 'moves.lock'), lockWaitMs), true);
  }

  /** The moves, newest first. */
  moves(): Move[] {
    return this.using((folder) => {
      if (folder === null) return [];
      // The names have only the second.
      return movesIn(folder)
        .map((name) => {
          this.shield?.check(join(folder, name), 'file');
          return readMove(folder, name);
        })
        .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at) || (a.id < b.id ? 1 : -1));
    });
  }

  write(move: Move): void {
    this.using((folder) => {
      replaceFile(join(folder!, `${move.id}.json`), `${JSON.stringify(move)}\n`, 0o600);
      for (const one of [folder!, dirname(folder!)]) syncFolder(one);
    }, true);
  }

  remove({ id }: Move): void {
    this.using((folder) => folder !== null && rmSync(join(folder, `${id}.json`), { force: true }));
  }
}

/** What finding the journal needs. */
export interface JournalWorld extends Pick<Surroundings, 'stateFolder'> {
  readonly machine: ConfigurationMachine;
}

function protectedBy(
  folder: AdministratorsFolder,
  { look, accountName }: NonNullable<ConfigurationMachine['access']>,
): ProtectedJournal {
  return {
    ...folder,
    check(path, standing) {
      const [concern] = concernsOf(
        { role: 'the journal of moves', path, mayBeMissing: false, standing },
        { platform: 'win32', look, accountName, trusted: { sids: folder.trusted, uids: [] } },
      );
      if (concern === undefined) return;
      throw new PortOwnerError(
        'PO4405',
        `the journal of moves in ${folder.path} cannot be used: ${concern.path}: ${concern.text}`,
        {
          target: concern.path,
          hint: concern.path.startsWith(folder.path)
            ? `Somebody else may have created it. Rename ${folder.path}: PortOwner creates it again so that only administrators can change it.`
            : concern.hint,
        },
      );
    },
  };
}

/** Returns an ID for a new move, which sorts by time. */
export function newId(now: Date): string {
  const [day = '', time = ''] = now.toISOString().split('T');
  return `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
}

/** Returns the files that are neither as before nor as after a move. */
export function changedSince({ files }: Move, machine: ConfigurationMachine): string[] {
  return files
    .filter(({ path, before, after }) => {
      const { bytes } = machine.read(path);
      return bytes === null || ![before, after].includes(digestOf(bytes));
    })
    .map(({ path }) => path);
}

/** Returns the state of a move that failed, by what its files have now. */
export function stateAfter({ files }: Move, machine: ConfigurationMachine): 'begun' | 'rolledBack' | 'kept' {
  const present = files.map(({ path, before, after }) => {
    const { bytes } = machine.read(path);
    const digest = bytes === null ? null : digestOf(bytes);
    return digest === before ? 'rolledBack' : digest === null || digest === after ? 'begun' : 'kept';
  });
  return present.find((state) => state === 'begun') ?? present.find((state) => state === 'kept') ?? 'rolledBack';
}

/** Returns what a restore would change, as a unified diff of each file; with `all`, also of files that changed since. */
export function differencesOf({ files }: Move, machine: ConfigurationMachine, all: boolean): string[] {
  return files.flatMap(({ path, contents, before, after }) => {
    const { bytes } = machine.read(path);
    const digest = bytes === null ? null : digestOf(bytes);
    if (digest === before || (digest !== after && !all)) return [];
    // A file that was deleted is restored as a whole.
    const [present, old] = [bytes ?? Buffer.alloc(0), Buffer.from(contents, 'base64')].map((one) =>
      decodeFile(path, one),
    );
    return present == null || old == null ? [] : [changedLines(path, present.text, old.text)];
  });
}

/**
 * Restores the old contents of every file that has the new ones, the last one first; with `all`, also of others, which
 * are left alone without it. One that cannot be restored does not keep the others from it: then it throws an error that
 * names each of them.
 */
export function restore(
  { files }: Move,
  machine: ConfigurationMachine,
  { all, force }: { readonly all: boolean; readonly force: boolean },
): void {
  const failures: string[] = [];
  for (const { path, contents, before, after } of files.toReversed()) {
    const { bytes } = machine.read(path);
    const present = bytes === null ? null : digestOf(bytes);
    if (present !== after && !(all && present !== before)) continue;
    try {
      const obstacle = writeObstacle(path, machine, force);
      if (obstacle === null) machine.replace(path, Buffer.from(contents, 'base64'));
      else failures.push(`${path}: ${obstacle}`);
    } catch (error) {
      failures.push(`${path}: ${errorWords(error, 'write')}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}
