import type { ConfigurationMachine, ProgramCall } from '../system/configuration.ts';
import type { Instance, ConfiguredPort } from './configured-port.ts';
import type { Reading } from './reading.ts';

/** How a server uses a changed configuration without its service manager. */
export type Reload =
  | { readonly signal: 'SIGHUP' | 'SIGUSR2' }
  | { readonly call: ProgramCall }
  /** Why it cannot be restarted here, in words that follow its name. */
  | { readonly obstacle: string }
  /** It notices the change itself. */
  | 'watches'
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
  /** Whether the machine has one, where no file that is always there says so. */
  isPresent?(machine: ConfigurationMachine): boolean;
  /** Adds the places of an instance to the reading. */
  read(instance: Instance, reading: Reading): void;
  /** Returns the new text of a place that is not just a number. */
  newText?(place: ConfiguredPort, port: number): string | null;
  /**
   * Returns the server's own check of its configuration; null if there is none. A server that does not run as root is
   * checked as its own user, whatever `as` says: its program and its configuration could belong to anybody.
   */
  check?(instance: Instance, reading: Reading): ProgramCall | null;
  /** Returns how it uses a changed configuration without a service manager. */
  reload?(instance: Instance, reading: Reading): Reload;
  /** Returns why only --force moves a place, in sentences. */
  obstacles?(place: ConfiguredPort, reading: Reading): readonly string[];
  /** Returns what else has to be changed by hand, in sentences. */
  sideEffects?(instance: Instance, place: ConfiguredPort, port: number, reading: Reading): readonly string[];
}
