import type { Facts } from '../facts/model/facts.ts';
import type { ConfigurationMachine, RunningProgram } from '../system/configuration.ts';
import { isRegistryPath } from '../system/registry.ts';
import { mentionPlaces, programsOf } from './mention-places.ts';
import { pathsOf } from './reading.ts';
import { decodeFile, lineAt } from './text-file.ts';

/*
 * What names a port of this machine, in files that no family reads: health checks of cron, scheduled tasks, monitoring,
 * units, and services, addresses in .env files and in the environment of programs. It is found by its form, so it is only
 * listed.
 */

/** The files that can name an address, where not every file is one of configuration. */
const configuring =
  /^\.env(?:\.|$)|\.(?:env|ya?ml|json|toml|ini|conf|cfg|config|properties|xml|sh|ps1|bat|cmd|service)$/i;
/** What package managers and people keep, and nothing reads; and what names every port. */
const unused =
  /(?:~|\.(?:dpkg|ucf)-\w+|\.rpm(?:save|orig|new)|\.(?:bak|orig|old|swp|pem|crt|key|gz))$|^\/etc\/(?:services|ssl|alternatives|ca-certificates|ld\.so\.cache|ssh\/moduli)(?:\/|$)|^[a-z]:\\ProgramData\\(?:Microsoft|Package Cache|PortOwner-moves)(?:\\|$)/i;
/** What begins a line that is a comment. */
const comment = /^[ \t]*(?:[#;]|\/\/|<!--|rem\b|::[ \t])/i;

const deepest = 6;
const mostPaths = 20_000;
const largest = 256 * 1024;
/** More than all of the files that name a port have together. */
const mostText = 256 * 1024 * 1024;
const mostMentions = 50;
const mostOfFile = 200;
const mostFound = 1000;

/** Returns the expression for what names a port: an address of this machine with it, or a setting or an option for a port. */
function mentionOf(port: number, { machine, sections }: Facts): RegExp {
  const addresses = (sections.addresses?.data ?? []).slice(0, 100).map(({ address }) => address);
  const hosts = ['::1', machine.name, ...addresses].flatMap((one) => {
    if (one === null || one === '') return [];
    if (!one.includes(':')) return RegExp.escape(one);
    const [address = '', scope] = one.split('%');
    return String.raw`\[?${RegExp.escape(address)}${scope === undefined ? '' : String.raw`(?:%[\w.-]{1,32})?`}\]?`;
  });
  const host = [String.raw`localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0`, ...hosts].join('|');
  const setting = String.raw`[\w.-]{0,64}port["']?[ \t]{0,16}[=: ][ \t]{0,16}["']?`;
  return new RegExp(String.raw`(?<![\w.-])(?:(?:${host}):|-p[ \t]?|${setting})${port}(?!\d|\.\d)`, 'gi');
}

/** Searches files for a port. */
class Search {
  private readonly found = new Set<string>();
  /** What names the port in environments, which processes of one program have in common. */
  private readonly environments = new Map<string, { readonly has: string; readonly name: string; pids: number[] }>();
  private readonly unreadable: string[] = [];
  private readonly tooLarge: string[] = [];
  private isTooDeep = false;
  private paths = 0;
  private besidePaths = 0;
  private searched = 0;
  private isCut = false;
  private readonly seen = new Set<string>();
  private readonly machine: ConfigurationMachine;
  private readonly port: number;
  private readonly mention: RegExp;
  private readonly known: ReadonlySet<string>;
  private readonly separator: string;

  constructor(machine: ConfigurationMachine, facts: Facts, port: number, known: ReadonlySet<string>) {
    this.machine = machine;
    this.port = port;
    this.mention = mentionOf(port, facts);
    this.known = known;
    this.separator = pathsOf(machine).sep;
  }

  /** Searches a folder and those in it. */
  tree({ folder, everyFile }: { readonly folder: string; readonly everyFile: boolean }, depth = 0): void {
    const names = this.machine.list(folder);
    const real = this.machine.realPath(folder);
    if (real === null || this.seen.has(real)) return;
    if (names === null && depth === 0) this.unreadable.push(folder);
    this.seen.add(real);
    for (const name of names ?? []) {
      const path = `${folder}${this.separator}${name}`;
      if (unused.test(path) || this.paths++ >= mostPaths) continue;
      const isFile = (everyFile || configuring.test(name)) && this.file(path);
      if (isFile) continue;
      if (depth < deepest) this.tree({ folder: path, everyFile }, depth + 1);
      else this.isTooDeep ||= this.machine.list(path) !== null;
    }
  }

  /** Searches the files in a folder that can name an address. */
  beside(folder: string): void {
    // Counted by themselves: others can fill the folders of the system.
    for (const name of this.machine.list(folder) ?? [])
      if (configuring.test(name) && !unused.test(name) && this.besidePaths++ < mostPaths)
        this.file(`${folder}${this.separator}${name}`);
  }

  /** Searches a value of the registry. */
  value(path: string): void {
    const { bytes } = this.machine.read(path);
    const file = bytes === null || bytes.length > largest ? null : decodeFile(path, bytes);
    if (file !== null) this.text(path, path, file.text);
  }

  /** Searches a file; returns whether it is one. */
  file(path: string): boolean {
    if (this.searched > mostText) return true;
    const { bytes, ...why } = this.machine.read(path);
    if (bytes === null) {
      const isFolder = this.machine.list(path) !== null;
      if (!isFolder && 'isMissing' in why && !why.isMissing) this.unreadable.push(path);
      return !isFolder;
    }
    this.searched += bytes.length;
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const [port, wide] = [String(this.port), Buffer.from(String(this.port), 'utf16le')];
    if (!(raw.includes(port) || raw.includes(wide))) return true;
    if (raw.length > largest) {
      this.tooLarge.push(path);
      return true;
    }
    const real = this.machine.realPath(path) ?? path;
    const file = this.seen.has(real) ? null : decodeFile(path, bytes);
    this.seen.add(real);
    if (file !== null) this.text(path, real, file.text);
    return true;
  }

  private text(path: string, real: string, text: string): void {
    const most = Math.min(this.found.size + mostOfFile, mostFound);
    let line = 0;
    let isOut = false;
    for (const { 0: words, index } of text.matchAll(this.mention)) {
      const own = lineAt(text, index);
      if (own !== line) {
        line = own;
        const start = text.lastIndexOf('\n', index) + 1;
        isOut = this.known.has(`${real}:${line}`) || comment.test(text.slice(start, index + 1));
      }
      if (isOut) continue;
      if (this.found.size >= most) {
        this.isCut = true;
        return;
      }
      const where = isRegistryPath(path) ? path : `${path}:${line}`;
      this.found.add(`${where} names port ${this.port}: ${words.trim()}`);
    }
  }

  /** Searches the environment of a program. */
  environment({ pid, name }: RunningProgram): void {
    for (const [variable, value] of this.machine.program(pid)?.environment ?? []) {
      if (!value.includes(String(this.port)) || value.length > 4096) continue;
      this.searched += value.length;
      const [words] = this.searched > mostText ? [] : (value.match(this.mention) ?? []);
      if (words === undefined) continue;
      const one = { has: `${variable} has ${words}`, name: name ?? 'a program', pids: [] };
      const key = `${one.name} ${one.has}`;
      if (this.environments.size < mostFound || this.environments.has(key))
        this.environments.getOrInsert(key, one).pids.push(pid);
      else this.isCut = true;
    }
  }

  private environmentTexts(): string[] {
    return [...this.environments.values()].map(({ has, name, pids: [first, ...others] }) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      return `the environment of ${name} (process ${first}${more}) names port ${this.port}: ${has}`;
    });
  }

  private notSearched([first, ...others]: readonly string[], why: string): string[] {
    if (first === undefined) return [];
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return [`not searched for port ${this.port}: ${first}${more}, which ${why}`];
  }

  /** Returns what was found, and what could not be searched. */
  texts(): string[] {
    const all = [...this.found, ...this.environmentTexts()];
    const rest = all.length - mostMentions;
    const more = `${this.isCut ? 'more than ' : ''}${rest} more places`;
    const limits = [
      ...(Math.max(this.paths, this.besidePaths) > mostPaths ? [`${mostPaths} files and folders`] : []),
      ...(this.searched > mostText ? [`${mostText / 1024 / 1024} MB of files`] : []),
      ...(this.isTooDeep ? [`${deepest + 1} levels of folders`] : []),
    ];
    return [
      ...all.slice(0, mostMentions),
      ...(rest > 0 ? [`${more} name port ${this.port}`] : []),
      ...limits.map((limit) => `only ${limit} were searched for port ${this.port}`),
      ...this.notSearched(this.unreadable, 'cannot be read'),
      ...this.notSearched(
        this.tooLarge,
        `${this.tooLarge.length === 1 ? 'is' : 'are'} larger than ${largest / 1024} KB`,
      ),
    ];
  }
}

/** What to search. */
interface Searched {
  readonly machine: ConfigurationMachine;
  readonly facts: Facts;
  /** The server that is moved; null if it does not run. */
  readonly pid: number | null;
  /** The places that are listed anyway: `FILE:LINE`, without links. */
  readonly known: ReadonlySet<string>;
}

/** Returns what names a port on this machine, in sentences. */
export function mentions({ machine, facts, pid, known }: Searched, port: number): string[] {
  const programs = programsOf(machine, facts);
  const { trees, folders, values } = mentionPlaces(machine, facts, programs);
  const search = new Search(machine, facts, port, known);
  for (const tree of trees) search.tree(tree);
  for (const folder of folders) search.beside(folder);
  for (const value of values) search.value(value);
  for (const program of programs) if (program.pid !== pid) search.environment(program);
  return search.texts();
}
