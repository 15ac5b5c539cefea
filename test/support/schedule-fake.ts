import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Refusal } from '../../src/system/raw.ts';
import type { LinuxScheduler, PathState, Said, WindowsScheduler } from '../../src/system/scheduler.ts';
import { taskText } from '../../src/facts/decode/windows-text.ts';
import { temporaryFolder } from './harness.ts';
import { ace, descriptor } from './descriptor-bytes.ts';

const full = 0x1f01ff;

/** A folder with what is in the files of a machine, as `contents/baseline.yaml`. */
function contents(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'baseline.yaml'), 'kind: PortOwner.Baseline\nversion: 1\nlisteners: []\n');
  writeFileSync(join(folder, 'policy.yaml'), 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');
  return folder;
}
const nameOf = (path: string): string => path.split(/[\\/]/).at(-1)!;

/** What only SYSTEM and administrators can change, and everybody can read. */
export function safe(standing: PathState['standing'], more: readonly Buffer[] = []): PathState {
  const entries = [
    ace({ sid: 'S-1-5-18', mask: full, flags: 3 }),
    ace({ sid: 'S-1-5-32-544', mask: full, flags: 3 }),
    ace({ sid: 'S-1-5-32-545', mask: 0x1200a9, flags: 3 }),
    ...more,
  ];
  return { standing, refusal: null, access: { platform: 'win32', descriptor: descriptor({ owner: 'S-1-5-32-544', entries }) } };
}
export const missing: PathState = { standing: 'missing', access: null, refusal: null };

export interface FakeWindows extends WindowsScheduler {
  readonly tasks: Map<string, string>;
  readonly scripts: string[];
  readonly sources: Map<string, string>;
  readonly files: Map<string, PathState>;
  readonly made: { path: string; sid: string | null }[];
  /** Where its files are, by their names alone. */
  readonly contents: string;
}

export const gmsaSid = 'S-1-5-21-7-7-7-1234';

/** A Windows machine that is set up as it should be, with the executable and a baseline in their places. */
export function fakeWindows(more: { mayInstall?: boolean; rights?: string[]; said?: Said; query?: Refusal; executable?: string | null; changed?: Date } = {}): FakeWindows {
  const folder = contents();
  const files = new Map<string, PathState>(
    [
      ['C:\\', 'folder'],
      ['C:\\Program Files', 'folder'],
      ['C:\\Program Files\\PortOwner', 'folder'],
      ['C:\\Program Files\\PortOwner\\portowner.exe', 'file'],
      ['C:\\ProgramData', 'folder'],
      ['C:\\Audit', 'folder'],
      ['C:\\Audit\\baseline.yaml', 'file'],
      ['C:\\Audit\\policy.yaml', 'file'],
    ].map(([path, standing]) => [path!, safe(standing as PathState['standing'])]),
  );
  const [tasks, sources] = [new Map<string, string>(), new Map<string, string>()];
  const scripts: string[] = [];
  const made: { path: string; sid: string | null }[] = [];
  const done: Said = more.said ?? { done: true, text: '' };
  return {
    platform: 'win32',
    executable: more.executable === undefined ? 'C:\\Program Files\\PortOwner\\portowner.exe' : more.executable,
    dataFolder: 'C:\\ProgramData\\PortOwner',
    mayInstall: more.mayInstall ?? true,
    machine: 'SERVER7',
    tasks,
    sources,
    scripts,
    files,
    made,
    contents: folder,
    file: (path) => join(folder, nameOf(path)),
    changedAt: () => more.changed ?? null,
    look: (path) => files.get(path) ?? missing,
    accountName: (sid) => ({ 'S-1-5-32-545': 'BUILTIN\\Users', 'S-1-1-0': 'Everyone' })[sid] ?? sid,
    makeFolder(path, sid) {
      made.push({ path, sid });
      files.set(path, safe('folder', sid === null ? [] : [ace({ sid, mask: 0x1301bf, flags: 3 })]));
    },
    sid: (account) => (account === 'CORP\\audit$' ? gmsaSid : null),
    isRemote: (path) => /^(?:\\\\|[N-Z]:)/.test(path),
    rights: () => more.rights ?? [],
    create(name, file) {
      if (done.done) tasks.set(name, taskText(file));
      return done;
    },
    run(script) {
      scripts.push(script);
      return done;
    },
    remove(name) {
      if (done.done) tasks.delete(name);
      return done;
    },
    exists: (name) => tasks.has(name),
    definitions: () => tasks,
    query: (name) => (more.query === undefined ? { bytes: Buffer.from(tasks.get(name)!, 'utf16le'), decode: () => '' } : { refusal: more.query }),
    eventSource: (name) => sources.get(name) ?? null,
    addEventSource: (name, file) => void sources.set(name, file),
    removeEventSource: (name) => void sources.delete(name),
  };
}

export interface FakeLinux extends LinuxScheduler {
  readonly units: Map<string, string>;
  readonly calls: string[];
  readonly files: Map<string, PathState>;
  /** Where its files are, by their names alone. */
  readonly contents: string;
}

/** A Linux machine with systemd, where root alone can change what is there. */
export function fakeLinux(more: { mayInstall?: boolean; isRunning?: boolean; said?: Record<string, Said>; looks?: Record<string, PathState>; changed?: Date } = {}): FakeLinux {
  const folder = contents();
  const rooted = (standing: PathState['standing'], mode: number): PathState => ({ standing, refusal: null, access: { platform: 'linux', uid: 0, gid: 0, mode, list: null } });
  const files = new Map<string, PathState>([
    ...['/', '/usr', '/usr/local', '/usr/local/bin', '/etc', '/etc/systemd', '/etc/systemd/system', '/etc/portowner', '/var', '/var/lib'].map((path): [string, PathState] => [
      path,
      rooted('folder', 0o755),
    ]),
    ['/usr/local/bin/portowner', rooted('file', 0o755)],
    ['/etc/portowner/baseline.yaml', rooted('file', 0o644)],
    ...Object.entries(more.looks ?? {}),
  ]);
  const units = new Map<string, string>();
  const calls: string[] = [];
  return {
    platform: 'linux',
    executable: '/usr/local/bin/portowner',
    dataFolder: '/var/lib/portowner',
    mayInstall: more.mayInstall ?? true,
    machine: 'server8',
    isRunning: more.isRunning ?? true,
    units,
    calls,
    files,
    contents: folder,
    file: (path) => join(folder, nameOf(path)),
    changedAt: () => more.changed ?? null,
    look: (path) => files.get(path) ?? missing,
    accountName: (id) => id,
    makeFolder: (path) => void files.set(path, rooted('folder', 0o700)),
    readUnit: (root, name) => units.get(`${root ?? ''}/${name}`) ?? null,
    writeUnit: (root, name, text) => void units.set(`${root ?? ''}/${name}`, text),
    removeUnit: (root, name) => units.delete(`${root ?? ''}/${name}`),
    systemctl(...words) {
      calls.push(words.join(' '));
      return more.said?.[words[0]!] ?? { done: true, text: '' };
    },
  };
}
