import type { Account, ProgramCall } from '../system/configuration.ts';
import type { Reading } from './reading.ts';
import type { TextFile } from './text-file.ts';

/** A server that runs, or that a configuration file without a running server describes. */
export interface Instance {
  /** Null if it does not run. */
  readonly pid: number | null;
  /** The full path of its executable; null if unknown. */
  readonly executable: string | null;
  /** Starting with the program; only that if it does not run. */
  readonly arguments: readonly string[];
  /** Null if it cannot be read. */
  readonly environment: ReadonlyMap<string, string> | null;
  readonly workingDirectory: string | null;
  /** The user and group that it runs as; null if unknown. */
  readonly account: Account | null;
  /** The service that runs it: a systemd unit, a Windows service. */
  readonly service: string | null;
  /** The configuration file that --path names; otherwise null. */
  readonly path: string | null;
}

/** Where a setting is written. */
export type Source =
  | {
      readonly kind: 'file';
      readonly file: TextFile;
      /** The position of its statement, for the line. */
      readonly at: number;
      /** The position of the port; null if it cannot be changed here. */
      readonly port: { readonly start: number; readonly end: number } | null;
    }
  | { readonly kind: 'commandLine' }
  | { readonly kind: 'environment' }
  | { readonly kind: 'default' };

/** A port that a configuration asks for. */
export interface Place {
  /** `listen`: the server listens there. `reference`: something else connects to it, such as a proxy. */
  readonly role: 'listen' | 'reference';
  readonly protocol: 'TCP' | 'UDP';
  /** Null: every address, or it is unknown. */
  readonly address: string | null;
  /** Null: unknown, for which there is a reason. */
  readonly port: number | null;
  readonly setting: string;
  /** As it is written. */
  readonly value: string;
  readonly source: Source;
  /** Of the settings with the same key, one wins: the one with the highest rank, and of these, the last. Null: all count. */
  readonly key: string | null;
  readonly rank: number;
  /** Whether a reload is not enough for the server to use another port. */
  readonly needsRestart: boolean;
  /** Why something is unknown, or may be different in reality. */
  readonly reason: string | null;
}

/** How a server uses a changed configuration without its service manager. */
export type Reload =
  | { readonly signal: 'SIGHUP' | 'SIGUSR2' }
  | { readonly call: ProgramCall }
  /** It has to be restarted. */
  | null;

/** A kind of server: one file in `families/`, and one line in `families.ts`. */
export interface Family {
  /** What a person calls it. */
  readonly name: string;
  /** Its configuration files if none is named, most important first. */
  readonly defaultFiles: readonly string[];
  /** Patterns of files, each of which is the main file of a separate instance. */
  readonly defaultPatterns?: readonly string[];
  /** Adds the places of an instance to the reading. */
  read(instance: Instance, reading: Reading): void;
  /** Returns the new text of a place that is not just a number. */
  newText?(place: Place, port: number): string | null;
  /**
   * Returns the server's own check of its configuration; null if there is none. A server that does not run as root is
   * checked as its own user, whatever `as` says: its program and its configuration could belong to anybody.
   */
  check?(instance: Instance, reading: Reading): ProgramCall | null;
  /** Returns how it uses a changed configuration without a service manager. */
  reload?(instance: Instance, reading: Reading): Reload;
  /** Returns what else has to be changed by hand, in sentences. */
  sideEffects?(instance: Instance, place: Place, port: number): readonly string[];
}
