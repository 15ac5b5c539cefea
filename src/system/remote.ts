/** A program that is run on a far machine. */
export interface RemoteCall {
  /** As the user's own configuration of ssh knows it: server7, ann@server7. */
  readonly host: string;
  /** For the far machine's shell. */
  readonly command: string;
  /** For the program's standard input. */
  readonly input: string;
  /** A configuration of ssh instead of the user's own; null for that. */
  readonly config: string | null;
  /** Whether ssh may ask a person, such as for a password. */
  readonly mayAsk: boolean;
}

/** What came of it. */
export interface RemoteAnswer {
  readonly output: Uint8Array;
  /** What was written to standard error: ssh's own words, or the program's. */
  readonly errors: string;
  /** Null where it did not come to its end; ssh's own failures are 255. */
  readonly exitCode: number | null;
  /** Why it did not come to its end; null where it did. */
  readonly failure: string | null;
}

/** Runs a program on a far machine. What goes wrong is in the answer, never thrown. */
export type AskRemote = (call: RemoteCall) => Promise<RemoteAnswer>;
