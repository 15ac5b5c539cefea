import type { Account } from '../system/configuration.ts';
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
  /** Linux: the user whose systemd instance runs the service; null for the system's. */
  readonly serviceUser: number | null;
  /** The configuration file that --path names; otherwise null. */
  readonly path: string | null;
}

/** Where a setting is written. */
export type SettingSource =
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
export interface ConfiguredPort {
  /**
   * `listen`: the server listens there. `reference`: something else connects to it, such as a proxy. `reservation`: a
   * program is allowed to listen there.
   */
  readonly role: 'listen' | 'reference' | 'reservation';
  readonly protocol: 'TCP' | 'UDP';
  /** Null: every address, or it is unknown. */
  readonly address: string | null;
  /** Null: unknown, for which there is a reason. */
  readonly port: number | null;
  readonly setting: string;
  /** As it is written. */
  readonly value: string;
  readonly source: SettingSource;
  /** Of the settings with the same key, one wins: the one with the highest rank, and of these, the last. Null: all count. */
  readonly key: string | null;
  readonly rank: number;
  /** Whether a reload is not enough for the server to use another port. */
  readonly needsRestart: boolean;
  /** Why something is unknown, or may be different in reality. */
  readonly reason: string | null;
}
