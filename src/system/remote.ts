/**
 * The number of seconds that a machine can take if the user does not specify it. A collector takes a second, or longer
 * on a slow machine with many processes.
 */
export const usualSeconds = 60;

/** The largest number of seconds that a machine can take. */
export const mostSeconds = 3600;

/** A program to run on a far machine. */
export interface RemoteCall {
  /** A host in the user's ssh configuration: server7, ann@server7. */
  readonly host: string;
  /** The command for the far machine's shell. */
  readonly command: string;
  /** The program's standard input. */
  readonly input: string;
  /** An ssh configuration file instead of the user's own; null for the default. */
  readonly config: string | null;
  /** Whether ssh may prompt a person, such as for a password. */
  readonly mayAsk: boolean;
  /** The number of seconds that it can take. */
  readonly seconds: number;
}

/** The result of a remote call. */
export interface RemoteAnswer {
  readonly output: Uint8Array;
  /** Standard error of ssh or of the program. */
  readonly errors: string;
  /** Null if it did not finish; ssh itself fails with 255. */
  readonly exitCode: number | null;
  /** Why it did not finish; null if it did. */
  readonly failure: string | null;
}

/** Runs a program on a far machine. Reports failures in the answer; never throws. */
export type AskRemote = (call: RemoteCall) => Promise<RemoteAnswer>;
