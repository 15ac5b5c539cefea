// Runs cases, one at a time, as its parent sends them, and says of each what was wrong. It may hang or end: the parent looks.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import type { Hands } from '../../src/system/hands.ts';
import { readEnvelope } from '../../src/facts/read/envelope.ts';
import { recordedSource, type RawSource } from '../../src/system/raw.ts';
import { run, type Outcome } from '../support/harness.ts';
import { fakeLinux, fakeWindows } from '../support/schedule-fake.ts';
import { parseCase, type Case } from './case.ts';
import { flawOf } from './properties.ts';

/** What the parent asks for. */
export interface Asked {
  readonly text: string;
  /** The executable that is to run it, instead of this process. */
  readonly executable: string | null;
}
/** What was wrong, or null. */
export interface Told {
  readonly flaw: string | null;
  readonly code: number;
}

const [base = ''] = process.argv.slice(2);
const folder = join(base, 'run');
const canary = join(base, 'canary');
const precious = 'precious';
const recordings = {
  linux: recordedSource(readEnvelope(join(root, 'test/fixtures/recorded/linux-6.18'))),
  win32: recordedSource(readEnvelope(join(root, 'test/fixtures/recorded/windows-wine10'))),
};

const gone = (): never => {
  throw Object.assign(new Error('gone'), { refusal: { code: 'Gone', text: 'it has ended' } });
};
/** Hands that find nothing to stop. */
const hands: Hands = {
  self: { pid: 1, container: null, unit: null, unitUser: null },
  asking: 'asked',
  processes: () => [],
  hold: gone,
  service: () => null,
  stopService: gone,
  endService: gone,
  sites: () => [],
  stopSite: gone,
};

/** Every bind succeeds. */
const binder = (platform: Case['machine']): RawSource => ({ platform, read: () => ({ at: '2026-01-02T03:04:05Z', text: '{}' }) });

async function inProcess({ machine, args, input }: Case): Promise<Outcome> {
  const source = recordings[machine];
  return run(args, {
    source,
    tools: source,
    binder: binder(machine),
    hands,
    scheduler: machine === 'linux' ? fakeLinux() : fakeWindows(),
    eventLog: () => null,
    stateFolder: join(folder, 'state'),
    bytes: input,
  });
}

function byExecutable(executable: string, { args, input }: Case): Outcome {
  const env = { PATH: process.env.PATH, HOME: join(base, 'run'), XDG_STATE_HOME: folder, LC_ALL: 'C.UTF-8' };
  const { status, signal, stdout, stderr } = spawnSync(executable, args, { cwd: folder, env, input, timeout: 20_000, maxBuffer: 1e8 });
  const code = status ?? -1;
  return { code, out: stdout.toString(), err: signal === null ? stderr.toString() : `ended by ${signal}` };
}

/** What is not as it was outside of the run's folder. */
function trespass(): string | null {
  const names = readdirSync(base).toSorted().join(' ');
  if (names !== 'canary run') return `files outside of the run's folder: ${names}`;
  return readFileSync(canary, 'utf8') === precious ? null : "a file outside of the run's folder was changed";
}

async function answer({ text, executable }: Asked): Promise<Told> {
  const given = parseCase(text);
  process.chdir(base);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, bytes] of Object.entries(given.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), bytes, { mode: 0o600 });
  }
  process.chdir(folder);
  const outcome = executable === null ? await inProcess(given) : byExecutable(executable, given);
  // They come a turn of the event loop later.
  await new Promise((resolve) => setImmediate(resolve));
  const [warning] = warnings;
  warnings = [];
  if (warning !== undefined) return { flaw: `a library warns: ${warning.slice(0, 300)}`, code: outcome.code };
  return { flaw: flawOf(outcome, given.args, given.target !== 'arguments') ?? trespass(), code: outcome.code };
}

/** Warnings of Node and of libraries since the last case: they would go to stderr. */
let warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));

if (!existsSync(canary)) writeFileSync(canary, precious);
process.on('message', (asked: Asked) => {
  answer(asked).then(
    (told) => process.send!(told),
    (error: unknown) => process.send!({ flaw: `thrown: ${error instanceof Error ? error.stack : String(error)}`, code: -1 } satisfies Told),
  );
});
process.send!('ready');
