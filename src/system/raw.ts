/**
 * Raw: the untouched answers of a machine's interfaces, one named entry for each query to the system. They are the same
 * whether this machine, a collector on another machine, or a recording produced them. Decoding is pure, so a Windows
 * recording can be decoded on Linux.
 */

export type Platform = 'win32' | 'linux';

/** The rights that reveal what is hidden from an ordinary user. */
export const moreRights = { win32: 'an elevated (administrator) session', linux: 'root (sudo)' } as const;

const refusalCodes = ['AccessDenied', 'Gone', 'NotSupported', 'Failed', 'Disabled'] as const;

/** Why something is unavailable. `code` is stable; `needs` is what would make it available. */
export interface Refusal {
  readonly code: (typeof refusalCodes)[number];
  readonly text: string;
  readonly needs?: string;
}

/** Whether a recorded or collected text is the code of a refusal. */
export const isRefusalCode = (text: unknown): text is Refusal['code'] =>
  (refusalCodes as readonly unknown[]).includes(text);

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

/** What a live source may omit because it is not needed. Decoders filter anyway. */
export interface RawHint {
  /** Wanted TCP states, in the system's numbers: 10 is Listen on Linux, 2 on Windows (MIB_TCP_STATE). */
  readonly states?: readonly number[];
  /** Linux: whether the list of sockets is to contain their counters. */
  readonly counters?: boolean;
  /** Linux: the sockets, by inode, whose holders are wanted. */
  readonly inodes?: ReadonlySet<number>;
  /** Linux: whether one holder of each of them is enough, and none if it takes long to find. */
  readonly hasty?: boolean;
  /** Whether command lines are wanted. */
  readonly commandLine?: boolean;
  /** Selects programs, by file name, whose command line is always read because it shows what they run. */
  readonly commandLineOf?: (imageName: string) => boolean;
  /** Whether working directories are wanted. */
  readonly workingDirectory?: boolean;
  /** Windows: the files whose signers are wanted. */
  readonly paths?: readonly string[];
}

/** The origin of raw entries. `read` never throws if the system refuses: it returns a `refusal`. */
export interface RawSource {
  readonly platform: Platform;
  read(name: string, hint?: RawHint): RawEntry;
  /** The same for entries that take time, such as another program's answer. If missing, `read` is used. */
  ask?(name: string): Promise<RawEntry>;
}

/** Reads an entry that may take time. */
export async function askSource(source: RawSource, name: string): Promise<RawEntry> {
  return source.ask === undefined ? source.read(name) : source.ask(name);
}

/** All entries in reading order: what `snapshot --raw` writes and a recording replays. */
export interface RawEnvelope {
  readonly platform: Platform;
  readonly entries: ReadonlyMap<string, RawEntry>;
}

/** Returns a source that replays an envelope. An entry that was not recorded is refused, never empty. */
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

/** What a recording requests, and how it filters an answer. */
export interface Recording {
  readonly hint: RawHint;
  readonly kept?: (name: string, entry: RawEntry) => RawEntry;
}

/** Returns a source that stores everything that it reads in `entries`; of its hints, only `paths` is used. */
export function recordingSource(
  source: RawSource,
  entries: Map<string, RawEntry>,
  { hint: wanted, kept }: Recording,
): RawSource {
  return {
    platform: source.platform,
    // A recording must be complete, and hints only leave things out.
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
