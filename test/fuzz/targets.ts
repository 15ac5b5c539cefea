import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { root } from '../../src/build/runtime.mjs';
import { formats } from '../../src/formats/formats.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { facts, process as processFact, socket, udp } from '../support/example.ts';
import type { Case } from './case.ts';
import { spoiled, type Form } from './mutate.ts';
import { oddNumbers, textFrom, type Random } from './random.ts';

/** Makes one case of a kind. */
export type Target = (random: Random) => Omit<Case, 'target'>;

const fixtures = join(root, 'test/fixtures');
const corpus = join(root, 'test/fuzz/corpus');
const nothing = Buffer.alloc(0);

/** The files of a folder, but for kept cases. */
function filesIn(folder: string, pattern = /(?<!\.case\.json)$/): Buffer[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name) && !name.startsWith('.') && name !== 'README.md')
    .toSorted()
    .map((name) => readFileSync(join(folder, name)));
}

/** A command line with a form for its rows. */
function withFormat(random: Random, args: readonly string[]): string[] {
  if (args.includes('--error') && random.chance(0.1)) return [...args];
  const more: string[] = random.chance(0.85) ? ['--format', random.pick(formats)] : [];
  if (more[1] === 'csv' && random.chance(0.3)) more.push('--excel');
  if (more[1] === 'clixml' && random.chance(0.3)) more.push('--stream', '--problems', 'rows');
  return [...args, ...more];
}

const machineOf = (random: Random): Case['machine'] => random.pick(['linux', 'win32'] as const);

interface FileTarget {
  /** What the spoiled file is called in the run's folder. */
  readonly file: string;
  readonly form: Form;
  readonly corpus: readonly Buffer[];
  /** Command lines that read it. */
  readonly lines: readonly (readonly string[])[];
  /** Files beside it. */
  readonly beside?: Readonly<Record<string, Buffer>>;
}

/** A target that spoils one file. */
function fileTarget({ file, form, corpus: files, lines, beside = {} }: FileTarget): Target {
  return (random) => ({
    machine: machineOf(random),
    args: withFormat(random, random.pick(lines)),
    files: { ...beside, [file]: spoiled(random, form, files) },
    input: nothing,
  });
}

const snapshots = filesIn(join(corpus, 'snapshots'));
const policies = filesIn(join(corpus, 'policies'));
const baselines = filesIn(join(corpus, 'baselines'));
const snapshot = snapshots[0]!;

const questions: readonly (readonly string[])[] = [
  ['--from', 'a.json'],
  ['443', '--from', 'a.json'],
  ['--all', '--from', 'a.json', '--sort', 'Owner'],
  ['--all', '--from', 'a.json', '--image', '*a*', '--firewall'],
  ['--from', 'a.json', '--address', '127.0.0.1'],
  ['ranges', '--from', 'a.json'],
  ['why', '443', '--from', 'a.json'],
  ['why', '0', '--from', 'a.json', '--protocol', 'udp'],
  ['conflicts', '--from', 'a.json'],
  ['diff', 'a.json', 'b.json'],
  ['diff', 'b.json', 'a.json'],
  ['audit', '--from', 'a.json', '--baseline', 'baseline.yaml', '--policy', 'policy.yaml', '--store', 's.db'],
  ['baseline', 'create', 'new.yaml', '--from', 'a.json'],
  ['baseline', 'update', 'baseline.yaml', '--from', 'a.json'],
];
const audited = { 'b.json': snapshot, 'baseline.yaml': baselines[0]!, 'policy.yaml': policies[0]! };

const recordings = ['linux-6.18', 'windows-wine10'].map((name) => {
  const folder = join(fixtures, 'recorded', name);
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
});

const inFolder = (files: Readonly<Record<string, Buffer>>): Record<string, Buffer> => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`rec/${name}`, bytes]));

const netshNames = ['dynamicports', 'excludedports', 'persistentports'].flatMap((what) =>
  ['ipv4', 'ipv6'].flatMap((family) => ['tcp', 'udp'].map((protocol) => `${what}/${family}/${protocol}`)),
);
const netshTexts = filesIn(join(fixtures, 'synthetic/windows-netsh'), /\.txt$/);

/** A recording of Windows in which netsh says spoiled things. */
const netsh: Target = (random) => {
  const files = inFolder(recordings[1]!);
  const index = JSON.parse(files['rec/envelope.json']!.toString()) as { entries: Record<string, object> };
  const spoiledNames = new Set([random.pick(netshNames), random.pick(netshNames)]);
  for (const [number, name] of netshNames.entries()) {
    files[`rec/netsh${number}.bin`] = spoiledNames.has(name) ? spoiled(random, 'lines', netshTexts) : random.pick(netshTexts);
    index.entries[name] = { at: '2026-01-02T03:04:05Z', form: 'bytes', file: `netsh${number}.bin` };
  }
  files['rec/envelope.json'] = Buffer.from(JSON.stringify(index));
  const lines = [['ranges'], ['why', '8080'], ['443'], ['conflicts'], ['why', '0']];
  return { machine: 'linux', args: withFormat(random, [...random.pick(lines), '--from', 'rec']), files, input: nothing };
};

/** A recording of which one or two files are spoiled. */
const recording: Target = (random) => {
  const files: Record<string, Buffer> = { ...random.pick(recordings) };
  for (let count = random.few(); count > 0; count--) {
    const name = random.pick(Object.keys(files));
    files[name] = spoiled(random, name.endsWith('.json') ? 'json' : name.endsWith('.txt') ? 'lines' : 'bytes', [files[name]!]);
  }
  const lines = [['--all'], ['443', '--firewall'], ['ranges'], ['why', '80'], ['conflicts'], ['audit', '--policy', 'policy.yaml']];
  return {
    machine: 'linux',
    args: withFormat(random, [...random.pick(lines), '--from', 'rec']),
    files: { ...inFolder(files), 'policy.yaml': policies[0]! },
    input: nothing,
  };
};

/** A store of three audits, as bytes. */
async function wholeStore(folder: string): Promise<Buffer> {
  const store = join(folder, 's.db');
  for (const [minute, port] of [1, 2, 3].entries()) {
    const sockets = [socket({ localPort: 443 }), socket({ localPort: 8000 + port }), udp({ localPort: 53 })];
    const path = snapshotFile({ ...facts(sockets, { processes: [processFact()] }), at: `2026-01-02T03:0${minute}:00Z` }, folder);
    await run(['audit', '--from', path, '--store', store]);
  }
  return readFileSync(store);
}

const statements = [
  (random: Random) => `CREATE TRIGGER t${random.below(9)} AFTER INSERT ON run BEGIN DELETE FROM span; END`,
  () => 'CREATE VIEW v AS SELECT * FROM run',
  () =>
    'ALTER TABLE span RENAME TO old; CREATE VIEW span AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS machine, x AS protocol, x AS port, x AS address, x AS owner, x AS first, x AS last FROM c',
  (random: Random) => `PRAGMA user_version = ${random.pick([-1, 0, 1, 2, 3, 2 ** 31 - 1])}`,
  (random: Random) => `PRAGMA application_id = ${random.pick([0, 1, -1])}`,
  (random: Random) => `DROP TABLE ${random.pick(['run', 'span', 'machine', 'owner', 'finding', 'dynamic_port'])}`,
  (random: Random) => `UPDATE run SET at = ${random.pick([...oddNumbers].filter((number) => Number.isInteger(number) && Math.abs(number) < 2 ** 63))}`,
  (random: Random) => `UPDATE span SET port = ${random.pick([-1, 0, 65_536, 2 ** 40])}, first = ${random.pick([0, -1, 2 ** 60])}`,
  (random: Random) => `UPDATE owner SET services = '${random.pick(['[', '{}', '[1]', 'null', '[[["x"]]]', '[]'])}'`,
  (random: Random) => `UPDATE machine SET name = '${textFrom(random).replace(/['\0\ud800-\udfff]/g, '')}'`,
  () => "INSERT INTO owner VALUES (99, 'k', char(27) || '[2J', '[]', char(10), 'x', 'y')",
  () => 'UPDATE span SET owner = 1000',
  () => 'CREATE INDEX i ON run (tool); CREATE TABLE extra (a)',
  () => 'PRAGMA journal_mode = WAL',
] as const;

const storeLines = [
  ['history', '--store', 's.db'],
  ['history', '443', '--store', 's.db'],
  ['history', '--store', 's.db', '--last', '2'],
  ['history', '--store', 's.db', '--program', 'nginx'],
  ['fleet', '--store', 's.db'],
  ['fleet', '443', '--store', 's.db'],
  ['fleet', '--since', '36500d', '--store', 's.db'],
  ['fleet', '--rare', '--store', 's.db'],
  ['fleet', '--versions', '--store', 's.db'],
  ['audit', '--from', 'b.json', '--store', 's.db'],
  ['audit', '--from', 'b.json', '--store', 's.db', '--keep', '1', '--forget-later'],
];

/** Runs SQL on a store. */
function changed(random: Random, bytes: Buffer): Buffer {
  const database = new DatabaseSync(':memory:');
  try {
    database.deserialize(bytes);
    for (let count = random.few(); count > 0; count--) {
      try {
        database.exec(random.pick(statements)(random));
      } catch {
        // An earlier one left nothing to do it to.
      }
    }
    return Buffer.from(database.serialize());
  } finally {
    database.close();
  }
}

/** A store on which somebody ran SQL, or whose bytes are spoiled. */
function storeTarget(whole: Buffer): Target {
  return (random) => {
    let bytes = random.chance(0.6) ? changed(random, whole) : whole;
    if (random.chance(0.5)) bytes = spoiled(random, 'bytes', [bytes]);
    return { machine: machineOf(random), args: withFormat(random, random.pick(storeLines)), files: { 's.db': bytes, 'b.json': snapshot }, input: nothing };
  };
}

const words = filesIn(join(corpus, 'arguments'))
  .flatMap((bytes) => bytes.toString().split('\n'))
  .filter((line) => line !== '')
  .map((line) => line.split(' '));

/** A path in a spoiled command line stays in the run's folder: it is written to. */
const harmless = (word: string): string => (/(?:^|=|^-\w)[\\/~]|\.\.|^[A-Za-z]:/.test(word) ? word.replace(/[\\/~:]|\.\./g, '_') : word);

/** Command lines of which words are spoiled, on a machine that is recorded. */
const argumentTarget: Target = (random) => {
  const line = [...random.pick(words)];
  for (let count = random.chance(0.5) ? 1 : random.few(); count > 0; count--) {
    const at = random.below(line.length + 1);
    const other = random.pick(words);
    switch (random.below(6)) {
      case 0:
        line.splice(at, 1);
        break;
      case 1:
        line.splice(at, 0, random.pick(other));
        break;
      case 2:
        // Behind an option it is the value.
        line.splice(
          at,
          1,
          ...(random.chance(0.5)
            ? [`--${random.pick(['image', 'sort', 'columns', 'range', 'address', 'state', 'except', 'near', 'last'])}=${textFrom(random)}`]
            : [textFrom(random)]),
        );
        break;
      case 3:
        line.splice(at, 0, ...other.slice(random.below(other.length)));
        break;
      case 4:
        line[at] = `${line[at] ?? ''}${random.pick(['=', ',', '-', ':', '0', '=x', ''])}${random.chance(0.3) ? textFrom(random) : ''}`;
        break;
      default:
        line.splice(at, 0, ...Array.from({ length: random.pick([2, 50]) }, () => line[at] ?? '443'));
    }
  }
  return {
    machine: machineOf(random),
    args: line.map(harmless),
    files: { 'a.json': snapshot, ...audited },
    input: random.chance(0.5) ? nothing : snapshot,
  };
};

/** Error texts, from the command line and from standard input. */
const errorTexts = filesIn(join(corpus, 'errors')).flatMap((bytes) =>
  bytes
    .toString()
    .split('\n%\n')
    .map((text) => Buffer.from(text)),
);
const errorTarget: Target = (random) => {
  const bytes = spoiled(random, 'lines', errorTexts);
  const atOnce = random.chance(0.5);
  const text = atOnce ? bytes.toString().replaceAll('\0', '') : '-';
  return {
    machine: machineOf(random),
    args: withFormat(random, ['why', ...(random.chance(0.3) ? ['443'] : []), `--error=${text}`, ...(random.chance(0.5) ? ['--from', 'a.json'] : [])]),
    files: { 'a.json': snapshot },
    input: atOnce ? nothing : bytes,
  };
};

/** The targets by their names. The order matters to what a seed gives. */
export async function targets(): Promise<Readonly<Record<string, Target>>> {
  return {
    arguments: argumentTarget,
    snapshots: fileTarget({ file: 'a.json', form: 'json', corpus: snapshots, lines: questions, beside: audited }),
    policies: fileTarget({
      file: 'policy.yaml',
      form: 'yaml',
      corpus: policies,
      lines: [
        ['audit', '--from', 'a.json', '--policy', 'policy.yaml'],
        ['free', '--policy', 'policy.yaml', '--range', '20000-20100'],
      ],
      beside: { 'a.json': snapshot },
    }),
    baselines: fileTarget({
      file: 'baseline.yaml',
      form: 'yaml',
      corpus: baselines,
      lines: [
        ['audit', '--from', 'a.json', '--baseline', 'baseline.yaml'],
        ['baseline', 'show', 'baseline.yaml'],
        ['baseline', 'update', 'baseline.yaml', '--from', 'a.json'],
        ['free', '--baseline', 'baseline.yaml', '--range', '20000-20100'],
      ],
      beside: { 'a.json': snapshot },
    }),
    stores: storeTarget(await wholeStore(temporaryFolder())),
    netsh,
    recordings: recording,
    errors: errorTarget,
    clixml: fileTarget({
      file: 'a.clixml',
      form: 'xml',
      corpus: filesIn(join(fixtures, 'synthetic/clixml'), /\.clixml$/).filter(({ length }) => length < 50_000),
      lines: [
        ['--from', 'a.clixml', '--all'],
        ['443', '--from', 'a.clixml'],
        ['why', '80', '--from', 'a.clixml'],
        ['--from', 'a.clixml', '--from', 'b.clixml'],
      ],
      beside: { 'b.clixml': readFileSync(join(fixtures, 'synthetic/clixml/get-process-5.1.clixml')) },
    }),
    collections: fileTarget({
      file: 'a.txt',
      form: 'lines',
      corpus: filesIn(join(corpus, 'collections')),
      lines: [
        ['--from', 'a.txt', '--all'],
        ['443', '--from', 'a.txt', '--tree', '--firewall'],
        ['why', '80', '--from', 'a.txt'],
        ['conflicts', '--from', 'a.txt'],
        ['ranges', '--from', 'a.txt'],
        ['free', '8000-8100', '--explain', '--from', 'a.txt'],
        ['--from', 'a.txt', '--from', 'b.txt', '--from', 'a.txt'],
      ],
      beside: { 'b.txt': filesIn(join(corpus, 'collections'))[0]! },
    }),
    leases: fileTarget({
      file: 'state/leases.json',
      form: 'json',
      corpus: filesIn(join(corpus, 'leases')),
      lines: [
        ['free', '--range', '20000-20100'],
        ['free', '--hold', '60', '--count', '3', '--range', '20000-20100'],
        ['free', '--explain', '--range', '20000-20020'],
      ],
    }),
  };
}
