import type { RawSource } from '../facts/raw.ts';
import type { Terminal } from '../formats/format.ts';
import type { Sink } from '../formats/sink.ts';

/** Everything that a command meets outside itself, so that a test can put its own in place. */
export interface Surroundings {
  /** This machine. */
  readonly source: () => Promise<RawSource>;
  /** Standard output. */
  readonly output: () => Sink;
  /** Standard error: whole lines. */
  readonly error: (text: string) => void;
  /** The terminal that standard output goes to, null when it goes elsewhere. */
  readonly terminal: () => Terminal | null;
  readonly now: () => Date;
}
