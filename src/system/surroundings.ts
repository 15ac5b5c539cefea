import type { Hands } from './hands.ts';
import type { LogEvent } from './log.ts';
import type { FindProject } from './project.ts';
import type { RawSource, Refusal } from './raw.ts';
import type { AskRemote } from './remote.ts';
import type { Terminal } from './terminal.ts';
import type { InputEnds } from '../io/read.ts';
import type { Sink } from '../io/sink.ts';
import type { Scheduler } from './scheduler.ts';

/** Everything that a command meets outside itself, so that a test can put its own in place. */
export interface Surroundings {
  /** This machine. */
  readonly source: () => Promise<RawSource>;
  /** This machine, to try binds on. */
  readonly binder: () => Promise<RawSource>;
  /** The tools of this machine's system, to compare with. */
  readonly tools: () => Promise<RawSource>;
  /** This machine, to stop what runs on it. */
  readonly hands: () => Promise<Hands>;
  /** What asks far machines. */
  readonly remote: () => Promise<AskRemote>;
  /** What starts audits on this machine. */
  readonly scheduler: () => Promise<Scheduler>;
  /** What writes to this machine's log: gives why it could not, or null. */
  readonly eventLog: () => Promise<(events: readonly LogEvent[]) => Refusal | null>;
  /** The folder where a user's own state is kept; it may not exist yet. */
  readonly stateFolder: () => string | Promise<string>;
  /** The home folder of this user. */
  readonly homeFolder: () => string;
  /** What finds the project that a folder of this machine belongs to. */
  readonly projects: () => Promise<FindProject>;
  /** Asks a person for a yes; null when there is nobody to ask: no terminal. */
  readonly confirm: ((question: string) => boolean) | null;
  /** The bytes of the arguments that this process was started with, each ended by a zero; null if unavailable. */
  readonly argumentBytes: () => Uint8Array | null;
  /** The first bytes of standard input, at most `most`. */
  readonly input: (most: number) => Uint8Array;
  /** The first and the last bytes of standard input, up to a limit. */
  readonly inputEnds: (most: { readonly first: number; readonly last: number }) => InputEnds;
  /** Standard output. */
  readonly output: () => Sink;
  /** Standard error: whole lines. */
  readonly error: (text: string) => void;
  /** The terminal that standard output goes to, null when it goes elsewhere. */
  readonly terminal: () => Terminal | null;
  /** The shell that started this process, by the name of its program; null if unknown. */
  readonly shell: () => string | null;
  /** How wide a line of text for people may be, wherever it goes. */
  readonly lineWidth: () => number;
  readonly now: () => Date;
}
