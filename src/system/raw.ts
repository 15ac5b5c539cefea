/**
 * Raw: what an interface of a machine said, untouched. One entry a question put to the system, by name.
 * The same whether this machine, a collector on another one, or a recording produced it; decoding is pure,
 * so a Windows recording is decoded on Linux.
 */

export type Platform = 'win32' | 'linux';

/** What reveals what the rights of an ordinary user do not. */
export const moreRights = { win32: 'an elevated (administrator) session', linux: 'root (sudo)' } as const;

/** Why something is unavailable. `code` is stable; `needs` is what would reveal it. */
export interface Refusal {
  readonly code: 'AccessDenied' | 'Gone' | 'NotSupported' | 'Failed' | 'Disabled';
  readonly text: string;
  readonly needs?: string;
}

export interface RawEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Exactly one of `bytes` and `text` unless refused. A partial answer has data and a refusal. */
  readonly bytes?: Uint8Array;
  readonly text?: string;
  readonly refusal?: Refusal;
  /** What is needed to read `bytes`, such as the address a table was read at (hex text) or an entry count. */
  readonly meta?: Readonly<Record<string, string | number>>;
}

/** What a live source may leave out because nobody will look at it. Decoders filter all the same. */
export interface RawHint {
  /** TCP states wanted, by the system's own numbers: 10 is Listen on Linux, 2 on Windows (MIB_TCP_STATE). */
  readonly states?: readonly number[];
  /** Linux: the socket inodes whose holders are wanted. */
  readonly inodes?: ReadonlySet<number>;
  /** Whether command lines are wanted. */
  readonly commandLine?: boolean;
  /** Of which programs the command line is wanted all the same, by their file name: it is needed to tell what they run. */
  readonly commandLineOf?: (imageName: string) => boolean;
  /** Whether working directories are wanted. */
  readonly workingDirectory?: boolean;
  /** Windows: the files whose signers are wanted. */
  readonly paths?: readonly string[];
}

/** Where raw comes from. `read` never throws for what the system refuses: that is a `refusal`. */
export interface RawSource {
  readonly platform: Platform;
  read(name: string, hint?: RawHint): RawEntry;
  /** The same for what has to be waited for, such as another program's answer. Without it `read` has it at once. */
  ask?(name: string): Promise<RawEntry>;
}

/** Asks for an entry that may have to be waited for. */
export async function askSource(source: RawSource, name: string): Promise<RawEntry> {
  return source.ask === undefined ? source.read(name) : source.ask(name);
}

/** All that was read, in reading order: what `snapshot --raw` keeps and a recording gives back. */
export interface RawEnvelope {
  readonly platform: Platform;
  readonly entries: ReadonlyMap<string, RawEntry>;
}

/** A source that answers from an envelope. What was not recorded is refused, never empty. */
export function recordedSource(envelope: RawEnvelope): RawSource {
  return {
    platform: envelope.platform,
    read: (name) =>
      envelope.entries.get(name) ?? {
        at: '1970-01-01T00:00:00Z',
        refusal: { code: 'NotSupported', text: `the recording has no ${name}` },
      },
  };
}

/** What a recording asks for, and what it keeps of an answer. */
export interface Recording {
  readonly hint: RawHint;
  readonly kept?: (name: string, entry: RawEntry) => RawEntry;
}

/** A source that keeps all that it passes on in `entries`; of the hints only the files count. */
export function recordingSource(
  source: RawSource,
  entries: Map<string, RawEntry>,
  { hint: wanted, kept }: Recording,
): RawSource {
  return {
    platform: source.platform,
    // Hints only leave things out, and a recording must be whole.
    read: (name, hint) => {
      const known = entries.get(name);
      if (known !== undefined) return known;
      const answer = source.read(name, { ...wanted, ...(hint?.paths === undefined ? {} : { paths: hint.paths }) });
      const entry = kept?.(name, answer) ?? answer;
      entries.set(name, entry);
      return entry;
    },
    async ask(name) {
      const entry = entries.get(name) ?? (await askSource(source, name));
      entries.set(name, entry);
      return entry;
    },
  };
}
