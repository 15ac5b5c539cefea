import type { ConfigurationMachine } from './configuration.ts';
import type { Hands } from './hands.ts';
import type { LogEvent } from './log.ts';
import type { LiveSource } from './live.ts';
import type { Ending } from './ending.ts';
import type { FindProject } from './project.ts';
import type { RawSource, Refusal } from './raw.ts';
import type { AskRemote } from './remote.ts';
import type { Screen } from './screen.ts';
import type { Terminal } from './terminal.ts';
import type { InputEnds } from '../io/read.ts';
import type { Sink } from '../io/sink.ts';
import type { Scheduler } from './scheduler.ts';

/** Everything outside a command that it uses, so that a test can replace it. */
export interface Surroundings {
  /** This machine. */
  readonly source: () => Promise<RawSource>;
  /** This machine, to be looked at again and again; close it in the end. */
  readonly live: () => Promise<LiveSource>;
  /** This machine, for bind attempts. */
  readonly binder: () => Promise<RawSource>;
  /** The tools of this machine's system, for comparison. */
  readonly tools: () => Promise<RawSource>;
  /** Stops programs and services on this machine. */
  readonly hands: () => Promise<Hands>;
  /** The configuration files of this machine's servers. */
  readonly configuration: () => Promise<ConfigurationMachine>;
  /** Queries far machines. */
  readonly remote: () => Promise<AskRemote>;
  /** Schedules audits on this machine. */
  readonly scheduler: () => Promise<Scheduler>;
  /** Writes to this machine's log; returns why it failed, or null. */
  readonly eventLog: () => Promise<(events: readonly LogEvent[]) => Refusal | null>;
  /** The folder where a user's own state is kept; it may not exist yet. */
  readonly stateFolder: () => string | Promise<string>;
  /** The home folder of this user. */
  readonly homeFolder: () => string;
  /** Finds the project that a folder on this machine belongs to. */
  readonly projects: () => Promise<FindProject>;
  /** Asks a person for confirmation; null without a terminal. */
  readonly confirm: ((question: string) => boolean) | null;
  /** The raw bytes of this process's arguments, each terminated by a zero; null if unavailable. */
  readonly argumentBytes: () => Uint8Array | null;
  /** Returns at most the first `most` bytes of standard input. */
  readonly input: (most: number) => Uint8Array;
  /** Returns the first and the last bytes of standard input, up to a limit. */
  readonly inputEnds: (most: { readonly first: number; readonly last: number }) => InputEnds;
  /** Standard output. */
  readonly output: () => Sink;
  /** Writes whole lines to standard error. */
  readonly error: (text: string) => void;
  /** The terminal that standard output is connected to; null if it is not a terminal. */
  readonly terminal: () => Terminal | null;
  /** Returns how to take over the terminal for a full-screen view; null without a terminal that can show one. */
  readonly screen: () => Promise<(() => Screen) | null>;
  /** The program name of the shell that started this process; null if unknown. */
  readonly shell: () => string | null;
  /** The maximum width of a line of text for people, wherever it goes. */
  readonly lineWidth: () => number;
  /** For commands that go on until they are ended. */
  readonly ending: () => Promise<Ending>;
  readonly now: () => Date;
}
