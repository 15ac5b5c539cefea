import type { Platform } from './raw.ts';
import type { PathState } from './scheduler.ts';

/** How a running program was started. */
export interface StartedProgram {
  /** Its arguments, starting with the program; a program can have replaced them with a title. */
  readonly arguments: readonly string[];
  /** Null if it cannot be read. */
  readonly environment: ReadonlyMap<string, string> | null;
  /** The numeric user and group that it runs as. */
  readonly account: Account | null;
}

/** A program that runs outside of containers. */
export interface RunningProgram {
  readonly pid: number;
  readonly name: string | null;
  readonly workingDirectory: string | null;
}

/** A user and a group, by number. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Its other groups; by default, those of the user: the key of a certificate is often for a group only. */
  readonly groups?: readonly number[];
}

/** A configuration file that was read, or why it was not. */
export type FileRead =
  | { readonly bytes: Uint8Array; readonly refusal: null }
  | { readonly bytes: null; readonly refusal: string; readonly isMissing: boolean };

/** A program to run: without a shell, and with its full path. */
export interface ProgramCall {
  /** The program, and its arguments. */
  readonly words: readonly string[];
  /** The numeric user and group that it runs as; by default, those of this process. */
  readonly as?: Account;
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** How long it may take; at least 30 s. */
  readonly timeoutMs?: number;
}

/** Who can change files, on a system with access lists. */
export interface FileAccess {
  readonly look: (path: string) => PathState;
  /** The accounts that can change the files of a server anyway. */
  readonly trusted: readonly string[];
  readonly accountName: (id: string) => string;
}

export interface ProgramResult {
  /** Null if it could not be started, or did not end in time. */
  readonly status: number | null;
  /** What it wrote to standard output and standard error, at most 16 KB. */
  readonly output: string;
}

/** A folder of Windows that only administrators, and programs that they run elevated, can change. */
export interface AdministratorsFolder {
  readonly path: string;
  /** Creates it. Throws errors with a `refusal`. */
  make(): void;
  /** The accounts that can change it in addition to administrators and the system: none. */
  readonly trusted: readonly string[];
}

/** The process that a service has to run for it to be restarted. */
export interface ServiceProcess {
  readonly pid: number;
  /** Linux: the user whose systemd instance runs the service; null for the system's. */
  readonly user: number | null;
  /** How long to wait for the service manager. */
  readonly timeoutMs: number;
}

/** The files and programs of this machine, for reading and changing configurations. */
export interface ConfigurationMachine {
  readonly platform: Platform;
  /** Whether this process has the rights of root or an administrator. */
  readonly isElevated: boolean;
  /** The environment of this process. */
  readonly variables: ReadonlyMap<string, string>;
  /** Windows: the folder of the system's own programs, `C:\\Windows\\System32`, from the system itself; otherwise null. */
  readonly systemFolder: string | null;
  /** Windows: where elevated programs keep what others must not change; otherwise null: root has folders of its own. */
  administratorsFolder(): AdministratorsFolder | null;
  /** This process and those that started it, nearest first; empty if unavailable here. */
  ancestors(): readonly number[];
  /** Returns how a process was started; null if that is unavailable here. */
  program(pid: number): StartedProgram | null;
  /** Linux: the programs that run, also those without a port, as far as this user may see them; otherwise empty. */
  programs(): readonly RunningProgram[];
  /** When a file was last changed, in milliseconds since 1970; null if that is unknown, as of values of the registry. */
  changedAt(path: string): number | null;
  /**
   * The file that a process writes its errors to: a regular one, or `/dev/null`. Null if it is unknown, or anything
   * else, such as a terminal or a pipe.
   */
  errorOutput(pid: number): string | null;
  /** Reads a file, or a value of the registry (registry.ts) as if it were one. */
  read(path: string): FileRead;
  /** The names in a folder or a key of the registry, sorted by their bytes; null if it cannot be read. */
  list(folder: string): readonly string[] | null;
  /** The path without symbolic links; null if it does not exist. */
  realPath(path: string): string | null;
  /** The user and group that own a file; null if unavailable. */
  ownerOf(path: string): Account | null;
  /** Returns why a file must not be replaced: `serious` reasons are not overridden by --force. Null if it can be. */
  obstacle(path: string): { readonly text: string; readonly serious: boolean } | null;
  /** Who can change files; null where `obstacle` tells. */
  readonly access: FileAccess | null;
  /** Replaces a file atomically; owner, mode, access list, and extended attributes stay. Throws system errors. */
  replace(path: string, bytes: Uint8Array): void;
  /**
   * Restarts or reloads a service, or only checks whether that is possible; returns why it is not, or null. `isMissing`:
   * no service manager is in charge.
   */
  service(
    name: string,
    action: 'restart' | 'reload' | 'check',
    of: ServiceProcess,
  ): { readonly text: string; readonly isMissing: boolean } | null;
  /** The commands that start a service, and those stopped with it, as far as they do not run. */
  startCommands(name: string, of: Pick<ServiceProcess, 'user'>): readonly string[];
  run(call: ProgramCall): ProgramResult;
  /** Sends a signal to a process. Throws system errors. */
  signal(pid: number, name: 'SIGHUP' | 'SIGTERM' | 'SIGUSR2'): void;
}
