import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigurationMachine } from '../../src/system/configuration.ts';
import type { Hands } from '../../src/system/hands.ts';
import { runPortOwner } from '../../src/cli/run.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import type { Surroundings } from '../../src/system/surroundings.ts';
import type { Facts } from '../../src/facts/model/facts.ts';
import type { LiveSource } from '../../src/system/live.ts';
import type { RawSource } from '../../src/system/raw.ts';
import type { AskRemote } from '../../src/system/remote.ts';
import type { FindProject } from '../../src/system/project.ts';
import type { Screen } from '../../src/system/screen.ts';
import type { Terminal } from '../../src/system/terminal.ts';
import type { Sink } from '../../src/io/sink.ts';
import type { Scheduler } from '../../src/system/scheduler.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A machine without configuration files, on which nothing can be changed. */
export const noConfigurations: ConfigurationMachine = {
  platform: 'linux',
  isElevated: false,
  variables: new Map(),
  systemFolder: null,
  administratorsFolder: () => null,
  ancestors: () => [],
  program: () => null,
  programs: () => [],
  read: () => ({ bytes: null, refusal: 'it does not exist', isMissing: true }),
  list: () => null,
  realPath: () => null,
  ownerOf: () => null,
  changedAt: () => null,
  errorOutput: () => null,
  obstacle: () => null,
  access: null,
  replace: () => {
    throw new Error('this test gives no configurations');
  },
  service: () => null,
  startCommands: () => [],
  run: () => ({ status: null, output: 'this test gives no configurations' }),
  signal() {},
};

/** Runs a command line in this process, through the real parser, and gives what a caller would see. */
export async function run(
  args: readonly string[],
  more: {
    source?: RawSource;
    /** Without one, looks are at the source. */
    live?: LiveSource;
    binder?: RawSource;
    tools?: RawSource;
    input?: string;
    /** Standard input, where it is not text. */
    bytes?: Uint8Array;
    terminal?: Terminal;
    screen?: Screen;
    stateFolder?: string;
    remote?: AskRemote;
    projects?: FindProject;
    hands?: Hands;
    configuration?: ConfigurationMachine;
    scheduler?: Scheduler;
    eventLog?: Awaited<ReturnType<Surroundings['eventLog']>>;
    confirm?: Surroundings['confirm'];
    now?: () => Date;
    output?: Sink;
    ending?: AbortSignal;
    shell?: string;
  } = {},
): Promise<Outcome> {
  let out = '';
  let err = '';
  const sink: Sink = { write: (text) => void (out += text), flush() {}, bytes: (bytes) => void (out += Buffer.from(bytes).toString('latin1')), close() {}, abort() {} };
  const surroundings: Surroundings = {
    source: async () => {
      if (more.source === undefined) throw new Error('this test gives no source');
      return more.source;
    },
    live: async () => {
      if (more.live !== undefined) return more.live;
      if (more.source === undefined) throw new Error('this test gives no source');
      return { source: more.source, close() {} };
    },
    tools: async () => {
      if (more.tools === undefined) throw new Error('this test gives no tools');
      return more.tools;
    },
    binder: async () => {
      if (more.binder === undefined) throw new Error('this test gives no binder');
      return more.binder;
    },
    hands: async () => {
      if (more.hands === undefined) throw new Error('this test gives no hands');
      return more.hands;
    },
    configuration: async () => {
      return more.configuration ?? noConfigurations;
    },
    eventLog: async () => {
      if (more.eventLog === undefined) throw new Error('this test gives no event log');
      return more.eventLog;
    },
    scheduler: async () => {
      if (more.scheduler === undefined) throw new Error('this test gives no scheduler');
      return more.scheduler;
    },
    homeFolder: () => '/home/ann',
    projects: async () => more.projects ?? (() => null),
    stateFolder: () => more.stateFolder ?? join(tmpdir(), 'portowner-no-state'),
    remote: async () => more.remote ?? (async () => ({ output: new Uint8Array(), errors: '', exitCode: null, failure: 'no far machine can be reached from a test' })),
    confirm: more.confirm ?? null,
    argumentBytes: () => null,
    input: () => more.bytes ?? Buffer.from(more.input ?? ''),
    inputEnds: () => ({ first: more.bytes ?? Buffer.from(more.input ?? ''), last: new Uint8Array(), leftOut: 0 }),
    output: () => more.output ?? sink,
    error: (text) => void (err += text),
    terminal: () => more.terminal ?? null,
    screen: async () => (more.screen === undefined ? null : () => more.screen!),
    shell: () => more.shell ?? null,
    lineWidth: () => more.terminal?.columns ?? 80,
    ending: async () => ({ signal: more.ending ?? new AbortController().signal, release() {} }),
    now: more.now ?? (() => new Date('2026-01-02T03:04:06Z')),
  };
  const code = await runPortOwner({ args, catalogue, surroundings });
  return { code, out, err };
}

let root: string | undefined;

/** A new folder that goes with the test process. */
export function temporaryFolder(): string {
  if (root === undefined) {
    const made = (root = mkdtempSync(join(tmpdir(), 'portowner-test-')));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return mkdtempSync(join(root, 'x-'));
}

/** Facts as a snapshot file. */
export function snapshotFile(facts: Facts, folder = temporaryFolder()): string {
  const path = join(folder, `facts-${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(path, JSON.stringify(facts));
  return path;
}
