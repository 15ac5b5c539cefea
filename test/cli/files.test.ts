import { linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkFiles, named } from '../../src/cli/files.ts';
import type { PortOwnerError } from '../../src/schema/problems.ts';
import { facts, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('files of a command line');

const snapshot = { ...facts([socket({ localPort: 22 })]), at: '2026-01-02T02:00:00Z' };

/** A folder with a snapshot, a baseline, a policy and a store, and what is in them. */
async function place(): Promise<{ folder: string; at: (name: string) => string; contents: () => string }> {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('s.json'), JSON.stringify(snapshot));
  await run(['baseline', 'create', at('b.yaml'), '--from', at('s.json')]);
  writeFileSync(at('p.csv'), 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');
  assert.is((await run(['audit', '--store', at('a.csv'), '--from', at('s.json')])).code, 0);
  return {
    folder,
    at,
    contents: () =>
      readdirSync(folder)
        .sort()
        .map((name) => `${name} ${readFileSync(at(name)).toString('hex')}`)
        .join('\n'),
  };
}

type Line = (at: (name: string) => string) => string[];
const same: [what: string, line: Line][] = [
  ['store and report', (at) => ['audit', '--store', at('a.csv'), '--report', at('a.csv'), '--from', at('s.json')]],
  ['store and report that do not exist', (at) => ['audit', '--store', at('x.csv'), '--report', `${at('.')}/./x.csv`, '--from', at('s.json')]],
  ['store and output', (at) => ['audit', '--store', at('a.csv'), '-o', at('a.csv'), '--from', at('s.json')]],
  ['baseline and output', (at) => ['audit', '--baseline', at('b.yaml'), '-o', at('b.yaml'), '--from', at('s.json')]],
  ['baseline and store', (at) => ['audit', '--baseline', at('b.yaml'), '--store', at('b.yaml'), '--from', at('s.json')]],
  ['policy and report', (at) => ['audit', '--policy', at('p.csv'), '--report', at('p.csv'), '--from', at('s.json')]],
  ['snapshot and report', (at) => ['audit', '--baseline', at('b.yaml'), '--report', at('s.json'), '--from', at('s.json')]],
  ['two reports', (at) => ['audit', '--baseline', at('b.yaml'), '--report', at('r.csv'), '--report', at('r.csv'), '--from', at('s.json')]],
  ['history', (at) => ['history', '--store', at('a.csv'), '-o', at('a.csv')]],
  ['fleet', (at) => ['fleet', '--store', at('a.db'), '--expected', at('a.csv'), '-o', at('a.csv')]],
  ['diff', (at) => ['diff', at('s.json'), at('s.json'), '-o', at('s.json')]],
  ['baseline create', (at) => ['baseline', 'create', at('new.yaml'), '-o', at('new.yaml'), '--from', at('s.json')]],
  ['baseline create over its snapshot', (at) => ['baseline', 'create', at('s.json'), '--force', '--from', at('s.json')]],
  ['baseline update', (at) => ['baseline', 'update', at('b.yaml'), '-o', at('b.yaml'), '--from', at('s.json')]],
  ['baseline show', (at) => ['baseline', 'show', at('b.yaml'), '-o', at('b.yaml')]],
  ['the main question', (at) => ['--from', at('s.json'), '-o', at('s.json')]],
];
for (const [what, line] of same) {
  test(`no output over an input: ${what}`, async () => {
    const { at, contents } = await place();
    const before = contents();
    const { code, out, err } = await run(line(at));
    assert.equal([code, out], [64, '']);
    assert.match(err, /^portowner: PO1005: .* are the same file\n/);
    assert.is(contents(), before);
  });
}

const refuses = (work: () => void): boolean => {
  try {
    work();
    return false;
  } catch (error) {
    assert.is((error as PortOwnerError).code, 'PO1005');
    return true;
  }
};

test('links, other ways to a file, and names that only begin alike', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('f'));
  writeFileSync(at('f/one'), 'x');
  symlinkSync(at('f'), at('g'), 'junction');
  linkSync(at('f/one'), at('hard'));
  const alike = (one: string, other: string): boolean => refuses(() => checkFiles(named('--from', one), named('--output', other)));
  assert.ok(alike(at('f/one'), at('g/one')));
  assert.ok(alike(at('f/one'), at('hard')));
  assert.ok(alike(at('f/new/two'), at('g/new/two')));
  assert.ok(alike(at('f/one'), `${folder}/f/../f/one`));
  assert.not.ok(alike(at('f/one'), at('f/on')));
  assert.is(alike(at('f/new'), at('f/NEW')), process.platform === 'win32');
  assert.not.ok(alike('-', './-'), 'standard input is no file');
  assert.not.ok(
    refuses(() => checkFiles(named('A', [at('hard'), at('hard')]), [])),
    'two inputs may be one',
  );
  if (process.platform !== 'win32') assert.not.ok(alike('/dev/null', '/dev/null'));
});

const empty: [what: string, line: string[]][] = [
  ['--store', ['audit', '--store', '']],
  ['--baseline', ['audit', '--baseline', '']],
  ['--policy', ['audit', '--policy', '']],
  ['--report', ['audit', '--policy', 'x.yaml', '--report', '']],
  ['--from', ['audit', '--store', 'x.db', '--from', '']],
  ['--output', ['--output', '']],
  ['--store', ['history', '--store', '']],
  ['--store', ['fleet', '--store', '']],
  ['--expected', ['fleet', '--store', 'x.db', '--expected', '']],
  ['FILE', ['baseline', 'create', '']],
  ['FILE', ['baseline', 'update', '']],
  ['FILE', ['baseline', 'show', '']],
  ['A', ['diff', '']],
  ['B', ['diff', snapshotFile(snapshot), '']],
  ['--baseline', ['free', '--format', 'json', '--baseline', '']],
  ['--policy', ['free', '--policy', '']],
  ['--bundle', ['doctor', '--bundle', '']],
  ['--output', ['snapshot', '--output', '']],
  ['--raw', ['snapshot', '--raw', '']],
];
for (const [what, line] of empty) {
  test(`no name for a file: ${line.filter((word) => !word.startsWith('/')).join(' ')}`, async () => {
    const { code, out, err } = await run(line);
    assert.equal([code, out], [64, '']);
    assert.match(err, new RegExp(`^portowner: PO1001: missing value for ${what}; expected the path of a file(?:, or - for standard input)?\n$`));
  });
}

for (const [what, line] of [
  ['rows', (at) => ['--from', at('s.json'), '--columns', 'LocalPort', '--format', 'csv']],
  ['findings', (at) => ['audit', '--from', at('s.json'), '--baseline', at('b.yaml'), '--format', 'sarif']],
  ['a page', (at) => ['--from', at('s.json'), '--html']],
  ['facts', (at) => ['snapshot', '--from', at('s.json')]],
] satisfies [string, Line][]) {
  test(`- is standard output: ${what}`, async () => {
    const { at, contents } = await place();
    const before = contents();
    const there = process.cwd();
    process.chdir(at('.'));
    try {
      const plain = await run(line(at));
      const dash = await run([...line(at), '-o', '-']);
      assert.is.not(plain.out, '');
      // A page and a log name their command line.
      const same = (text: string): string => text.replaceAll(/ (?:-o|--output) -(?="| *<)/g, '');
      assert.equal([dash.code, same(dash.out), dash.err], [plain.code, plain.out, plain.err]);
    } finally {
      process.chdir(there);
    }
    assert.is(contents(), before);
  });
}

for (const [what, line, name] of [
  ['a baseline', (at) => ['baseline', 'create', '-', '--from', at('s.json')], 'FILE'],
  ['a report', (at) => ['audit', '--baseline', at('b.yaml'), '--from', at('s.json'), '--report', '-'], '--report'],
  ['a store', (at) => ['audit', '--store', '-', '--from', at('s.json')], '--store'],
  ['raw answers', (at) => ['snapshot', '--raw', '-', '-o', at('x.json')], '--raw'],
  ['a bundle', () => ['doctor', '--bundle', '-'], '--bundle'],
] satisfies [string, Line, string][]) {
  test(`- is no file: ${what}`, async () => {
    const { at, contents } = await place();
    const before = contents();
    const { code, out, err } = await run(line(at));
    assert.equal([code, out], [64, '']);
    assert.match(err, `PO1001: ${name} - is not the path of a file`);
    assert.is(contents(), before);
  });
}

test('a binary format needs a file', async () => {
  const { at } = await place();
  const { code, out, err } = await run(['--from', at('s.json'), '--format', 'xlsx', '-o', '-']);
  assert.equal([code, out], [64, '']);
  assert.match(err, /^portowner: PO1005: --format xlsx writes a binary file: it needs --output FILE\n {2}For example/);
});

test.run();
