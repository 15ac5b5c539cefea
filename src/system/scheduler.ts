import type { Refusal } from './raw.ts';

/** The type of a path itself, without following links. */
export type Standing = 'file' | 'folder' | 'link' | 'missing' | 'other';

/** The access rights of a path, in the system's own terms. */
export type Access =
  /** A self-relative security descriptor with its owner and DACL. */
  | { readonly platform: 'win32'; readonly descriptor: Uint8Array }
  /** `mode` has only the permission bits; `list` is the extended attribute system.posix_acl_access, null if absent. */
  | {
      readonly platform: 'linux';
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
      readonly list: Uint8Array | null;
    };

export interface PathState {
  readonly standing: Standing;
  /** Null if nothing exists there, or access was refused. */
  readonly access: Access | null;
  readonly refusal: Refusal | null;
}

/** The result of running one of the system's own tools. */
export interface Said {
  readonly done: boolean;
  /** Its output, in the system's language. */
  readonly text: string;
}

interface Common {
  /** The path of this program's executable; null if it runs from source. */
  readonly executable: string | null;
  /** The default folder for the files of audits; it may not exist yet. */
  readonly dataFolder: string;
  /** Whether this process may install tasks. */
  readonly mayInstall: boolean;
  /** The machine's own name. */
  readonly machine: string;
  look(path: string): PathState;
  /** Returns the path by which this process reads a file of the machine. */
  file(path: string): string;
  /** Returns the display name of an account; an ID without a name stays unchanged. */
  accountName(id: string): string;
}

/** The interface to Task Scheduler. Throws errors that `refusalOf` recognizes. */
export interface WindowsScheduler extends Common {
  readonly platform: 'win32';
  /** Creates a folder that only SYSTEM, Administrators and the account can enter. */
  makeFolder(path: string, sid: string | null): void;
  /** Returns the SID of an account; null if unknown. */
  sid(account: string): string | null;
  /** Whether a path is on another machine, or on a drive that only this session has. */
  isRemote(path: string): boolean;
  /** Returns the rights that are granted directly to an account, such as SeBatchLogonRight. */
  rights(sid: string): readonly string[];
  /** Creates or replaces a task from its XML file, which is first written to the folder. */
  create(name: string, file: Uint8Array, folder: string): Said;
  /** Runs a script in the Windows PowerShell of the system. */
  run(script: string): Said;
  remove(name: string): Said;
  exists(name: string): boolean;
  /** Returns when the task was last defined; null if unknown. */
  changedAt(name: string): Date | null;
  /** Returns the task's XML as bytes; a refusal if unavailable. */
  query(
    name: string,
  ): { readonly bytes: Uint8Array; readonly decode: (bytes: Uint8Array) => string } | { readonly refusal: Refusal };
  /** Returns the definitions by name of all tasks except those of Windows; null if one cannot be read. */
  definitions(): ReadonlyMap<string, string> | null;
  /** Returns the message file of an event source; null if there is no such source. */
  eventSource(name: string): string | null;
  addEventSource(name: string, messageFile: string): void;
  removeEventSource(name: string): void;
}

/** The interface to systemd. */
export interface LinuxScheduler extends Common {
  readonly platform: 'linux';
  makeFolder(path: string): void;
  /** Reads a unit below a root folder; a `root` of null is this machine. */
  readUnit(root: string | null, name: string): string | null;
  /** Returns when a unit was last written; null if unknown. */
  changedAt(root: string | null, name: string): Date | null;
  writeUnit(root: string | null, name: string, text: string): void;
  removeUnit(root: string | null, name: string): boolean;
  /** Whether systemd manages this machine. */
  readonly isRunning: boolean;
  systemctl(...words: readonly string[]): Said;
}

export type Scheduler = WindowsScheduler | LinuxScheduler;
