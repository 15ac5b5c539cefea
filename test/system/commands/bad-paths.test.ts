import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hands } from '../../../src/system/hands.ts';
import { readEnvelope } from '../../../src/facts/read/envelope.ts';
import { recordedSource } from '../../../src/system/raw.ts';
import { allCommands, newCli } from '../../../src/cli/commands.ts';
import { catalogue } from '../../../src/commands/catalogue.ts';
import { facts, socket } from '../../support/example.ts';
import { fakeLinux } from '../../support/schedule-fake.ts';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { run, snapshotFile, temporaryFolder, type Outcome } from '../../support/harness.ts';

const test = suite<TestContext>('paths and arguments that nobody expects');

const recording = fileURLToPath(new URL('../../fixtures/recorded/linux-6.18', import.meta.url));
const source = recordedSource(readEnvelope(recording));
const folder = temporaryFolder();
const snapshot = snapshotFile(facts([socket({ localPort: 443 })]), folder);
const baseline = join(folder, 'good.yaml');
const policy = join(folder, 'good-policy.yaml');
writeFileSync(baseline, 'kind: PortOwner.Baseline\nversion: 1\nlisteners: []\n');
writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');
const good = join(folder, 'good');
const rowsFile = join(folder, 'rows.clixml');

const scheduler = fakeLinux();
const hands = { self: { pid: 1, container: null, unit: null }, asking: 'SIGTERM', processes: () => [] } as unknown as Hands;

/** What lets a command end soon that would go on. */
const ends = new Map([
  ['wait', '--timeout=0'],
  ['watch', '--for=1ms'],
  ['stats', '--for=10ms'],
]);

const refuse = (): never => {
  throw new Error('nothing here may be changed');
};
/** This machine's configurations, to be read only. */
const configuration = { ...(await liveConfiguration()), replace: refuse, service: refuse, run: refuse, signal: refuse };

const portowner = (args: readonly string[], input = ''): Promise<Outcome> =>
  run([...args, ends.get(args[0] ?? '') ?? []].flat(), {
    source,
    binder: source,
    tools: source,
    scheduler,
    hands,
    configuration,
    input,
    stateFolder: join(folder, 'state'),
    eventLog: () => null,
    now: () => new Date('2026-02-01T00:00:00Z'),
  });

/** Every command with each option and operand that is a path: its words before the path, and after it. */
const paths: [command: string, option: string, before: string[], after?: string[]][] = [
  ['', '--from', []],
  ['', '--output', ['--from', snapshot]],
  ['ranges', '--from', []],
  ['ranges', '--output', ['--from', snapshot]],
  ['free', '--policy', []],
  ['free', '--baseline', []],
  ['free', '--output', []],
  ['free', '--from', []],
  ['free', '--ssh-config', ['--host', 'server7']],
  ['why', '--from', ['443']],
  ['why', '--output', ['443', '--from', snapshot]],
  ['conflicts', '--from', []],
  ['conflicts', '--output', ['--from', snapshot]],
  ['diff', 'A', []],
  ['diff', 'B', [snapshot]],
  ['diff', '--output', [snapshot, snapshot]],
  ['diff', '--ssh-config', [snapshot, '--host', 'server7']],
  ['snapshot', '--output', []],
  ['snapshot', '--from', ['--output', good]],
  ['snapshot', '--raw', ['--output', good]],
  ['doctor', '--bundle', []],
  ['doctor', '--from', []],
  ['doctor', '--output', []],
  ['baseline create', 'FILE', ['--force', '--from', snapshot]],
  ['baseline create', '--from', [good, '--force']],
  ['baseline create', '--output', [good, '--force', '--from', snapshot]],
  ['baseline update', 'FILE', ['--from', snapshot]],
  ['baseline update', '--from', [baseline, '--dry-run']],
  ['baseline update', '--output', [baseline, '--dry-run', '--from', snapshot]],
  ['baseline show', 'FILE', []],
  ['baseline show', '--output', [baseline]],
  ['audit', '--from', ['--policy', policy]],
  ['audit', '--baseline', ['--from', snapshot]],
  ['audit', '--policy', ['--from', snapshot]],
  ['audit', '--store', ['--from', snapshot]],
  ['audit', '--spool', ['--store', join(folder, 'spooled.db'), '--from', snapshot]],
  ['audit', '--report', ['--policy', policy, '--from', snapshot]],
  ['audit', '--output', ['--policy', policy, '--from', snapshot]],
  ['', '--ssh-config', ['--host', 'server7']],
  ['ranges', '--ssh-config', ['--host', 'server7']],
  ['why', '--ssh-config', ['443', '--host', 'server7']],
  ['conflicts', '--ssh-config', ['--host', 'server7']],
  ['baseline create', '--ssh-config', [good, '--force', '--host', 'server7']],
  ['baseline update', '--ssh-config', [baseline, '--dry-run', '--host', 'server7']],
  ['audit', '--ssh-config', ['--policy', policy, '--host', 'server7']],
  ['doctor', '--ssh-config', ['--host', 'server7']],
  ['snapshot', '--ssh-config', ['--output', good, '--host', 'server7']],
  ['stats', '--output', []],
  ['watch', '--output', []],
  ['wait', '--output', ['443', '--free']],
  ['history', '--store', []],
  ['fleet', '--store', []],
  ['fleet', '--expected', ['--store', good]],
  ['fleet', '--output', ['--store', good]],
  ['history', '--output', ['--store', good]],
  ['stop', '--output', ['443', '--dry-run']],
  ['stop', '--from', ['443', '--dry-run']],
  ['config', '--path', []],
  ['config', '--output', []],
  ['move', '--path', ['443', '--to', 'auto', '--dry-run']],
  ['move', '--output', ['443', '--to', 'auto', '--dry-run']],
  ...['create', 'upgrade', 'check', 'show-sql'].map((word): [string, string, string[]] => [`store ${word}`, '--output', ['postgres://ann@127.0.0.1:1/audits']]),
  ['report', 'FILES', ['--output', join(folder, 'report.csv')]],
  ['report', '--output', [rowsFile]],
  ...(['show', 'install'] as const).flatMap((word): [string, string, string[]][] =>
    ['--baseline', '--policy', '--store', '--spool', '--report', '--executable', '--output'].map((option) => [
      `schedule ${word}`,
      option,
      option === '--baseline' ? [] : ['--baseline', '/etc/portowner/baseline.yaml'],
    ]),
  ),
  ['schedule install', '--root', ['--baseline', '/etc/portowner/baseline.yaml']],
  ['schedule remove', '--root', []],
  ['schedule remove', '--output', []],
  ['schedule status', '--root', []],
  ['schedule status', '--output', []],
];

/** Options with a value that is no path. */
const otherOptions = new Set(
  '--format --columns --problems --protocol --state --pid --image --address --remote-port --user --service --range --sort --resolve --count --near --except --hold --reuse --error --severity --timeout --fail-on --keep --program --machine --last --name --at --random-delay --time-limit --account --system --grace --watch --stop --host --delimiter --title --connection --for --by --owned-by --interval --host-timeout --width --app --to --sha256 --since --max-machines --max-age'.split(
    ' ',
  ),
);

test('every option that takes a path is in the table', async () => {
  const definitions = (await newCli(await allCommands(catalogue))).definitions();
  const missing: string[] = [];
  for (const { path, options } of definitions) {
    const command = path.replace(/^portowner ?/, '');
    for (const { definition } of options) {
      if (!/ #\d+/.test(definition)) continue;
      const name = definition.replace(/ .*/, '').split(',')[0]!;
      if (!otherOptions.has(name) && !paths.some((one) => one[0] === command && one[1] === name)) missing.push(`${command} ${name}`);
    }
  }
  assert.equal(missing, []);
});

/** Paths that cannot be used, by what is wrong with them. */
const bad: [what: string, path: string][] = [
  ['a folder', join(folder, 'folder')],
  ['nothing there', join(folder, 'no', 'such', 'file.csv')],
  ['a file as a folder', join(baseline, 'x.csv')],
  ['a name of 300 characters', join(folder, `${'a'.repeat(300)}.csv`)],
  ['a path of 8000 characters', join(folder, `${'a/'.repeat(4000)}x.csv`)],
  ['130,000 characters', `${'x'.repeat(130_000)}.csv`],
  ['a NUL character', join(folder, 'a\0b.csv')],
  ['half a character', join(folder, 'no', 'a\ud800.csv')],
  ['nothing at all', ''],
];
mkdirSync(join(folder, 'folder'));
// On Windows an ordinary user may not make symbolic links.
if (process.platform !== 'win32') {
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync(join('no', 'such', 'file'), join(folder, 'dangling'));
  bad.push(['links in a circle', join(folder, 'loop')], ['below links in a circle', join(folder, 'loop', 'x.csv')], ['a dangling link', join(folder, 'dangling')]);
}
// What is named without a folder is made here.
const here = process.cwd();
test.before(async () => {
  process.chdir(temporaryFolder());
  await portowner(['--from', snapshot, '--output', rowsFile]);
});
test.after(() => process.chdir(here));

if (process.platform === 'linux') {
  // Reading its beginning is an error of input and output; writing to the other one always finds a full disk.
  bad.push(['what cannot be read or written', '/proc/self/mem'], ['a full disk', '/dev/full'], ['a file that is made by the kernel', '/proc/no-such.csv']);
}

function assertRefused({ code, err, out }: Outcome, what: string): void {
  assert.ok([1, 64, 69, 77].includes(code), `${what}: exit code ${code}: ${err.slice(0, 400)}${out.slice(0, 200)}`);
  assert.match(err + out, /PO\d{4}|NotInstalled/, what);
  assert.not.match(err, /PO9001|\n? +at .*:\d+:\d+|\berrno\b|ERR_|\bE[A-Z]{3,}\b: /, `${what}: ${err}`);
}

for (const [command, option, before, after = []] of paths) {
  const words = command === '' ? [] : command.split(' ');
  test(`portowner ${command} ${option}: no path ends it with a defect`, async () => {
    await portowner(['snapshot', '--output', good]);
    for (const [what, path] of bad) {
      // A schedule is of paths that may not be there yet.
      const isSchedule = command.startsWith('schedule') && option !== '--output';
      // It may be a folder, and is made where it is missing.
      const isFolder = option === '--spool';
      const args = [...words, ...before, ...(option.startsWith('-') ? [`${option}=${path}`] : [path]), ...after];
      const answer = await portowner(args);
      const name = `${args.join(' ').slice(0, 200)} (${what})`;
      // What has no rows writes nothing.
      if (isSchedule || isFolder || what === 'a full disk' || what === 'what cannot be read or written') {
        assert.ok([0, 1, 64, 69, 77].includes(answer.code), `${name}: ${answer.err.slice(0, 300)}`);
        assert.not.match(answer.err, /PO9001/, name);
      } else assertRefused(answer, name);
      if (isFolder) for (const made of ['no', 'a']) rmSync(join(folder, made), { recursive: true, force: true });
    }
    assert.not.ok(
      readdirSync(folder).some((name) => name.includes('.tmp')),
      'no temporary file is left',
    );
  });
}

test('what one may not read or write', async (context) => {
  if (process.geteuid?.() !== 0) return skip('needs root', context);
  for (const path of [dirname(folder), folder]) chmodSync(path, 0o755);
  mkdirSync(join(folder, 'state'), { recursive: true });
  for (const path of [snapshot, baseline, policy, good, rowsFile]) chmodSync(path, 0o644);
  chownSync(join(folder, 'state'), 65534, 65534);
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  for (const name of ['in.json', 'in.yaml', 'audits.db', 'out.csv']) writeFileSync(join(closed, name), 'x');
  const file = join(folder, 'secret.csv');
  writeFileSync(file, 'x');
  chmodSync(file, 0o600);
  chmodSync(closed, 0o700);
  for (const [command, option, before, after = []] of paths) {
    if (command.startsWith('schedule') && option !== '--output') continue;
    for (const path of [join(closed, 'in.json'), join(closed, 'no.csv'), closed, file]) {
      const args = [...(command === '' ? [] : command.split(' ')), ...before, ...(option.startsWith('-') ? [option, path] : [path]), ...after];
      process.seteuid!(65534);
      let answer: Outcome;
      try {
        answer = await portowner(args);
      } finally {
        process.seteuid!(0);
      }
      assertRefused(answer, args.join(' '));
    }
  }
  assert.is(readFileSync(file, 'utf8'), 'x');
});

test('standard input that cannot be read', (context) => {
  if (process.platform !== 'linux') return skip('needs Linux', context);
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  for (const args of [['@-'], ['why', '--error', '-'], ['--from', '-'], ['diff', '-']]) {
    for (const path of ['/']) {
      const { status, stderr } = spawnSync('/bin/sh', ['-c', 'exec "$0" "$@" < "$INPUT"', process.execPath, main, ...args], {
        encoding: 'utf8',
        env: { ...process.env, INPUT: path },
      });
      assert.is(status, 69, stderr);
      assert.match(stderr, /PO2001: cannot read standard input: it is a folder/);
    }
  }
});

const nasty = [
  '',
  ' ',
  '-',
  '--',
  '@-',
  '.',
  '/',
  '0',
  '-1',
  '65536',
  '99999999999999999999',
  '1-',
  '80-79',
  '*',
  '?',
  '[',
  ']',
  '[a',
  '\\',
  '%',
  '%00',
  '\0',
  '\n',
  '\ud800',
  '\ufffd',
  '\u202e',
  "'",
  '"',
  '$(x)',
  '{}',
  '[[[[',
  'null',
  '__proto__',
  'constructor',
  'toString',
  '1e309',
  '::',
  '::/0',
  '1.2.3.4/33',
  'fe80::1%',
  'x'.repeat(130_000),
  '*'.repeat(3000),
  '('.repeat(130_000),
  `${'1,'.repeat(20_000)}1`,
  snapshot,
  baseline,
  policy,
  recording,
  join(folder, 'loop'),
];

test('no argument ends a command with a defect', async () => {
  const definitions = (await newCli(await allCommands(catalogue))).definitions();
  const commands = definitions.map(({ path, options }) => ({
    words: path.split(' ').slice(1),
    // `wait --host` would connect to it.
    options: options.map(({ definition }) => definition.replace(/[ ,].*/, '')).filter((name) => !(path.endsWith(' wait') && name === '--host')),
  }));
  const line = fc.constantFrom(...commands).chain(({ words, options }) =>
    fc
      .array(
        fc.oneof(
          fc.constantFrom(...nasty),
          fc.constantFrom('443', 'https', ...options),
          fc.tuple(fc.constantFrom('--x', ...options), fc.constantFrom(...nasty)).map(([option, value]) => `${option}=${value}`),
          fc.string({ unit: 'binary', maxLength: 6 }),
        ),
        {
          maxLength: 5,
        },
      )
      .map((rest) => words.concat(rest)),
  );
  await fc.assert(
    fc.asyncProperty(line, fc.constantFrom('', '443\n', '\0', snapshot), async (args, input) => {
      const { code, err } = await portowner(args, input);
      assert.ok([0, 1, 64, 69, 77].includes(code), `${JSON.stringify(args).slice(0, 500)}: ${err.slice(0, 500)}`);
    }),
    { numRuns: 600 },
  );
});

test('arguments of 130,000 characters', async () => {
  const definitions = (await newCli(await allCommands(catalogue))).definitions();
  for (const { path, options } of definitions) {
    for (const { definition } of options) {
      for (const value of ['x', '1', '*', '(', ',']) {
        const args = [...path.split(' ').slice(1), `${definition.replace(/[ ,].*/, '')}=${value.repeat(130_000)}`];
        const { code, err } = await portowner(args);
        assert.ok([0, 1, 64, 69, 77].includes(code), `${args.join(' ').slice(0, 100)}: ${err.slice(0, 400)}`);
      }
    }
  }
});

test.run();
