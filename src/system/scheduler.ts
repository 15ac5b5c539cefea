import type { Refusal } from './raw.ts';

/** What stands at a path itself, not at what it points to. */
export type Standing = 'file' | 'folder' | 'link' | 'missing' | 'other';

/** Who may do what there, in the system's own terms. */
export type Access =
  /** A self-relative security descriptor with its owner and DACL. */
  | { readonly platform: 'win32'; readonly descriptor: Uint8Array }
  /** `mode` with the permission bits alone; `list` is the extended attribute system.posix_acl_access, null for none. */
  | {
      readonly platform: 'linux';
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
      readonly list: Uint8Array | null;
    };

export interface PathState {
  readonly standing: Standing;
  /** Null when nothing is there, or when it was refused. */
  readonly access: Access | null;
  readonly refusal: Refusal | null;
}

/** What became of a call of the system's own tool. */
export interface Said {
  readonly done: boolean;
  /** In the system's language. */
  readonly text: string;
}

interface Common {
  /** The path of this program's executable; null when it runs from its sources. */
  readonly executable: string | null;
  /** Where an audit's own files are, when nobody says otherwise; it may not exist yet. */
  readonly dataFolder: string;
  /** Whether this process may install tasks. */
  readonly mayInstall: boolean;
  /** The machine's own name. */
  readonly machine: string;
  look(path: string): PathState;
  /** The path by which this process reads a file of the machine. */
  file(path: string): string;
  /** The names of accounts, for people; what has none stays as it is. */
  accountName(id: string): string;
}

/** The edge to Task Scheduler. Throws what `refusalOf` knows. */
export interface WindowsScheduler extends Common {
  readonly platform: 'win32';
  /** Makes a folder that SYSTEM, Administrators and the account alone can enter. */
  makeFolder(path: string, sid: string | null): void;
  /** The SID of an account; null when nobody knows it. */
  sid(account: string): string | null;
  /** Whether a path is on another machine, or on a drive that only this session has. */
  isRemote(path: string): boolean;
  /** The rights that are granted to an account itself, such as SeBatchLogonRight. */
  rights(sid: string): readonly string[];
  /** Makes or replaces a task by its XML as a file's bytes, which is first put into the folder. */
  create(name: string, file: Uint8Array, folder: string): Said;
  /** Runs a script in the system's own Windows PowerShell. */
  run(script: string): Said;
  remove(name: string): Said;
  exists(name: string): boolean;
  /** When the task was last defined; null when it cannot be told. */
  changedAt(name: string): Date | null;
  /** The task's XML as bytes; a refusal if unavailable. */
  query(
    name: string,
  ): { readonly bytes: Uint8Array; readonly decode: (bytes: Uint8Array) => string } | { readonly refusal: Refusal };
  /** The definitions of all tasks but those of Windows itself, by their names; null when one cannot be read. */
  definitions(): ReadonlyMap<string, string> | null;
  /** The message file of an event source; null when there is no such source. */
  eventSource(name: string): string | null;
  addEventSource(name: string, messageFile: string): void;
  removeEventSource(name: string): void;
}

/** The edge to systemd. */
export interface LinuxScheduler extends Common {
  readonly platform: 'linux';
  makeFolder(path: string): void;
  /** Where units are, below a root folder; `null` is this machine itself. */
  readUnit(root: string | null, name: string): string | null;
  /** When a unit was last written; null when it cannot be told. */
  changedAt(root: string | null, name: string): Date | null;
  writeUnit(root: string | null, name: string, text: string): void;
  removeUnit(root: string | null, name: string): boolean;
  /** Whether systemd is in charge of this machine. */
  readonly isRunning: boolean;
  systemctl(...words: readonly string[]): Said;
}

export type Scheduler = WindowsScheduler | LinuxScheduler;
