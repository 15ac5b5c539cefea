import { posix, win32 } from 'node:path';
import { anyOf, PatternError } from '../ports/wildcard.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';
import type { ConfiguredPort, SettingSource } from './configured-port.ts';
import { NotParsed, type Word } from './readers/setting.ts';
import { decodeFile, lineAt, type TextFile } from './text-file.ts';

/** More files than any configuration has. */
const mostFiles = 2000;
/** More includes than any configuration has, also of the same files: what is read again grows with each step of a chain. */
const mostIncludes = 20_000;
/** More than all of the files that these are have together. */
const mostText = 64 * 1024 * 1024;
const mostPlaces = 20_000;
const mostGaps = 1000;

/** A place without what most places have in common. */
export type NewConfiguredPort = Pick<ConfiguredPort, 'port' | 'setting' | 'value' | 'source'> & Partial<ConfiguredPort>;

/** Returns the syntax of the paths of a machine. */
export const pathsOf = ({ platform }: Pick<ConfigurationMachine, 'platform'>): typeof posix =>
  platform === 'win32' ? win32 : posix;

/** Reads the configuration of one instance: its files, each once, and what is found in them. */
export class Reading {
  readonly machine: ConfigurationMachine;
  readonly places: ConfiguredPort[] = [];
  /** Why the places may be incomplete. */
  readonly gaps: string[] = [];
  /** The files in the order in which they were read: the first is the main one. */
  readonly files = new Map<string, TextFile>();
  private readonly refused = new Set<string>();
  private readonly knownGaps = new Set<string>();
  private includes = 0;
  private text = 0;
  /** The folders that patterns went through. */
  private readonly lists = new Map<string, readonly string[]>();

  constructor(machine: ConfigurationMachine) {
    this.machine = machine;
  }

  get path(): typeof posix {
    return pathsOf(this.machine);
  }

  /** The main configuration file; null if none was read. */
  get main(): string | null {
    return this.files.keys().next().value ?? null;
  }

  /** Returns a file; null if it is missing or cannot be read, which becomes a gap unless it is `optional`. */
  open(path: string, { optional = false }: { readonly optional?: boolean } = {}): TextFile | null {
    if (!this.goesOn()) return null;
    const file = this.files.get(path) ?? this.openNew(path, optional);
    this.text += file?.text.length ?? 0;
    return file;
  }

  /** Counts what is followed; false if that is enough. */
  private goesOn(): boolean {
    if (++this.includes <= mostIncludes && this.text <= mostText) return true;
    this.gap(
      this.text > mostText
        ? `the configuration has more than ${mostText / 1024 / 1024} MB with what it includes, of which the rest was not read`
        : `the configuration includes more than ${mostIncludes} files, some of them several times; the rest was not read`,
    );
    return false;
  }

  private openNew(path: string, optional: boolean): TextFile | null {
    if (this.refused.has(path)) return null;
    const read = this.files.size >= mostFiles ? null : this.machine.read(path);
    if (read === null) this.gap(`${path} was not read: the configuration has more than ${mostFiles} files`);
    else if (read.bytes === null) {
      if (!(optional && read.isMissing)) this.gap(`${path} cannot be read: ${read.refusal}`);
    } else {
      const file = decodeFile(path, read.bytes);
      if (file !== null) this.files.set(path, file);
      else this.gap(`${path} cannot be read: it is not a text file`);
      return file;
    }
    this.refused.add(path);
    return null;
  }

  /** Returns the first of these files that exists. */
  openFirst(paths: readonly (string | null | undefined)[]): TextFile | null {
    for (const path of paths) {
      const file = path == null ? null : this.open(path, { optional: true });
      if (file !== null) return file;
    }
    return null;
  }

  /** Runs a reader; text that does not parse becomes a gap, and the result is null. */
  parse<T>(file: TextFile, reader: (text: string) => T): T | null {
    try {
      return reader(file.text);
    } catch (error) {
      if (!(error instanceof NotParsed)) throw error;
      this.gap(`${file.path}:${lineAt(file.text, error.at)} cannot be parsed: ${error.message}`);
      return null;
    }
  }

  gap(text: string): void {
    if (this.knownGaps.has(text) || this.gaps.length > mostGaps) return;
    this.knownGaps.add(text);
    this.gaps.push(this.gaps.length === mostGaps ? 'there is more that was not read' : text);
  }

  /** Returns the files that a pattern with `*`, `?`, and `[…]` matches, sorted; without one, the path itself. */
  glob(pattern: string): string[] {
    if (!this.goesOn()) return [];
    const { sep } = this.path;
    const parts = pattern.split(this.machine.platform === 'win32' ? /[\\/]/ : '/');
    let found = [parts[0] === '' ? sep : parts[0]!];
    for (const part of parts.slice(1)) {
      if (part === '') continue;
      if (!/[*?[]/.test(part)) found = found.map((folder) => this.path.join(folder, part));
      else {
        const test = this.nameTest(part, pattern);
        found = found.flatMap((folder) =>
          this.list(folder)
            .filter(test)
            .map((name) => this.path.join(folder, name)),
        );
      }
      if (found.length > mostFiles) {
        this.gap(`${pattern} matches more than ${mostFiles} files`);
        return found.slice(0, mostFiles);
      }
    }
    return found;
  }

  private list(folder: string): readonly string[] {
    const names = this.lists.get(folder) ?? this.machine.list(folder) ?? [];
    this.lists.set(folder, names);
    return names;
  }

  /** Returns the test of a name for a part of a pattern: as in a shell, only `.*` matches names that begin with a dot. */
  private nameTest(part: string, pattern: string): (name: string) => boolean {
    try {
      const test = anyOf([part], { anyCase: false, sets: 'shell' });
      return part.startsWith('.') ? test : (name) => !name.startsWith('.') && test(name);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.gap(`${pattern} is not followed: ${error.message}`);
      return () => false;
    }
  }

  add(place: NewConfiguredPort): void {
    if (this.places.length >= mostPlaces) return this.gap(`more than ${mostPlaces} settings were left out`);
    this.places.push({
      role: 'listen',
      protocol: 'TCP',
      address: null,
      key: null,
      rank: 0,
      needsRestart: true,
      reason: null,
      ...place,
    });
  }
}

/** Whether two paths are the same: Windows ignores case. */
export function isSamePath(one: string, other: string, { platform }: Pick<ConfigurationMachine, 'platform'>): boolean {
  return one === other || (platform === 'win32' && one.toLowerCase() === other.toLowerCase());
}

/** The source of a value in a file. `port` is the part with the port, if it is literal. */
export function inFile(file: TextFile, word: Word, port: Word | null = word): SettingSource {
  return {
    kind: 'file',
    file,
    at: word.start,
    port: port === null ? null : { start: port.start, end: port.end },
  };
}

/** Returns the port that a text is; null if it is none. */
export function portOf(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null;
}

/** A text such as `80`, `127.0.0.1:80`, `[::1]:80`, `*:80`, `:80`, or `localhost:80`. */
export interface AddressAndPort {
  /** Null: every address. */
  readonly address: string | null;
  readonly port: number;
  /** The position of the port in the text. */
  readonly start: number;
}

/** Splits an address with a port, or a port alone; null for anything else. */
export function addressAndPort(text: string): AddressAndPort | null {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]:|([^:\s]*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = digits === undefined ? null : portOf(digits);
  if (port === null) return null;
  const address = bracketed ?? plain ?? null;
  return { address: address === '*' || address === '' ? null : address, port, start: text.length - digits!.length };
}

/** Returns the place on this machine that a text such as `http://localhost:3000/` connects to; null if it is none. */
export function localTarget(text: string): { readonly host: string; readonly port: number } | null {
  const [, host, digits] = /^(?:[\w+.-]+:\/\/)?(localhost|127\.[\d.]+|\[::1\]):(\d{1,5})(?![\d.])/.exec(text) ?? [];
  const port = digits === undefined ? null : portOf(digits);
  return port === null ? null : { host: host!, port };
}
